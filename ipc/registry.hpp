// SPDX-License-Identifier: Apache-2.0
// Registry holds the handlers of the methods in ipc/api.hpp and calls them.
//
//   registry.on(methods::item_get, [&vault](GetParams p) -> boost::asio::awaitable<Result<GetResult>> { ... });
//
// A handler takes its params by value, and may take a Call& as second argument. It refuses with an Errc. A system_error
// that it throws becomes its class; any other exception becomes -32603 and a line in the log. If the caller goes away
// or cancels, the handler's current Asio operation is cancelled. Whatever a handler captures must outlive the Registry.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/answers_in_flight.hpp"
#include "base/assert.hpp"
#include "base/limits.hpp"
#include "base/run_on.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/method.hpp"
#include "ipc/schema.hpp"
#include "ipc/values.hpp"

// GCC 12 takes the two halves of Asio's own allocator of coroutine frames for a mismatch when it inlines one only.
#pragma GCC diagnostic push
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace vault::ipc {

// Holds one running call. `file` came with it and is open as its method needs. If the call fails, `details` go out with
// the error, for example the heads of an E_CONFLICT.
struct Call {
  // Reads and writes large messages, so that they do not hold up the loop.
  boost::asio::thread_pool& bulk;
  bool large_request = false, large_result = false;
  File file;
  // Identifies the process that asks, as it was when it connected; 0 if unknown.
  pid_t peer = 0;
  json::object details = json::object(json_storage());
};

// Counts the answers since the start.
struct CallCounts {
  std::map<std::string_view, std::uint64_t> calls;     // by method; without rpc.discover and unknown methods
  std::map<std::string_view, std::uint64_t> failures;  // by kind
};

class Registry {
 public:
  template <class P, class R, class Handler>
  void on(const Method<P, R>& method, Handler handler) {
    const auto [at, fresh] = handlers_.emplace(
        method.name, Entry{wrap<P, R>(std::move(handler)), method.use, method.takes, method.footprint});
    VAULT_ASSERT(fresh);
  }

  // Sets a function that is told when a call that uses the vault begins (true) and when it has ended (false), however
  // it did.
  void on_use(std::function<void(bool begins)> tell) { tell_use_ = std::move(tell); }

  // Runs one request; answers rpc.discover itself. Requires: `request` and `call` outlive the coroutine.
  boost::asio::awaitable<Outcome> run(const Request& request, Call& call) const;

  // Returns the methods of the API that have no handler.
  std::vector<std::string_view> without_handler() const;

  // Returns what a call of `method` has in memory, even if there is no such method.
  const Footprint& footprint(std::string_view method) const;

  Values& values() const { return *values_; }             // of all clients
  AnswersInFlight& answers() const { return *answers_; }  // of all clients
  boost::asio::thread_pool& bulk() const { return *bulk_; }
  const CallCounts& counts() const { return counts_; }

 private:
  using Run = std::function<boost::asio::awaitable<Outcome>(const json::value& params, Call& call)>;
  struct Entry {
    Run run;
    Use use;
    Takes takes;
    Footprint footprint;
  };

  template <class P, class R, class Handler>
  static Run wrap(Handler handler) {
    return [handler = std::move(handler)](const json::value& in, Call& call) -> boost::asio::awaitable<Outcome> {
      P params;
      auto decode = [&in, &params] { return decode_params(in, params); };
      std::string bad;
      if (call.large_request) bad = co_await run_on(call.bulk, decode);
      else bad = decode();
      if (!bad.empty()) co_return malformed(rpc_code::invalid_params, std::move(bad));
      Result<R> result = Errc::internal;
      if constexpr (std::is_invocable_v<const Handler&, P, Call&>) result = co_await handler(std::move(params), call);
      else result = co_await handler(std::move(params));
      if (!result) co_return failure_of(result.error());
      auto encode = [&result] { return Codec<R>::encode(*result); };
      call.large_result = weight(*result) > limits::bulk_bytes;
      if (!call.large_result) co_return encode();
      auto large = co_await run_on(call.bulk, encode);
      co_return large;
    };
  }

  // Returns what is wrong with the params; empty if nothing is.
  template <class P>
  static std::string decode_params(const json::value& in, P& params) {
    Reading reading{"params"};
    const bool by_position = in.is_array() || in.is_null();
    if (Codec<P>::decode(by_position ? named_params<P>(in) : in, params, reading)) return {};
    return reading.why();
  }

  // Names params by position after the described members, in order. Null means no params.
  template <class P>
  static json::value named_params(const json::value& in) {
    json::object out(json_storage());
    std::size_t used = 0;
    const auto* array = in.if_array();
    boost::mp11::mp_for_each<typename Codec<P>::Members>([&out, &used, array](auto member) {
      if (array != nullptr && used < array->size()) out.emplace(member_name(member), (*array)[used++]);
    });
    if (array != nullptr && used < array->size())
      out.emplace("[" + std::to_string(used) + "]", nullptr);  // one too many
    return out;
  }

  std::map<std::string, Entry, std::less<>> handlers_;
  std::function<void(bool begins)> tell_use_ = [](bool) {};
  mutable CallCounts counts_;
  std::unique_ptr<Values> values_ = std::make_unique<Values>();
  std::unique_ptr<AnswersInFlight> answers_ = std::make_unique<AnswersInFlight>(AnswersInFlight::Limits{
      .bytes = limits::clients_bytes, .party_bytes = limits::client_bytes, .party_waits = limits::calls});
  std::unique_ptr<boost::asio::thread_pool> bulk_ = std::make_unique<boost::asio::thread_pool>(1);
};

}  // namespace vault::ipc

#pragma GCC diagnostic pop

// The handlers of the methods in ipc/api.hpp, and the one way to call them.
//
//   registry.on(methods::item_get, [&vault](GetParams p) -> boost::asio::awaitable<Result<GetResult>> { ... });
//
// A handler takes its params by value and may take a Call& second. It says no with an Errc; a system_error it
// throws becomes its class, any other exception -32603 and a line in the log. When the caller is gone or
// cancels, the handler's current Asio operation is cancelled. What a handler captures outlives the Registry.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "ipc/api.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/schema.hpp"

// GCC 12 takes the two halves of Asio's own allocator of coroutine frames for a mismatch when it inlines one only.
#pragma GCC diagnostic push
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace vault::ipc {

// One call in progress. If it fails, `details` go out with the error: the heads of an E_CONFLICT, say.
struct Call {
  json::object details = json::object(json_storage());
};

class Registry {
 public:
  template <class P, class R, class Handler>
  void on(const Method<P, R>& method, Handler handler) {
    const auto [at, fresh] = handlers_.emplace(method.name, Entry{wrap<P, R>(std::move(handler)), method.use});
    VAULT_ASSERT(fresh);
  }

  // tell(true) when a call that uses the vault begins, tell(false) when it has ended, however it did.
  void on_use(std::function<void(bool begins)> tell) { tell_use_ = std::move(tell); }

  // Runs one request. rpc.discover is answered here. `request` and `call` outlive the coroutine.
  boost::asio::awaitable<Outcome> run(const Request& request, Call& call) const;

  std::vector<std::string_view> without_handler() const;  // methods of the API that nobody has taken on

 private:
  using Run = std::function<boost::asio::awaitable<Outcome>(const json::value& params, Call& call)>;
  struct Entry {
    Run run;
    Use use;
  };

  template <class P, class R, class Handler>
  static Run wrap(Handler handler) {
    return [handler = std::move(handler)](const json::value& in, Call& call) -> boost::asio::awaitable<Outcome> {
      P params;
      if (auto bad = decode_params(in, params); !bad.empty())
        co_return malformed(rpc_code::invalid_params, std::move(bad));
      Result<R> result = Errc::internal;
      if constexpr (std::is_invocable_v<const Handler&, P, Call&>) result = co_await handler(std::move(params), call);
      else result = co_await handler(std::move(params));
      if (!result) co_return failure_of(result.error());
      co_return Codec<R>::encode(*result);
    };
  }

  // Empty, or what is wrong with them.
  template <class P>
  static std::string decode_params(const json::value& in, P& params) {
    Reading reading{"params"};
    const bool by_position = in.is_array() || in.is_null();
    if (Codec<P>::decode(by_position ? named_params<P>(in) : in, params, reading)) return {};
    return reading.why();
  }

  // Params by position are those of the described members, in order; none at all are no params.
  template <class P>
  static json::value named_params(const json::value& in) {
    json::object out(json_storage());
    std::size_t used = 0;
    const auto* array = in.if_array();
    boost::mp11::mp_for_each<typename Codec<P>::Members>([&out, &used, array](auto member) {
      if (array != nullptr && used < array->size()) out.emplace(member.name, (*array)[used++]);
    });
    if (array != nullptr && used < array->size())
      out.emplace("[" + std::to_string(used) + "]", nullptr);  // one too many
    return out;
  }

  std::map<std::string, Entry, std::less<>> handlers_;
  std::function<void(bool begins)> tell_use_ = [](bool) {};
};

}  // namespace vault::ipc

#pragma GCC diagnostic pop

// SPDX-License-Identifier: Apache-2.0
// Calls the local API from programs that do one thing at a time: connect, call, wait.
//
//   auto client = Client::connect(path);
//   auto got = client->call(methods::item_get, GetParams{.name = "note"});
//   if (!got.result) complain(got.failure.message);
//
// Sends nothing until both the socket's owner and the process that listens on it prove to be this user. So a password
// goes to this user's daemon or nowhere.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/framing.hpp"
#include "ipc/jsonrpc.hpp"
#include "ipc/method.hpp"
#include "ipc/schema.hpp"
#include "ipc/socket_path.hpp"

namespace vault::ipc {

template <class R>
struct Reply {
  std::optional<R> result;
  Failure failure;  // set if there is no result

  static Reply of(Outcome outcome) {
    Reply out;
    Reading reading{"result"};
    if (auto* failure = std::get_if<Failure>(&outcome)) {
      out.failure = std::move(*failure);
    } else if (!Codec<R>::decode(std::get<json::value>(outcome), out.result.emplace(), reading)) {
      out.result.reset();
      out.failure.message = "the daemon's answer makes no sense: " + reading.why();
    }
    return out;
  }
};

// Returns a connected socket, which the caller closes. Errors: no_daemon if nobody listens there; peer_foreign;
// socket_path_taken; busy.
Result<int> connect_to_own_daemon(const SocketPath& where, std::chrono::milliseconds timeout);

class Client {
 public:
  static Result<Client> connect(const SocketPath& where, std::chrono::milliseconds timeout = std::chrono::seconds{5});

  Client(Client&& from) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  // Calls a method. Without `timeout`, waits as long as the daemon works on it. Fails with Errc::busy if the answer is
  // late, with Errc::no_daemon if the daemon goes away; either ends the connection.
  template <class P, class R>
  Reply<R> call(const Method<P, R>& method, const P& params, std::optional<std::chrono::milliseconds> timeout = {}) {
    return Reply<R>::of(call_json(method.name, Codec<P>::encode(params), timeout));
  }

  // Calls a method that takes a file, and sends `file` with the request. The caller still owns `file`.
  template <class P, class R>
  Reply<R> call_with(int file, const Method<P, R>& method, const P& params) {
    return Reply<R>::of(call_json(method.name, Codec<P>::encode(params), {}, file));
  }

  Outcome call_json(std::string_view method, json::value params, std::optional<std::chrono::milliseconds> timeout = {},
                    int file = -1);

  // Sets a function that is called about ten times a second while a call waits.
  void while_waiting(std::function<void()> tick) { tick_ = std::move(tick); }

 private:
  using Clock = std::chrono::steady_clock;
  explicit Client(int socket);
  bool send(std::string_view text, Clock::time_point end, int file);
  Outcome receive(std::int64_t id, Clock::time_point end);
  std::optional<Failure> wait(short events, Clock::time_point end);

  int socket_;
  std::int64_t last_id_ = 0;
  FrameReader in_;
  std::function<void()> tick_;
};

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// WebSocket is the daemon's end of a connection on which the server sends notices and is told nothing.
//
// The server may be hostile. What it sends is bounded in size and in bytes per second, and anything but a short binary
// message ends the connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <variant>

#include "base/errc.hpp"
#include "http/message.hpp"
#include "wire/origin.hpp"

namespace vault::wire {
class HttpStream;
}

namespace vault::daemon {

class WebSocket {
 public:
  // Asks for the upgrade on an open connection. Returns the server's answer if it does not upgrade. Errors: of class
  // offline; server_answer_bad.
  using Opened = Result<std::variant<wire::HttpResponse, WebSocket>>;
  static boost::asio::awaitable<Opened> open(std::shared_ptr<wire::HttpStream> stream, const wire::Origin& origin,
                                             wire::HttpRequest request, std::chrono::milliseconds deadline);
  WebSocket(WebSocket&&) noexcept = default;
  WebSocket& operator=(WebSocket&&) noexcept = default;

  // Waits for the next message, of at most limits::notice_bytes. One caller at a time, who must call again and again:
  // only meanwhile are pings answered and silence noticed. An error means that the connection has ended. Errors: of
  // class offline if it broke or was silent for limits::watch_silence_client, else server_answer_bad.
  boost::asio::awaitable<Result<Bytes>> next();

  // Tests whether the server still hears us: it must answer within limits::probe_deadline. Call it after a network
  // change.
  void probe();
  void close();

  struct State;

 private:
  explicit WebSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace vault::daemon

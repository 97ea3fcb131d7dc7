// SPDX-License-Identifier: Apache-2.0
// The daemon's end of a WebSocket on which the server says something and is told nothing.
//
// The server is hostile here as everywhere: whatever it sends is bounded in size and in bytes a second, and anything
// but a short binary message ends the connection.
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
  // Asks for the upgrade on a connection that is open; the answer to the request where it is not one. Errors: of class
  // offline, or server_answer_bad.
  using Opened = Result<std::variant<wire::HttpResponse, WebSocket>>;
  static boost::asio::awaitable<Opened> open(std::shared_ptr<wire::HttpStream> stream, const wire::Origin& origin,
                                             wire::HttpRequest request, std::chrono::milliseconds deadline);
  WebSocket(WebSocket&&) noexcept = default;
  WebSocket& operator=(WebSocket&&) noexcept = default;

  // Waits for the next message, of at most limits::notice_bytes. One caller at a time, who goes on calling: pings are
  // answered, and silence is noticed, only meanwhile. An error is the end of the connection: of class offline if it
  // has gone or was silent for limits::watch_silence_client, else server_answer_bad.
  boost::asio::awaitable<Result<Bytes>> next();

  // There is a reason to doubt that the server still hears us: it has to answer within limits::probe_deadline.
  void probe();
  void close();

  struct State;

 private:
  explicit WebSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace vault::daemon

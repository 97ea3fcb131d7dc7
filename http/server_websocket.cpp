// SPDX-License-Identifier: Apache-2.0
#include "http/server_websocket.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "http/websocket_stream.hpp"

namespace vault::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::awaitable;
using wire::as_result;
using wire::WebSocketStream;

namespace {

http::request<http::empty_body> as_beast(const wire::HttpRequest& request) {
  http::request<http::empty_body> out{http::verb::get, request.target, 11};
  for (const auto& header : request.headers) out.insert(header.name, header.value);
  return out;
}

// A client has nothing to say; what keeps the connection alive is answered inside of Beast.
awaitable<void> listen_to(WebSocketStream& socket, Notices& notices) {
  boost::beast::flat_buffer buffer;
  co_await socket.async_read(buffer, as_result);
  notices.end();
}

awaitable<void> tell(WebSocketStream& socket, Notices& notices, std::chrono::milliseconds pause, std::uint64_t& sent) {
  asio::steady_timer timer{socket.get_executor()};
  boost::system::error_code error;
  while (!error) {
    const auto notice = co_await notices.next();
    if (!notice) break;
    std::tie(error, std::ignore) = co_await socket.async_write(asio::buffer(*notice), as_result);
    if (!error) ++sent;
    timer.expires_after(pause);
    co_await timer.async_wait(as_result);
  }
  notices.end();
  const websocket::close_reason going{websocket::close_code::going_away};
  co_await socket.async_close(going, as_result);
  socket.next_layer().tcp().close();  // ends the reading, if it has not ended by itself
}

}  // namespace

awaitable<void> pass_on(wire::HttpStream& stream, const wire::HttpRequest& request, WatchTimes times,
                        std::shared_ptr<Notices> notices, std::uint64_t& sent) {
  using namespace asio::experimental::awaitable_operators;
  WebSocketStream socket{stream};
  wire::bound(socket, times.silence, times.handshake);
  socket.binary(true);
  const auto upgrade = as_beast(request);
  auto [error] = co_await socket.async_accept(upgrade, as_result);
  if (!error) co_await (listen_to(socket, *notices) && tell(socket, *notices, times.pause, sent));
  notices->end();
}

}  // namespace vault::server

// SPDX-License-Identifier: Apache-2.0
// What the two ends of the WebSocket share: Beast's, over our stream, with every bound set. PROTOCOL.md §5, /v1/watch.
//
// The peer may send control frames and, to a client, notices; limits::watch_bytes_a_second bounds what any of it can
// cost, whatever it means. Included by http/server_websocket.cpp and http/client_websocket.cpp, as http/stream.hpp
// says.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "http/stream.hpp"

namespace vault::wire {

// What Beast looks for to end a connection. There is nothing that a peer could still be told.
inline void beast_close_socket(HttpStream& stream) { stream.tcp().close(); }

template <class Handler>
void async_teardown(boost::beast::role_type, HttpStream& stream, Handler&& handler) {
  stream.tcp().close();
  boost::asio::post(stream.get_executor(),
                    boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::beast::error_code{}));
}

using WebSocketStream = boost::beast::websocket::stream<HttpStream&>;

// `silence` is how long the peer may say nothing before it counts as gone; it is pinged after half of it. `deadline`
// is that of the handshake, and of a farewell.
inline void bound(WebSocketStream& socket, std::chrono::seconds silence, std::chrono::milliseconds deadline) {
  socket.next_layer().tcp().expires_never();  // Beast's WebSocket has a clock of its own
  boost::beast::websocket::stream_base::timeout times{deadline, silence, true};
  socket.set_option(times);
  socket.read_message_max(limits::notice_bytes);
  socket.next_layer().tcp().rate_policy().limit(limits::watch_bytes_a_second);
}

}  // namespace vault::wire

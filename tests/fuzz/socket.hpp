// SPDX-License-Identifier: Apache-2.0
// One TCP connection of a fuzzer's own making, closed so that the kernel forgets it at once: thousands a second.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/bytes.hpp"

namespace vault::fuzz {

namespace asio = boost::asio;
using asio::ip::tcp;
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
inline const tcp::endpoint loopback{asio::ip::address_v4::loopback(), 0};

inline asio::awaitable<std::string> read_all(tcp::socket& socket) {
  std::string text;
  for (;;) {
    std::array<char, 4096> piece{};
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(piece), as_result);
    text.append(piece.data(), size);
    if (error) co_return text;
  }
}

// Says all of it, ends its half of the conversation, and listens until the other one does.
inline asio::awaitable<std::string> say(tcp::socket& socket, BytesView bytes) {
  boost::system::error_code ignored;
  (void)co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), as_result);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  auto text = co_await read_all(socket);
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
  co_return text;
}

}  // namespace vault::fuzz

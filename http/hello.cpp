// SPDX-License-Identifier: Apache-2.0
#include "http/hello.hpp"

#include <sys/socket.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using wire::as_result;
using State = HttpServer::State;

namespace {

using ReadAtLeast = asio::socket_base::receive_low_watermark;

// Waits until so many bytes can be read at once, without reading them.
awaitable<bool> has_come(Connection& c, std::size_t bytes, asio::steady_timer& deadline) {
  using namespace asio::experimental::awaitable_operators;
  auto& socket = c.tcp().socket();
  error_code ignored;
  socket.set_option(ReadAtLeast{static_cast<int>(bytes)}, ignored);
  const auto first = co_await (socket.async_wait(tcp::socket::wait_read, as_result) || deadline.async_wait(as_result));
  if (first.index() != 0 || std::get<0>(std::get<0>(first))) co_return false;
  co_return socket.available(ignored) >= bytes;
}

// Waits for a client's whole hello, as its record says how long it is. Until then a connection costs no TLS.
awaitable<bool> whole_hello(Connection& c) {
  constexpr std::size_t header = 6;  // of the record, and the first byte of what is in it
  asio::steady_timer deadline{c.state.executor, c.state.options.header_time};
  bool good = co_await has_come(c, header, deadline);
  std::array<std::uint8_t, header> first{};
  if (good) good = recv(c.tcp().socket().native_handle(), first.data(), header, MSG_PEEK) == header;
  const std::size_t length = std::size_t{first[3]} << 8 | first[4];
  if (good) good = first[0] == 22 && first[1] == 3 && first[5] == 1 && length <= 16 * 1024;
  if (good) good = co_await has_come(c, 5 + length, deadline);
  error_code ignored;
  if (good) c.tcp().socket().set_option(ReadAtLeast{1}, ignored);
  co_return good;
}

// Closes strangers that have TLS, longest wait first, until there is room for one more.
bool make_room_for_stranger(State& state) {
  if (state.strangers < state.options.tls_strangers) return true;
  for (const auto* list : {&state.waiting, &state.receiving})
    for (auto* c : *list) {
      if (!c->stranger) continue;
      c->is_no_stranger();
      c->close();
      return true;
    }
  return false;
}

}  // namespace

awaitable<bool> shake_hands(Connection& c) {
  if (!c.state.tls) co_return true;
  const bool begun = co_await whole_hello(c);
  if (!begun || !make_room_for_stranger(c.state)) co_return false;
  c.is_stranger();
  c.tcp().expires_after(c.state.options.header_time);
  c.stream.start_tls(*c.state.tls);
  const auto error = co_await c.stream.handshake(asio::ssl::stream_base::server);
  co_return !error;
}

}  // namespace vault::server

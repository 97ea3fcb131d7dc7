// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1, over TLS 1.3 or in the clear on loopback: sockets on one side, a handler of plain values on the
// other. Whatever a client does, it costs others nothing but one of a bounded number of connections: every
// wait for it has a deadline, every size a limit that is checked before memory is taken.
//
// A handler is a coroutine on the server's executor. What it throws is answered with 500 and logged without
// details. It is asked to give up in two tones, both as cancellation of whatever it awaits:
//  - cancellation_type::total, when the client has hung up or the server is stopping. Handlers never notice
//    unless they ask to, which is what a long poll does, in its first line:
//        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
//  - cancellation_type::terminal, when `handler_time` or the grace of a stop is over.
//
// A request that asks for a WebSocket goes to the watch handler, if there is one. The connection then belongs to the
// notices that it gave: it ends when they end, and they when it does, or when its place is needed for a request.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/errc.hpp"
#include "base/limits.hpp"
#include "http/message.hpp"
#include "http/notices.hpp"
#include "http/server_websocket.hpp"
#include "http/tls_files.hpp"

namespace vault::server {

using HttpHandler = std::function<boost::asio::awaitable<wire::HttpResponse>(wire::HttpRequest)>;

// What a request for a WebSocket comes to: what will be told there, or an answer like any other.
using Watched = std::variant<wire::HttpResponse, std::shared_ptr<Notices>>;
using WatchHandler = std::function<boost::asio::awaitable<Watched>(wire::HttpRequest)>;

struct HttpServerOptions {
  std::string listen = "127.0.0.1:0";  // HOST:PORT; port 0 picks one
  std::optional<TlsFiles> tls;         // required unless HOST is a loopback address
  std::size_t header_bytes = limits::http_header_bytes;
  std::size_t body_bytes = limits::body_bytes;
  std::function<std::size_t(std::string_view target)> body_limit;  // of paths that take less, asked before it is read
  std::function<bool(std::string_view authorization)> is_known;  // names a session that has proven itself: asked early
  std::size_t bodies_bytes = limits::bodies_bytes;               // of all bodies in memory: see Uploads
  std::size_t connections = limits::server_connections;          // fewer if the limit of open files is lower
  std::size_t tls_strangers = limits::tls_strangers;             // connections with TLS that have named no session yet
  std::chrono::milliseconds header_time = limits::header_deadline;  // for a handshake; for headers once begun
  std::chrono::milliseconds body_time = limits::request_deadline;   // for all of it, and for all of an answer
  std::chrono::milliseconds handler_time = limits::long_poll + limits::header_deadline;
  std::chrono::milliseconds idle_time = limits::idle_connection;
  std::chrono::milliseconds stop_time = limits::stop_grace;
  WatchTimes watch{limits::watch_silence_server, limits::header_deadline, limits::notice_pause};
};

struct HttpServerCounts {
  std::uint64_t connections = 0;  // accepted since the start
  std::uint64_t requests = 0;     // handed to the handler
  std::uint64_t refusals = 0;     // answered without it: malformed, too large, no room
  std::uint64_t open = 0;         // connections at this moment
  std::uint64_t bodies = 0;       // bytes of the bodies in memory at this moment
  std::uint64_t notices = 0;      // sent
  std::uint64_t watches = 0;      // WebSockets open at this moment
};

class HttpServer {
 public:
  // Listens and serves from now on. `executor` is one thread's. Fails with Errc::plain_http, those of use_files,
  // Errc::server_url_bad (the listen address), or the system's error for the address.
  static Result<HttpServer> start(boost::asio::any_io_executor executor, HttpServerOptions options, HttpHandler handler,
                                  WatchHandler watch = {});
  HttpServer(HttpServer&&) noexcept = default;
  HttpServer& operator=(HttpServer&&) = delete;
  ~HttpServer();  // closes everything; who wants manners calls stop() first

  boost::asio::ip::tcp::endpoint local_endpoint() const;
  HttpServerCounts counts() const;

  // Accepts nothing more, closes idle connections and ends long polls and WebSockets at once, lets running requests
  // finish for `stop_time`, then closes what is left. The port can be bound again when this returns.
  boost::asio::awaitable<void> stop();

  struct State;  // what the connections share; it lives until the last of them has ended

 private:
  explicit HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace vault::server

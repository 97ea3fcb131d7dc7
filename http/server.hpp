// SPDX-License-Identifier: Apache-2.0
// Serves HTTP/1.1, over TLS 1.3, or without TLS on loopback: reads sockets and calls a handler of plain values.
// Whatever a client does, it costs the others only one of a bounded number of connections. Every wait for a client has
// a deadline, and every size has a limit that is checked before memory is taken.
//
// A handler is a coroutine on the server's executor. An exception from it is answered with 500 and logged without
// details. The server cancels what a handler awaits, in one of two ways:
//  - cancellation_type::total, if the client has hung up or the server is stopping. Handlers do not notice unless
//    they ask to, as a long poll does in its first line:
//        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
//  - cancellation_type::terminal, if `handler_time` or the grace period of a stop is over.
//
// A request for a WebSocket goes to the watch handler, if there is one. The connection then carries the notices that
// the handler returned. It ends when they end, and they end when it does or when a request needs its place.
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

// Holds what a watch handler returns: the notices to send on a WebSocket, or an ordinary answer.
using Watched = std::variant<wire::HttpResponse, std::shared_ptr<Notices>>;
using WatchHandler = std::function<boost::asio::awaitable<Watched>(wire::HttpRequest)>;

struct HttpServerOptions {
  std::string listen = "127.0.0.1:0";  // HOST:PORT; port 0 picks one
  std::optional<TlsFiles> tls;         // required unless HOST is a loopback address
  std::size_t header_bytes = limits::http_header_bytes;
  std::size_t body_bytes = limits::body_bytes;
  // Returns a lower body limit for some paths. Called before the body is read.
  std::function<std::size_t(std::string_view target)> body_limit;
  // True if the request names a session that has proven itself. Called before the body is read.
  std::function<bool(std::string_view authorization)> is_known;
  std::size_t bodies_bytes = limits::bodies_bytes;                  // of all bodies in memory: see Uploads
  std::size_t connections = limits::server_connections;             // fewer if the limit of open files is lower
  std::size_t tls_strangers = limits::tls_strangers;                // TLS connections that have not named a session yet
  std::chrono::milliseconds header_time = limits::header_deadline;  // for a handshake; for headers, once begun
  std::chrono::milliseconds body_time = limits::request_deadline;   // for a whole body; for a whole answer
  std::chrono::milliseconds handler_time = limits::long_poll + limits::header_deadline;
  std::chrono::milliseconds idle_time = limits::idle_connection;
  std::chrono::milliseconds stop_time = limits::stop_grace;
  WatchTimes watch{limits::watch_silence_server, limits::header_deadline, limits::notice_pause};
};

struct HttpServerCounts {
  std::uint64_t connections = 0;  // accepted since the start
  std::uint64_t requests = 0;     // given to the handler
  std::uint64_t refusals = 0;     // answered without the handler: malformed, too large, no room
  std::uint64_t open = 0;         // connections at this moment
  std::uint64_t bodies = 0;       // bytes of the bodies in memory at this moment
  std::uint64_t notices = 0;      // sent
  std::uint64_t watches = 0;      // WebSockets open at this moment
};

class HttpServer {
 public:
  // Starts to listen and serve. Requires: `executor` runs on one thread. Errors: plain_http; those of use_files;
  // server_url_bad for the address to listen on; the system's error for that address.
  static Result<HttpServer> start(boost::asio::any_io_executor executor, HttpServerOptions options, HttpHandler handler,
                                  WatchHandler watch = {});
  HttpServer(HttpServer&&) noexcept = default;
  HttpServer& operator=(HttpServer&&) = delete;
  ~HttpServer();  // closes every connection at once; call stop() first to end them in order

  boost::asio::ip::tcp::endpoint local_endpoint() const;
  HttpServerCounts counts() const;

  // Accepts nothing more, ends idle connections, long polls and WebSockets at once, gives running requests `stop_time`
  // to finish, and closes what is left. When this returns, the port can be bound again.
  boost::asio::awaitable<void> stop();

  struct State;  // shared by the connections; lives until the last of them has ended

 private:
  explicit HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace vault::server

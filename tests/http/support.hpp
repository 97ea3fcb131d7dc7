// SPDX-License-Identifier: Apache-2.0
// Sockets without manners: a raw client, a scripted server, and a loop that runs until something is true.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/server.hpp"
#include "tests/support/catch.hpp"

namespace vault::tests {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using daemon::HttpClient;
using namespace std::chrono_literals;
using server::HttpServer;
using server::HttpServerOptions;
using wire::HttpRequest;
using wire::HttpResponse;
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
inline constexpr auto patience = 20s;  // of a test with what should happen; nothing waits for it to pass

struct Loop {
  asio::io_context io{1};

  // Runs until `done()`; fails the test if it never is.
  void until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + patience;
    io.restart();
    while (!done() && std::chrono::steady_clock::now() < end) io.run_one_until(end);
    REQUIRE(done());
  }

  template <class T>
  T run(awaitable<T> task) {
    std::optional<T> out;
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&out, &failure](std::exception_ptr e, T value) {
      failure = e;
      out = std::move(value);
    });
    until([&] { return out.has_value(); });
    if (failure) std::rethrow_exception(failure);
    return std::move(*out);
  }

  void run(awaitable<void> task) {
    run([](awaitable<void> inner) -> awaitable<bool> {
      co_await std::move(inner);
      co_return true;
    }(std::move(task)));
  }

  // Lets a coroutine run beside others; what it throws fails the test.
  void start(awaitable<void> task) {
    asio::co_spawn(io, std::move(task), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
  }
};

// One side of a TCP connection, speaking in strings.
struct Raw {
  tcp::socket socket;
  std::string received = {};

  awaitable<bool> send(std::string text) {
    auto [error, size] = co_await asio::async_write(socket, asio::buffer(text), as_result);
    co_return !error;
  }
  // What has come up to and with `mark`; all of it if the peer closes before.
  awaitable<std::string> until(std::string mark) {
    auto [error, size] = co_await asio::async_read_until(socket, asio::dynamic_buffer(received), mark, as_result);
    auto out = received.substr(0, error ? received.size() : size);
    received.erase(0, out.size());
    co_return out;
  }
  // Everything up to the end of the connection, which has to come.
  awaitable<std::string> rest() { return until(std::string(1, '\0')); }
  // A head with everything to its blank line.
  awaitable<std::string> head() { return until("\r\n\r\n"); }
  // A byte at a time until the peer has had enough; true if it has.
  awaitable<bool> drip(std::string forever) {
    asio::steady_timer pause{socket.get_executor()};
    for (std::size_t i = 0;; ++i) {
      const bool sent = co_await send(forever.substr(i % forever.size(), 1));
      if (!sent) co_return true;
      pause.expires_after(5ms);
      co_await pause.async_wait(as_result);
    }
  }
};

inline awaitable<Raw> dial(tcp::endpoint to) {
  tcp::socket socket{co_await asio::this_coro::executor};
  co_await socket.async_connect(to, asio::use_awaitable);
  co_return Raw{std::move(socket)};
}

inline Raw dial_from(Loop& loop, tcp::endpoint to) {
  tcp::socket socket{loop.io};
  socket.connect(to);  // the kernel accepts before the server does
  return Raw{std::move(socket)};
}

// Sends `text` on a connection of its own and returns all that comes back before the server closes it.
inline awaitable<std::string> talk(tcp::endpoint to, std::string text) {
  auto raw = co_await dial(to);
  co_await raw.send(std::move(text));
  co_return co_await raw.rest();
}

// A server that does what each of its scripts says, one script a connection, the last one again and again.
class ScriptedServer {
 public:
  using Script = std::function<awaitable<void>(Raw)>;

  ScriptedServer(Loop& loop, std::vector<Script> scripts)
      : acceptor_(loop.io, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}), scripts_(std::move(scripts)) {
    loop.start(serve());
  }
  // Answers each connection's first request with `bytes`, and leaves the connection open.
  ScriptedServer(Loop& loop, std::string bytes)
      : ScriptedServer(loop, {[bytes](Raw raw) -> awaitable<void> {
                         co_await raw.head();
                         co_await raw.send(bytes);
                         co_await raw.rest();
                       }}) {}

  wire::Origin origin() const {
    return *wire::Origin::parse("http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()));
  }
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  std::size_t connections() const { return connections_; }

 private:
  awaitable<void> serve() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(as_result);
      if (error) co_return;
      const auto& script = scripts_[std::min(connections_++, scripts_.size() - 1)];
      asio::co_spawn(acceptor_.get_executor(), script(Raw{std::move(socket)}), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
      });
    }
  }
  tcp::acceptor acceptor_;
  std::vector<Script> scripts_;
  std::size_t connections_ = 0;
};

inline Bytes bytes_from(std::string_view text) { return {bytes_of(text).begin(), bytes_of(text).end()}; }

// Answers with what was asked.
inline awaitable<HttpResponse> echo(HttpRequest request) {
  HttpResponse out;
  out.body = bytes_from(request.method + ' ' + request.target + ' ');
  out.body.insert(out.body.end(), request.body.begin(), request.body.end());
  co_return out;
}

inline HttpServer serve(Loop& loop, HttpServerOptions options, server::HttpHandler handler = echo) {
  auto server = HttpServer::start(loop.io.get_executor(), std::move(options), std::move(handler));
  if (!server) FAIL(server.error().message());
  return std::move(*server);
}

inline HttpClient client_of(Loop& loop, wire::Origin origin, daemon::HttpClientOptions options = {}) {
  return HttpClient{loop.io.get_executor(), std::move(origin), std::move(options)};
}

// Status and body of an answer, or the error's class and sentence.
inline std::string shown(const Result<HttpResponse>& answer) {
  if (!answer) return std::string{error_class(answer.error()).kind} + ": " + answer.error().message();
  return std::to_string(answer->status) + ' ' + std::string{text_of(answer->body)};
}

inline HttpRequest get(std::string target = "/") { return {"GET", std::move(target), {}, {}, {}}; }

inline const std::string last_get = "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

inline bool still_serves(Loop& loop, const HttpServer& server) {
  return loop.run(talk(server.local_endpoint(), last_get)).ends_with("\r\n\r\nGET /last ");
}

}  // namespace vault::tests

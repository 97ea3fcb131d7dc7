// SPDX-License-Identifier: Apache-2.0
// Holds what the connections of an HttpServer share, and a connection itself.
//
// No co_await stands in a condition in the server's files: g++ 12 makes an illegal instruction of some of those.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "http/server.hpp"
#include "http/stream.hpp"
#include "http/uploads.hpp"

namespace vault::server {

struct Connection;
using Connections = std::list<Connection*>;

struct HttpServer::State {
  State(boost::asio::any_io_executor on, HttpServerOptions with, HttpHandler by, WatchHandler watch_by)
      : executor(std::move(on)),
        options(std::move(with)),
        handler(std::move(by)),
        watch(std::move(watch_by)),
        acceptor(executor),
        ended(executor),
        uploads({.bytes = options.bodies_bytes}) {}

  std::size_t open() const { return waiting.size() + receiving.size() + busy.size() + watching.size(); }

  boost::asio::any_io_executor executor;
  HttpServerOptions options;
  HttpHandler handler;
  WatchHandler watch;
  std::optional<boost::asio::ssl::context> tls;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::ip::tcp::endpoint endpoint;
  HttpServerCounts counts;
  bool stopping = false;
  boost::asio::steady_timer ended;  // cancelled when the last connection ends
  Connections waiting;              // for a request or its head, longest wait first: these can be spared
  Connections receiving;            // a body: `uploads` says which can be spared
  Connections busy;                 // with an answer
  Connections watching;             // WebSockets, oldest first
  Uploads uploads;
  std::size_t strangers = 0;  // connections with TLS that have named no session
};

enum class Phase { idle, reading, receiving, answering, watching };

// Lives on the frame of the coroutine serve(), and in one of the lists of the state.
struct Connection {
  Connection(HttpServer::State& in, boost::asio::ip::tcp::socket socket);
  Connection(const Connection&) = delete;
  ~Connection();

  wire::TcpStream& tcp() { return stream.tcp(); }
  Connections& list();

  // Moves to the list of this phase, as the newest there.
  void enter(Phase next);

  // Counts as a stranger: costs TLS from here on, and is anybody's until it has named a session that has proven itself.
  void is_stranger();
  void is_no_stranger();

  // Lets the coroutine see its operation fail, and so end.
  void close() { tcp().close(); }

  HttpServer::State& state;
  wire::HttpStream stream;
  boost::beast::flat_buffer buffer;  // may hold the beginning of the next request
  boost::asio::cancellation_signal give_up;
  std::string remote;
  Phase phase = Phase::idle;
  bool stranger = false;
  std::optional<Uploads::Body> body;
  Connections::iterator place;
};

// Serves the requests of one connection until it ends.
boost::asio::awaitable<void> serve(std::shared_ptr<HttpServer::State> state, boost::asio::ip::tcp::socket socket);

}  // namespace vault::server

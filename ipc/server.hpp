// SPDX-License-Identifier: Apache-2.0
// Accepts clients of this user, and no others, on the daemon's socket.
//
// A connection of another uid is answered E_DENIED and closed before a byte of it is read. A connection beyond
// limits::connections takes the place of an idle one, which is told E_BUSY; if none is idle, the new one is told
// E_BUSY. So a program that opens many connections, or leaves them half open, keeps nobody out. The registry must
// outlive the server. The server may be destroyed when run() has returned, or when its io_context is not run again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "ipc/connection.hpp"
#include "ipc/listener.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

class Server {
 public:
  Server(boost::asio::any_io_executor executor, Listener listener, const Registry& registry, Deadlines deadlines = {});

  // Serves until stop(). Then gives running calls deadlines.grace to end, and removes the socket.
  boost::asio::awaitable<void> run();
  void stop();

  std::size_t connections() const { return connections_.size(); }

 private:
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> drain();
  // False if every client has a running call.
  bool make_room();
  void admit(Connection::Socket socket);

  Listener listener_;
  const Registry& registry_;
  Deadlines deadlines_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer changed_;
  std::list<Connection> connections_;
  bool stopping_ = false;
};

}  // namespace vault::ipc

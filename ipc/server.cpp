// SPDX-License-Identifier: Apache-2.0
#include "ipc/server.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using namespace std::chrono_literals;

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

// Tells a client that is not let in why, if there is room in the socket's buffer, and closes the connection.
void refuse(Connection::Socket socket, boost::system::error_code why) {
  Wire text, out;
  write_json(text, failure_answer(nullptr, failure_of(why)));
  write_frame(out, FrameStyle::lines, text_of(text));
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(out), ignored);
}

}  // namespace

Server::Server(asio::any_io_executor executor, Listener listener, const Registry& registry, Deadlines deadlines)
    : listener_(std::move(listener)),
      registry_(registry),
      deadlines_(deadlines),
      acceptor_(executor),
      changed_(executor) {
  acceptor_.assign(asio::local::stream_protocol{}, listener_.release());
}

awaitable<void> Server::run() {
  co_await accept();
  listener_.remove();
  acceptor_.close();
  co_await drain();
}

void Server::stop() {
  stopping_ = true;
  if (acceptor_.is_open()) acceptor_.cancel();
  changed_.cancel();
}

awaitable<void> Server::accept() {
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(tuple);
    if (stopping_) co_return;
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    log::warning("could not accept a connection", {{"error", error}});  // probably no descriptor is left: wait for one
    changed_.expires_after(1s);
    co_await changed_.async_wait(tuple);
  }
}

bool Server::make_room() {
  std::size_t present = 0;
  Connection* idlest = nullptr;
  for (auto& one : connections_) {
    if (one.is_over()) continue;  // about to go
    ++present;
    if (one.may_give_way() && (idlest == nullptr || one.use() < idlest->use())) idlest = &one;
  }
  if (present < limits::connections) return true;
  if (idlest == nullptr) return false;
  idlest->give_way();
  return true;
}

void Server::admit(Connection::Socket socket) {
  const auto peer = peer_uid(socket.native_handle());
  if (!peer || *peer != geteuid()) {
    log::warning("refused a connection of another user", {{"uid", peer ? static_cast<std::int64_t>(*peer) : -1}});
    return refuse(std::move(socket), Errc::denied);
  }
  if (!make_room()) return refuse(std::move(socket), IpcErrc::too_many_connections);
  const auto connection = connections_.emplace(connections_.end(), std::move(socket), registry_, deadlines_);
  asio::co_spawn(acceptor_.get_executor(), connection->serve(), [this, connection](std::exception_ptr error) {
    if (error) log::error("a connection failed unexpectedly");
    connections_.erase(connection);
    changed_.cancel();
  });
}

awaitable<void> Server::drain() {
  for (auto& connection : connections_) connection.finish();
  const auto end = asio::steady_timer::clock_type::now() + deadlines_.grace;
  while (!connections_.empty() && asio::steady_timer::clock_type::now() < end) {
    changed_.expires_at(end);
    co_await changed_.async_wait(tuple);
  }
  for (auto& connection : connections_) connection.abandon();
  changed_.expires_at(asio::steady_timer::time_point::max());
  while (!connections_.empty()) co_await changed_.async_wait(tuple);
}

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
#include "ipc/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr auto tick_every = 100ms;

Result<void> judge_path(const std::string& path) {
  struct stat is {};
  if (lstat(path.c_str(), &is) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Errc::no_daemon;
    return errno == EACCES ? IpcErrc::peer_foreign : IpcErrc::socket_path_taken;
  }
  if (is.st_uid != geteuid()) return IpcErrc::peer_foreign;
  if (!S_ISSOCK(is.st_mode)) return IpcErrc::socket_path_taken;
  return {};
}

// Connects within `timeout`. SO_SNDTIMEO also holds for connect and bounds the wait for a place in the listener's
// queue.
bool connect_within(int fd, const std::string& path, milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

boost::system::error_code why_not_connected(int error) {
  if (error == ECONNREFUSED || error == ENOENT) return Errc::no_daemon;
  if (error == EAGAIN || error == EINTR) return Errc::busy;
  if (error == EACCES || error == EPERM) return IpcErrc::peer_foreign;
  return Errc::no_daemon;
}

}  // namespace

Result<int> connect_to_own_daemon(const SocketPath& where, milliseconds timeout) {
  if (where.path.empty() || where.path.size() >= sizeof(sockaddr_un::sun_path)) return IpcErrc::socket_path_bad;
  if (const auto good = judge_path(where.path); !good) return good.error();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return boost::system::error_code{errno, boost::system::system_category()};
  if (!connect_within(fd, where.path, timeout)) {
    const auto why = why_not_connected(errno);
    close(fd);
    return why;
  }
  const auto peer = peer_uid(fd);
  if (peer && *peer == geteuid()) return fd;
  close(fd);
  return IpcErrc::peer_foreign;
}

Result<Client> Client::connect(const SocketPath& where, milliseconds timeout) {
  const auto socket = connect_to_own_daemon(where, timeout);
  if (!socket) return socket.error();
  return Client{*socket};
}

Client::Client(int socket) : socket_(socket), in_(limits::answer_bytes) {}

Client::Client(Client&& from) noexcept
    : socket_(std::exchange(from.socket_, -1)),
      last_id_(from.last_id_),
      in_(std::move(from.in_)),
      tick_(std::move(from.tick_)) {}

Client::~Client() {
  if (socket_ >= 0) close(socket_);
}

Outcome Client::call_json(std::string_view method, json::value params, std::optional<milliseconds> timeout, int file) {
  const auto end = timeout ? Clock::now() + *timeout : Clock::time_point::max();
  const auto id = ++last_id_;
  Wire out;
  write_frame(out, FrameStyle::lines, text_of(request_text(id, method, std::move(params))));
  if (out.size() > limits::frame_bytes) return failure_of(IpcErrc::frame_too_large);
  send(text_of(out), end, file);  // if that failed, the daemon may still have said why
  return receive(id, end);
}

// Returns nothing once the socket is ready, else why it will not be.
std::optional<Failure> Client::wait(short events, Clock::time_point end) {
  for (;;) {
    pollfd peer{.fd = socket_, .events = events, .revents = 0};
    const int ready = poll(&peer, 1, static_cast<int>(milliseconds{tick_every}.count()));
    if (ready > 0) return std::nullopt;
    if (Clock::now() >= end) return failure_of(Errc::busy);
    if (ready == 0 && tick_) tick_();
  }
}

bool Client::send(std::string_view text, Clock::time_point end, int file) {
  while (!text.empty()) {
    const auto sent = send_with_file(socket_, text, file);
    if (sent > 0) file = -1;  // the file has gone with those bytes
    if (sent >= 0) text.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EAGAIN && errno != EINTR) return false;
    else if (wait(POLLOUT, end)) return false;
  }
  return true;
}

Outcome Client::receive(std::int64_t id, Clock::time_point end) {
  Wire chunk(64 * 1024);
  for (;;) {
    auto frame = in_.next();
    if (!frame) return failure_of(frame.error());
    if (*frame) {
      if (auto outcome = read_answer(**frame, id)) return std::move(*outcome);
      continue;
    }
    if (auto late = wait(POLLIN, end)) return std::move(*late);
    const auto size = recv(socket_, chunk.data(), chunk.size(), 0);
    if (size > 0) in_.append({chunk.data(), static_cast<std::size_t>(size)});
    else if (size == 0 || errno != EINTR) return failure_of(Errc::no_daemon);
  }
}

}  // namespace vault::ipc

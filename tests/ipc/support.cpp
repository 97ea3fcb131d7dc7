// SPDX-License-Identifier: Apache-2.0
#include "tests/ipc/support.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <cstring>
#include <future>

#include "tests/support/catch.hpp"

namespace vault::tests {

using namespace std::chrono_literals;

TempFolder::TempFolder() {
  auto name = (std::filesystem::temp_directory_path() / "vault-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  folder_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

RunningServer::RunningServer(const std::string& path, const ipc::Registry& registry, ipc::Deadlines deadlines) {
  auto listener = ipc::Listener::open({path, false});
  REQUIRE(listener);
  server_ = std::make_unique<ipc::Server>(context_.get_executor(), std::move(*listener), registry, deadlines);
  boost::asio::co_spawn(context_, server_->run(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  thread_ = std::thread{[this] { context_.run(); }};
}

void RunningServer::begin_stop() {
  boost::asio::post(context_, [this] { server_->stop(); });
}

void RunningServer::stop() {
  if (!thread_.joinable()) return;
  begin_stop();
  thread_.join();
}

std::size_t RunningServer::connections() {
  std::promise<std::size_t> count;
  boost::asio::post(context_, [this, &count] { count.set_value(server_->connections()); });
  return count.get_future().get();
}

RawClient::RawClient(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  REQUIRE(connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::send_with(std::string_view text, const std::vector<int>& files) {
  std::vector<char> control(CMSG_SPACE(files.size() * sizeof(int)));
  iovec bytes{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
  std::memcpy(CMSG_DATA(part), files.data(), files.size() * sizeof(int));
  return sendmsg(socket_, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

void RawClient::end_sending() { shutdown(socket_, SHUT_WR); }

void RawClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool RawClient::fill() {
  pollfd peer{.fd = socket_, .events = POLLIN, .revents = 0};
  if (poll(&peer, 1, 10'000) != 1) return false;
  char chunk[65536];
  const auto size = recv(socket_, chunk, sizeof chunk, 0);
  if (size > 0) buffer_.append(chunk, static_cast<std::size_t>(size));
  return size > 0;
}

std::string RawClient::line() {
  while (buffer_.find('\n') == std::string::npos)
    if (!fill()) return {};
  auto out = buffer_.substr(0, buffer_.find('\n'));
  buffer_.erase(0, out.size() + 1);
  return out;
}

std::string RawClient::bytes(std::size_t n) {
  while (buffer_.size() < n && fill()) continue;
  auto out = buffer_.substr(0, n);
  buffer_.erase(0, n);
  return out;
}

bool RawClient::at_end() {
  while (fill()) continue;
  pollfd peer{.fd = socket_, .events = POLLIN, .revents = 0};
  char one;
  return poll(&peer, 1, 0) == 1 && recv(socket_, &one, 1, MSG_DONTWAIT) <= 0;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

bool can_change_uid() { return geteuid() == 0; }

int as_nobody(const std::function<int()>& body) {
  const auto child = fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    _exit(setresgid(nobody, nobody, nobody) == 0 && setresuid(nobody, nobody, nobody) == 0 ? body() : 99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace vault::tests

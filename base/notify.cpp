// SPDX-License-Identifier: Apache-2.0
#include "base/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

namespace vault::notify {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::microseconds shortest_pause = 1ms;
constexpr std::chrono::microseconds status_pause = 5s;  // how stale the line in `systemctl status` may be

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool somebody_listens() { return !variable("NOTIFY_SOCKET").empty(); }

// True if the message was sent. Waits for a manager that does not read, unless `flags` include MSG_DONTWAIT.
bool tell(std::string_view message, int flags) {
  const auto path = variable("NOTIFY_SOCKET");
  sockaddr_un to{};
  if (path.empty() || path.size() >= sizeof to.sun_path) return false;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  if (path.front() == '@') to.sun_path[0] = '\0';  // a name in the abstract namespace
  const int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const auto sent =
      sendto(out, message.data(), message.size(), flags | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  close(out);
  return sent >= 0;
}

std::chrono::microseconds watchdog_interval() {
  const auto interval = number(variable("WATCHDOG_USEC"));
  const auto whose = variable("WATCHDOG_PID");  // names the process that is watched: a child inherits the variables
  if (!interval || (!whose.empty() && number(whose) != static_cast<std::uint64_t>(getpid()))) return 0s;
  return std::chrono::microseconds{static_cast<std::int64_t>(std::min<std::uint64_t>(*interval, 1ull << 50))};
}

}  // namespace

void ready() { tell("READY=1", 0); }
void stopping() { tell("STOPPING=1", MSG_DONTWAIT); }

void works(std::string_view status, std::chrono::seconds most) {
  const auto us = std::chrono::microseconds{most}.count();
  tell("EXTEND_TIMEOUT_USEC=" + std::to_string(us) + "\nSTATUS=" + std::string{status}, MSG_DONTWAIT);
}

Heartbeat::Heartbeat(boost::asio::any_io_executor loop, Status status)
    : timer_(std::move(loop)), status_(std::move(status)), watchdog_(watchdog_interval()) {
  if (!somebody_listens()) return;
  pause_ = watchdog_ > 0s ? std::clamp(watchdog_ / 2, shortest_pause, status_pause) : status_pause;
  beat();
}

void Heartbeat::beat() {
  if (watchdog_ > 0s) tell("WATCHDOG=1", MSG_DONTWAIT);
  auto status = status_();
  if (status != told_ && tell("STATUS=" + status, MSG_DONTWAIT)) told_ = std::move(status);
  timer_.expires_after(pause_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) beat();
  });
}

}  // namespace vault::notify

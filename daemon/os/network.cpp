// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/network.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>

#include "base/log.hpp"

namespace vault::daemon {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds burst{300};  // a link that comes up brings addresses and routes
constexpr std::time_t far = 100L * 365 * 24 * 3600;

int open_netlink() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

// Arms a timer that ends when the clock is set, or in a hundred years.
bool arm(int fd) {
  itimerspec when{};
  when.it_value.tv_sec = std::time(nullptr) + far;
  return ::timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) == 0;
}

int open_clock() {
  const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd >= 0 && arm(fd)) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

// Reads and drops all that waits. The content does not matter: an overflown queue is a change too.
void drain(int fd) {
  std::array<char, 8192> bytes;
  for (;;) {
    const auto size = ::read(fd, bytes.data(), bytes.size());
    if (size <= 0 && errno != ENOBUFS && errno != EINTR) return;
  }
}

}  // namespace

struct Network::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor executor, std::function<void()> what)
      : changed(std::move(what)), links(executor), clock(executor), settled(executor) {}

  void watch(stream_descriptor& source) {
    source.async_wait(stream_descriptor::wait_read, [self = shared_from_this(), &source](error_code error) {
      if (error || !self->changed) return;
      drain(source.native_handle());
      if (&source == &self->clock) arm(source.native_handle());
      self->settle();
      self->watch(source);
    });
  }

  void settle() {
    if (std::exchange(settling, true)) return;
    settled.expires_after(burst);
    settled.async_wait([self = shared_from_this()](error_code error) {
      self->settling = false;
      if (!error && self->changed) self->changed();
    });
  }

  std::function<void()> changed;  // empty: nobody to notify
  stream_descriptor links, clock;
  asio::steady_timer settled;
  bool settling = false;
};

Network::Network(asio::any_io_executor executor, std::function<void()> changed)
    : state_(std::make_shared<State>(std::move(executor), std::move(changed))) {
  if (const int fd = open_netlink(); fd >= 0) {
    state_->links.assign(fd);
    state_->watch(state_->links);
  } else {
    log::info("changes of the network are not noticed");
  }
  if (const int fd = open_clock(); fd >= 0) {
    state_->clock.assign(fd);
    state_->watch(state_->clock);
  }
}

Network::~Network() {
  state_->changed = nullptr;
  error_code ignored;
  state_->links.close(ignored);
  state_->clock.close(ignored);
  state_->settled.cancel();
}

}  // namespace vault::daemon

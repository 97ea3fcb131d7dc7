// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/bus.hpp"

#include <fcntl.h>
#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace vault::daemon {
namespace {

boost::system::error_code failure(int negative) { return {-negative, boost::system::system_category()}; }

// Returns when sd-bus wants to be called even if nothing arrives: the time-out of a call. sd-bus counts on
// CLOCK_MONOTONIC, as steady_clock does.
asio::steady_timer::time_point deadline(sd_bus* bus) {
  std::uint64_t usec = UINT64_MAX;
  if (sd_bus_get_timeout(bus, &usec) < 0 || usec == UINT64_MAX) return asio::steady_timer::time_point::max();
  return asio::steady_timer::time_point{std::chrono::microseconds{usec}};
}

}  // namespace

Bus::Bus(asio::any_io_executor executor) : executor_(executor), wake_(std::make_shared<asio::steady_timer>(executor)) {}

Result<void> Bus::open() {
  sd_bus* bus = nullptr;
  if (const int error = sd_bus_open_system(&bus); error < 0) return failure(error);
  bus_.reset(bus);
  return {};
}

void Bus::stop() {
  stopping_ = true;
  wake_->cancel();
}

asio::awaitable<boost::system::error_code> Bus::run() {
  while (!stopping_) {
    const int did = sd_bus_process(bus_.get(), nullptr);
    if (did < 0) co_return failure(did);
    if (did == 0) co_await wait();
  }
  co_return asio::error::operation_aborted;
}

// Waits on its own descriptor of the socket, since sd-bus may close its one at any time.
asio::awaitable<void> Bus::wait() {
  const int events = sd_bus_get_events(bus_.get());
  const int socket = fcntl(sd_bus_get_fd(bus_.get()), F_DUPFD_CLOEXEC, 0);
  if (events < 0 || socket < 0) co_return;  // the next sd_bus_process returns the reason
  using Descriptor = asio::posix::stream_descriptor;
  Descriptor ready{executor_, socket};
  wake_->expires_at(deadline(bus_.get()));
  const auto ring = [wake = wake_](const boost::system::error_code& error) {
    if (!error) wake->cancel();
  };
  if ((events & POLLIN) != 0) ready.async_wait(Descriptor::wait_read, ring);
  if ((events & POLLOUT) != 0) ready.async_wait(Descriptor::wait_write, ring);
  co_await wake_->async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/auto_lock.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>

#include "base/assert.hpp"
#include "daemon/os/wall_time.hpp"

namespace vault::daemon {
namespace {

int boot_alarm() {
  const int descriptor = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category());
  return descriptor;
}

}  // namespace

AutoLock::AutoLock(asio::any_io_executor executor, std::chrono::milliseconds after, std::function<void()> lock)
    : after_(after), lock_(std::move(lock)), alarm_(executor, boot_alarm()), used_(wall_time()) {}

void AutoLock::begin() {
  use(true);
  use(false);
  listen();
}

void AutoLock::stop() { alarm_.close(); }

// Waits for the alarm. If a use sets it again between the ring and this handler, the read finds nothing.
void AutoLock::listen() {
  alarm_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    std::uint64_t rings = 0;
    if (read(alarm_.native_handle(), &rings, sizeof rings) == sizeof rings) lock_();
    listen();
  });
}

void AutoLock::use(bool begins) {
  uses_ = begins ? uses_ + 1 : uses_ - 1;
  used_ = wall_time();
  if (alarm_.is_open()) set(uses_ == 0 ? after_ : std::chrono::milliseconds{0});
}

void AutoLock::set(std::chrono::milliseconds from_now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(from_now);
  const itimerspec when{.it_interval = {},
                        .it_value = {.tv_sec = seconds.count(), .tv_nsec = (from_now - seconds).count() * 1'000'000}};
  const int set = timerfd_settime(alarm_.native_handle(), 0, &when, nullptr);
  VAULT_ASSERT(set == 0);
}

std::optional<std::uint64_t> AutoLock::due() const {
  if (after_.count() == 0) return std::nullopt;
  return (uses_ == 0 ? used_ : wall_time()) + static_cast<std::uint64_t>(after_.count());
}

Result<std::chrono::milliseconds> minutes_from(std::string_view text) {
  constexpr double year = 366 * 24 * 60;
  if (text == "never") return std::chrono::milliseconds{0};
  double minutes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minutes, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return Errc::usage;
  if (!(minutes >= 0 && minutes <= year)) return Errc::usage;
  return std::chrono::milliseconds{std::llround(std::ceil(minutes * 60'000))};
}

}  // namespace vault::daemon

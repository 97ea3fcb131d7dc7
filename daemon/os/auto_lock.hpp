// SPDX-License-Identifier: Apache-2.0
// Locks a vault that nobody uses: when no call has used it (ipc::Use) for a time. A call that is under way counts as
// use, however long it takes. The clock is CLOCK_BOOTTIME, so a machine that slept over the time locks as it wakes.
//
// Lives on the event loop. begin() and stop() stand around all other calls; stop() is the last.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/errc.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

class AutoLock {
 public:
  // `lock` is called when the time is over; zero: never.
  AutoLock(asio::any_io_executor executor, std::chrono::milliseconds after, std::function<void()> lock);

  void begin();
  void stop();

  void use(bool begins);

  // When, in ms since 1970, the vault will be locked if nobody uses it from now on. A call under way uses it now.
  std::optional<std::uint64_t> due() const;

 private:
  void listen();
  void set(std::chrono::milliseconds from_now);  // zero: not at all

  std::chrono::milliseconds after_;
  std::function<void()> lock_;
  asio::posix::stream_descriptor alarm_;
  std::size_t uses_ = 0;  // under way
  std::uint64_t used_;    // last, in ms since 1970
};

// Minutes as a person gives them: "15", "0.5", "0" and "never" for zero. Errors: usage, beyond a year too.
Result<std::chrono::milliseconds> minutes_from(std::string_view text);

}  // namespace vault::daemon

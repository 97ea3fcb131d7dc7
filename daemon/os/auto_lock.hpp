// SPDX-License-Identifier: Apache-2.0
// Locks a vault when no call has used it (ipc::Use) for a time. A call that is under way counts as use, however long it
// takes. The clock is CLOCK_BOOTTIME, so a machine that slept over the time locks as it wakes.
//
// Lives on the event loop. Requires: begin() before all other calls, stop() after them.
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
  // Calls `lock` when the vault was not used for `after`; zero: never.
  AutoLock(asio::any_io_executor executor, std::chrono::milliseconds after, std::function<void()> lock);

  void begin();
  void stop();

  void use(bool begins);

  // Returns when the vault locks if nobody uses it from now on, ms since 1970. A call under way uses it now.
  std::optional<std::uint64_t> due() const;

 private:
  void listen();
  void set(std::chrono::milliseconds from_now);  // zero: clears the alarm

  std::chrono::milliseconds after_;
  std::function<void()> lock_;
  asio::posix::stream_descriptor alarm_;
  std::size_t uses_ = 0;  // calls under way
  std::uint64_t used_;    // last use, ms since 1970
};

// Parses minutes as a person writes them: "15", "0.5"; "0" and "never" give zero. Errors: usage, also beyond a year.
Result<std::chrono::milliseconds> minutes_from(std::string_view text);

}  // namespace vault::daemon

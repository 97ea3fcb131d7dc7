// SPDX-License-Identifier: Apache-2.0
// Defines the hybrid logical clock, which orders versions that did not know of each other: milliseconds of wall time in
// the upper 48 bits, a count in the lower 16. It is above every clock that was accepted, so a later write wins over all
// that its writer had seen. crypto/FORMAT.md §6.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vault::daemon {

class HybridClock {
 public:
  static constexpr std::uint64_t tolerated_ahead = 24ull * 60 * 60 * 1000;  // milliseconds

  std::uint64_t tick(std::uint64_t now) { return last_ = std::max(last_ + 1, now << 16); }

  // Takes note of the clock of an accepted version. A clock too far ahead does not advance ours.
  void saw(std::uint64_t clock, std::uint64_t now) {
    if ((clock >> 16) <= now + tolerated_ahead) last_ = std::max(last_, clock);
  }

  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace vault::daemon

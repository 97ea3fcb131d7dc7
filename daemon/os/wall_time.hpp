// SPDX-License-Identifier: Apache-2.0
// Reads the system's clock, and writes times as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace vault::daemon {

// Returns milliseconds since 1970.
std::uint64_t wall_time();

// Returns a time in ms since 1970 as "2026-01-31T23:59:59.123Z"; "" if it is beyond the calendar.
std::string time_text(std::uint64_t ms);

}  // namespace vault::daemon

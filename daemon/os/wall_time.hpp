// SPDX-License-Identifier: Apache-2.0
// The time of day, as the system's clock has it, and as people read it.
#pragma once

#include <cstdint>
#include <string>

namespace vault::daemon {

// Returns milliseconds since 1970.
std::uint64_t wall_time();

// Returns a wall time in ms as "2026-01-31T23:59:59.123Z"; "" for what no calendar has.
std::string time_text(std::uint64_t ms);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Says which costs a suite byte stands for. No cost ever comes from outside. crypto/FORMAT.md §3.
#pragma once

#include "crypto/seams.hpp"

namespace vault::crypto {

inline constexpr std::uint8_t default_suite = 1;

inline std::optional<seams::Argon2Costs> suite_costs(std::uint8_t suite) {
  if (suite == default_suite) return seams::Argon2Costs{.memory_kib = 262'144, .passes = 3, .lanes = 4};
  return seams::extra_suite(suite);
}

inline bool is_known_suite(std::uint8_t suite) { return suite_costs(suite).has_value(); }

}  // namespace vault::crypto

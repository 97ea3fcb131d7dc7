// SPDX-License-Identifier: Apache-2.0
// Shares rules between reading and writing records. Internal to crypto/record.cpp and crypto/record_read.cpp.
#pragma once

#include <algorithm>

#include "crypto/record.hpp"

namespace vault::crypto {

// Says how a record holds its value.
enum class Form : std::uint8_t { none = 0, inlined = 1, blob = 2 };

template <class Range, class Less>
bool strictly_ascending(const Range& range, Less less) {
  return std::ranges::adjacent_find(range, [&](const auto& a, const auto& b) { return !less(a, b); }) == range.end();
}

inline bool key_less(const Attribute& a, const Attribute& b) { return a.key < b.key; }

}  // namespace vault::crypto

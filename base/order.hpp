// SPDX-License-Identifier: Apache-2.0
// Compares byte strings, and so names. The first byte that differs decides, as a number from 0 to 255; if one string
// begins with the other, the shorter is less. LMDB's keys, UTF-8's code points, std::string and std::string_view have
// this order. A plain char has not: 0x80 is less than 'a' where char is signed. tests/order.py checks all other code.
#pragma once

#include <algorithm>
#include <compare>
#include <cstring>

#include "base/bytes.hpp"

namespace vault {

inline std::strong_ordering compare_bytes(BytesView a, BytesView b) {
  const auto both = std::min(a.size(), b.size());
  const auto first = both == 0 ? 0 : std::memcmp(a.data(), b.data(), both);
  return first != 0 ? first <=> 0 : a.size() <=> b.size();
}

}  // namespace vault

// SPDX-License-Identifier: Apache-2.0
// The order of bytes, and so of names: the first byte that differs decides, as a number from 0 to 255; of two that
// differ in none the shorter is less. It is the order of LMDB's keys, of UTF-8's code points, and of std::string and
// std::string_view, whose traits compare so. A char by itself does not: 0x80 is less than 'a' where it is signed.
// tests/order.py holds all other code to that.
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

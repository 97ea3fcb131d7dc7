// SPDX-License-Identifier: Apache-2.0
// Table gives a name its types of keys and values. A file of tables, such as vault_tables.hpp, shows a whole database
// on one screen.
#pragma once

#include <cstddef>
#include <string_view>

#include "store/codec.hpp"

namespace vault::store {

inline constexpr std::size_t key_bytes = 511;  // LMDB's own limit, fixed at its compile time

enum class RowCheck { none, crc };  // see row_check.hpp

// Describes a table without its types.
struct TableId {
  std::size_t slot;  // index in the list of tables; chosen once, not stored
  const char* name;
  std::size_t value_bytes;  // a longer value in the file is damage; a longer one in a put is our mistake
  RowCheck check = RowCheck::none;
};

template <class K, class V>
struct Table {
  TableId id;
  using Key = K;
  using Value = V;
};

// Selects the keys from `first` up to but not including `end`. An empty `end` means no end.
template <class K>
class Range {
 public:
  static Range all() { return Range{{}, {}}; }
  static Range from(const K& first) { return Range{encode(first), {}}; }
  static Range between(const K& first, const K& end) { return Range{encode(first), encode(end)}; }

  // Selects the keys whose first fields are `leading`, of K's own leading types: starting_with(device) of {device,
  // seq}.
  template <class... Leading>
  static Range starting_with(const Leading&... leading) {
    ByteWriter out;
    (Codec<Leading>::write(out, leading), ...);
    auto end = after(out.bytes());
    return Range{out.take(), std::move(end)};
  }

  BytesView first() const { return first_; }
  BytesView end() const { return end_; }

 private:
  Range(Bytes first, Bytes end) : first_(std::move(first)), end_(std::move(end)) {}

  // Returns the least key that is greater than all keys that begin with `prefix`.
  static Bytes after(Bytes prefix) {
    while (!prefix.empty() && prefix.back() == 0xff) prefix.pop_back();
    if (!prefix.empty()) ++prefix.back();
    return prefix;
  }

  Bytes first_, end_;
};

}  // namespace vault::store

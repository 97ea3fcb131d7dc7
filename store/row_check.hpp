// SPDX-License-Identifier: Apache-2.0
// Rows that nothing else vouches for, as a hash or a signature does for a commit, have a check behind their value: the
// CRC-32 of key and value, big endian. It tells what a disk has changed from what was written; who edits the file on
// purpose can make it again.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "store/table.hpp"

namespace vault::store {

inline constexpr std::size_t row_check_bytes = 4;

// What the file has of a row of this table.
Bytes with_row_check(const TableId& table, BytesView key, BytesView value);

// The value of what the file has, a view of it; nullopt if its check is another one, or it is too long.
std::optional<BytesView> without_row_check(const TableId& table, BytesView key, BytesView stored);

}  // namespace vault::store

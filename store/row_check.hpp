// SPDX-License-Identifier: Apache-2.0
// Adds a check to rows that no hash or signature vouches for: the CRC-32 of key and value, big-endian, behind the
// value. It finds what a disk has changed. It does not stop somebody who edits the file on purpose and makes a new
// check.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "store/table.hpp"

namespace vault::store {

inline constexpr std::size_t row_check_bytes = 4;

// Returns the bytes to store in a row of this table.
Bytes with_row_check(const TableId& table, BytesView key, BytesView value);

// Returns the value in stored bytes, as a view; nullopt if its check is wrong or the value is too long.
std::optional<BytesView> without_row_check(const TableId& table, BytesView key, BytesView stored);

}  // namespace vault::store

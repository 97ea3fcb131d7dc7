// SPDX-License-Identifier: Apache-2.0
#include "store/row_check.hpp"

#include <boost/crc.hpp>

namespace vault::store {
namespace {

std::uint32_t check_of(BytesView key, BytesView value) {
  boost::crc_32_type crc;
  crc.process_bytes(key.data(), key.size());
  crc.process_bytes(value.data(), value.size());
  return crc.checksum();
}

}  // namespace

Bytes with_row_check(const TableId& table, BytesView key, BytesView value) {
  ByteWriter out;
  out.raw(value);
  if (table.check == RowCheck::crc) out.u32(check_of(key, value));
  return out.take();
}

std::optional<BytesView> without_row_check(const TableId& table, BytesView key, BytesView stored) {
  const std::size_t extra = table.check == RowCheck::crc ? row_check_bytes : 0;
  if (stored.size() < extra || stored.size() - extra > table.value_bytes) return std::nullopt;
  const auto value = stored.first(stored.size() - extra);
  if (extra > 0 && ByteReader{stored.subspan(value.size())}.u32() != check_of(key, value)) return std::nullopt;
  return value;
}

}  // namespace vault::store

// SPDX-License-Identifier: Apache-2.0
// Describes the 56 bytes with which every sealed object begins. crypto/FORMAT.md §4.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace vault::wire {

struct SealHeader {
  std::uint8_t suite = 0;
  std::uint8_t kind = 0;
  VaultId vault;
  DeviceId device;
  std::uint64_t counter = 0;
  std::uint32_t segments = 0;
  std::uint32_t total = 0;
};

void encode(ByteWriter& out, const SealHeader& header);

// Reads the 56 bytes. Errors: format_older for a format that was never released; downgrade for any other format or an
// unknown suite; tamper for everything else.
[[nodiscard]] Result<SealHeader> decode_seal_header(ByteReader& in);

// True if an object of `total` bytes, `fixed` of them outside segments and tags, has exactly `segments` segments.
bool segments_fit(std::uint32_t segments, std::uint32_t total, std::size_t fixed);

}  // namespace vault::wire

// SPDX-License-Identifier: Apache-2.0
// The 56 bytes with which every sealed object begins. crypto/FORMAT.md §4.
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

// Errors: format_older for what was never released, downgrade for another format or an unknown suite, tamper for the
// rest.
[[nodiscard]] Result<SealHeader> decode_seal_header(ByteReader& in);

// Whether `total` bytes, of which `fixed` are neither segment nor tag, hold exactly `segments` segments.
bool segments_fit(std::uint32_t segments, std::uint32_t total, std::size_t fixed);

}  // namespace vault::wire

// SPDX-License-Identifier: Apache-2.0
// Describes the clear header of a chunk of a large value: the part that a server may read. crypto/FORMAT.md §4 and §6.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/limits.hpp"

namespace vault::wire {

inline constexpr std::uint8_t blob_chunk_kind = 20;
inline constexpr std::size_t blob_chunk_header_bytes = 88;  // hdr0
inline constexpr std::size_t blob_chunk_bytes =
    limits::sealed_chunk_bytes;  // size of every chunk but the last, which may be smaller

struct BlobChunkHeader {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId device;  // the device that sealed the chunk
  BlobId blob;
  std::uint32_t segments = 0;
  std::uint32_t total = 0;
  std::uint64_t index = 0;
  std::uint64_t count = 0;
};

// Returns hdr0, 88 bytes.
Bytes encode(const BlobChunkHeader& header);

// Reads the header of a whole chunk. Errors: limit above blob_chunk_bytes or limits::blob_chunks; downgrade for another
// format or an unknown suite; tamper for everything else. After success, total is the length of `chunk`, segments fits
// it, index is below count, and every chunk but the last has blob_chunk_bytes.
[[nodiscard]] Result<BlobChunkHeader> decode_blob_chunk(BytesView chunk);

}  // namespace vault::wire

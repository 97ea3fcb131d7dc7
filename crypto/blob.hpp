// SPDX-License-Identifier: Apache-2.0
// Seals and opens values above 64 KiB: chunks of 960 KiB, sealed under a key that is new for every value. The record
// keeps the root of a hash tree over the sealed chunks. crypto/FORMAT.md §6.
#pragma once

#include "base/errc.hpp"
#include "base/limits.hpp"
#include "base/sealed.hpp"
#include "crypto/hash.hpp"
#include "crypto/key.hpp"

namespace vault::crypto {

inline constexpr std::size_t chunk_bytes = limits::chunk_bytes;

struct BlobPlace {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId device;  // the device that seals the chunk
  BlobId blob;
  std::uint64_t index = 0;  // of the chunk, from 0
  std::uint64_t count = 0;  // number of chunks
  bool operator==(const BlobPlace&) const = default;
};

BlobId new_blob_id();
BlobKey new_blob_key();

std::uint64_t chunk_count(std::uint64_t length);

// Returns the size of the sealed chunk `index` of a value of `length` bytes.
std::size_t sealed_chunk_size(std::uint64_t length, std::uint64_t index);

// Seals one chunk and pads the last one. Requires: chunk_bytes of data, or 1 to chunk_bytes bytes in the last chunk.
[[nodiscard]] Sealed seal_chunk(const BlobKey& key, const BlobPlace& place, BytesView data);

// Returns the data of chunk `index` of `count` of this blob: `size` bytes, without padding. Does not compare the device
// and suite in `place`, since only this blob has its key. Errors: downgrade, tamper.
[[nodiscard]] Result<Secret> open_chunk(const BlobKey& key, const BlobPlace& place, BytesView sealed, std::size_t size);

// Computes the Merkle tree hash of RFC 9162 §2.1.1 from leaves that come in order. Keeps one hash for each level.
class TreeHash {
 public:
  static Hash leaf(BytesView sealed_chunk);
  void add(const Hash& leaf);
  // Requires: at least one leaf was added.
  Hash root() const;

 private:
  std::uint64_t leaves_ = 0;
  std::vector<Hash> peaks_;  // roots of the full subtrees so far, the largest first
};

// True if `path`, bottom up, leads from `leaf`, number `index` of `count`, to `root`: RFC 9162 §2.1.3.2.
bool tree_contains(const Hash& leaf, std::uint64_t index, std::uint64_t count, std::span<const Hash> path,
                   const Hash& root);

// Returns the path of leaf `index`, bottom up, for tree_contains().
std::vector<Hash> tree_path(std::span<const Hash> leaves, std::uint64_t index);

}  // namespace vault::crypto

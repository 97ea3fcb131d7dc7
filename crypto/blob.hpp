// SPDX-License-Identifier: Apache-2.0
// Values above 64 KiB: chunks of 960 KiB, each sealed under a key that is new for every blob, and a tree over the
// sealed chunks whose root stands in the record. crypto/FORMAT.md §6.
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
  DeviceId device;  // that seals it
  BlobId blob;
  std::uint64_t index = 0;  // of the chunk, from 0
  std::uint64_t count = 0;  // of chunks
  bool operator==(const BlobPlace&) const = default;
};

BlobId new_blob_id();
BlobKey new_blob_key();

std::uint64_t chunk_count(std::uint64_t length);

// The size of the sealed chunk `index` of a value of `length` bytes.
std::size_t sealed_chunk_size(std::uint64_t length, std::uint64_t index);

// Requires: chunk_bytes of data, or 1 byte to chunk_bytes in the last chunk, which is padded here.
[[nodiscard]] Sealed seal_chunk(const BlobKey& key, const BlobPlace& place, BytesView data);

// The data of chunk `index` of `count` of this blob, `size` bytes without padding. The device and suite in
// `place` are not compared: the blob's key is. Errors: downgrade, tamper.
[[nodiscard]] Result<Secret> open_chunk(const BlobKey& key, const BlobPlace& place, BytesView sealed, std::size_t size);

// The Merkle tree hash of RFC 9162 §2.1.1, from the leaves in their order: memory is a hash for each level.
class TreeHash {
 public:
  static Hash leaf(BytesView sealed_chunk);
  void add(const Hash& leaf);
  Hash root() const;  // requires: at least one leaf

 private:
  std::uint64_t leaves_ = 0;
  std::vector<Hash> peaks_;  // roots of the full subtrees so far, the largest first
};

// Whether `path`, bottom up, leads from `leaf`, the `index`th of `count`, to `root`: RFC 9162 §2.1.3.2.
bool tree_contains(const Hash& leaf, std::uint64_t index, std::uint64_t count, std::span<const Hash> path,
                   const Hash& root);

// The path of leaf `index` among all leaves.
std::vector<Hash> tree_path(std::span<const Hash> leaves, std::uint64_t index);

}  // namespace vault::crypto

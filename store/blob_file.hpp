// SPDX-License-Identifier: Apache-2.0
// Stores the sealed chunks of one large value in a file, with their hashes behind them. SCHEMA.md, "Large values".
//
// Each chunk has a fixed place, stored or not; the hashes follow the last place. Readers trust nothing in the file:
// they compare each chunk with its hash, and the hashes with the root. So a write that tore or never happened is a
// missing chunk.
//
// Every function may wait for the disk. Two threads may use one file at the same time, for different chunks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/file.hpp"
#include "base/sealed.hpp"

namespace vault::store {

// Sizes are in bytes. Every chunk but the last has size `full`.
struct BlobShape {
  std::uint64_t count = 0, full = 0, last = 0;
  std::uint64_t offset(std::uint64_t index) const { return index * full; }
  std::uint64_t size(std::uint64_t index) const { return index + 1 == count ? last : full; }
  std::uint64_t sealed() const { return (count - 1) * full + last; }  // bytes of all chunks
  std::uint64_t file() const { return sealed() + count * Hash::size; }
};

class BlobFile {
 public:
  // Creates a new file. `reserve` takes its room on the disk at once, so that it cannot run out halfway. Errors:
  // disk_full, storage.
  static Result<BlobFile> create(const std::filesystem::path& path, const BlobShape& shape, bool reserve);
  static Result<BlobFile> open(const std::filesystem::path& path, const BlobShape& shape);

  // Creates a file without a name, which disappears with this object.
  static Result<BlobFile> scratch(const std::filesystem::path& path, const BlobShape& shape);

  const BlobShape& shape() const { return shape_; }

  // Requires: `chunk` has the size of its place.
  Result<void> write(std::uint64_t index, const Sealed& chunk);
  Result<void> write_hashes(std::span<const Hash> hashes);
  // Returns when all that was written is on the disk.
  Result<void> sync();

  // Returns the bytes at the chunk's place; nullopt if nothing was ever written there.
  Result<std::optional<Sealed>> read(std::uint64_t index) const;
  Result<std::vector<Hash>> read_hashes() const;

  // Gives the chunk's room on the disk back, if the filesystem can.
  void forget(std::uint64_t index);
  // Marks the file as used now: see BlobFileInfo::used.
  void touch();

 private:
  BlobFile(File file, const BlobShape& shape) : file_(std::move(file)), shape_(shape) {}
  File file_;
  BlobShape shape_;
};

// Describes a file in the folder of blobs: its room on the disk, in bytes, and its last use, ms since 1970.
struct BlobFileInfo {
  std::uint64_t room = 0, used = 0;
};
std::optional<BlobFileInfo> blob_file_info(const std::filesystem::path& path);

}  // namespace vault::store

// SPDX-License-Identifier: Apache-2.0
// The sealed chunks of one large value as a file, with their hashes behind them. SCHEMA.md, "Large values".
//
// Each chunk has its place, whether it is there or not; the hashes follow the last one. What is read is not believed
// for being in the file: who reads compares a chunk with its hash, and the hashes with the root. So a write that was
// torn, or never happened, is a chunk that is not there.
//
// Every function may wait for the disk. Two threads may use one file at a time, for different chunks.
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

// Sizes in bytes. Every chunk but the last has the same one.
struct BlobShape {
  std::uint64_t count = 0, full = 0, last = 0;
  std::uint64_t offset(std::uint64_t index) const { return index * full; }
  std::uint64_t size(std::uint64_t index) const { return index + 1 == count ? last : full; }
  std::uint64_t sealed() const { return (count - 1) * full + last; }  // of all chunks
  std::uint64_t file() const { return sealed() + count * Hash::size; }
};

class BlobFile {
 public:
  // A new one. `reserve` takes the room on the disk at once, so that there is none halfway. Errors: disk_full, storage.
  static Result<BlobFile> create(const std::filesystem::path& path, const BlobShape& shape, bool reserve);
  static Result<BlobFile> open(const std::filesystem::path& path, const BlobShape& shape);

  // One without a name, which is gone with the object.
  static Result<BlobFile> scratch(const std::filesystem::path& path, const BlobShape& shape);

  const BlobShape& shape() const { return shape_; }

  // Requires: `chunk` has the size of its place.
  Result<void> write(std::uint64_t index, const Sealed& chunk);
  Result<void> write_hashes(std::span<const Hash> hashes);
  Result<void> sync();  // all that was written is on the disk

  // What stands in the place of the chunk; nothing where nothing was ever written.
  Result<std::optional<Sealed>> read(std::uint64_t index) const;
  Result<std::vector<Hash>> read_hashes() const;

  void forget(std::uint64_t index);  // gives its room back, where the filesystem can
  void touch();                      // it is used now: used_at() of the file

 private:
  BlobFile(File file, const BlobShape& shape) : file_(std::move(file)), shape_(shape) {}
  File file_;
  BlobShape shape_;
};

// What the folder of blobs has of a file: its room on the disk, in bytes, and when it was used last, ms since 1970.
struct BlobFileInfo {
  std::uint64_t room = 0, used = 0;
};
std::optional<BlobFileInfo> blob_file_info(const std::filesystem::path& path);

}  // namespace vault::store

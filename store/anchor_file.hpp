// SPDX-License-Identifier: Apache-2.0
// Keeps a second witness of the newest state outside the database: two slots of 512 bytes, overwritten in turn.
//
// A write touches one slot. If it tears, the other slot still has what was written before. The caller chooses what a
// slot holds and proves that it is whole: a torn slot may be read as nonsense, which the caller's MAC must refuse. The
// slots lie 4096 bytes apart, since a disk may tear a whole physical sector of that size.
//
//  A slot:  magic "vanc"(4)  serial(8)  length(2)  payload  zeros
#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "base/bytes.hpp"
#include "store/folder.hpp"

namespace vault::store {

struct AnchorSlot {
  std::uint64_t serial = 0;
  Bytes payload;
  bool operator==(const AnchorSlot&) const = default;
};

class AnchorFile {
 public:
  static constexpr std::size_t slot_bytes = 512;
  static constexpr std::size_t slot_distance = 4096;
  static constexpr std::size_t payload_bytes = 480;

  // Opens the file, or makes it (0600) with two empty slots. Errors: state_unsafe if it is a symbolic link or not a
  // file; the system's error.
  static Result<AnchorFile> open(const std::filesystem::path& path);

  // Returns the slots, first that of the even serials; nullopt for a slot that is empty or does not look like one.
  Result<std::array<std::optional<AnchorSlot>, 2>> read() const;

  // Overwrites slot `serial` % 2. The data is on the disk when it returns. Requires: at most payload_bytes of payload.
  [[nodiscard]] Result<void> write(std::uint64_t serial, BytesView payload);

 private:
  explicit AnchorFile(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace vault::store

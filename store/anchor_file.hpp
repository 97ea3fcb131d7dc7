// SPDX-License-Identifier: Apache-2.0
// A second witness of the newest state, outside the database: two slots of 512 bytes, written in turn, in place.
//
// A write touches one slot; if it tears, the other still holds what was written before. What a slot holds is
// the caller's, and so is the proof that it is whole: a torn slot may be read as a slot with nonsense in it,
// and the caller's MAC must refuse it. The slots lie 4096 bytes apart, since a disk may tear a whole physical
// sector of that size.
//
// A slot:  magic "vanc"(4)  serial(8)  length(2)  payload  zeros
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

  // Makes the file (0600) with two empty slots if it is not there. Errc::state_unsafe if it is a symbolic link
  // or not a file; else the system's error.
  static Result<AnchorFile> open(const std::filesystem::path& path);

  // The slots, that of the even serials first; nothing where a slot is empty or does not look like one.
  Result<std::array<std::optional<AnchorSlot>, 2>> read() const;

  // Overwrites the slot `serial` % 2; on the disk when it returns. Requires: payload up to payload_bytes.
  [[nodiscard]] Result<void> write(std::uint64_t serial, BytesView payload);

 private:
  explicit AnchorFile(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace vault::store

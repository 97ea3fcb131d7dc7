// SPDX-License-Identifier: Apache-2.0
// Defines where the fields of a sealed object are: crypto/FORMAT.md §4.
#pragma once

#include <initializer_list>

#include "base/bytes.hpp"

namespace vault::crypto {

enum class Kind : std::uint8_t {
  data = 1,
  epoch = 2,
  ack = 3,
  checkpoint = 4,
  base = 5,
  jump = 6,
  keyring = 16,
  password_slot = 17,
  recovery_slot = 18,
  device_slot = 19,
  blob_chunk = 20,
  local = 21,
};

// Holds a set of kinds that is known at compile time: what a key may be used for.
class Kinds {
 public:
  constexpr Kinds(std::initializer_list<Kind> kinds) {
    for (auto kind : kinds) bits_ |= 1u << static_cast<unsigned>(kind);
  }
  constexpr bool has(Kind kind) const {
    const auto n = static_cast<unsigned>(kind);
    return n < 32 && (bits_ >> n & 1) != 0;
  }

 private:
  std::uint32_t bits_ = 0;
};

inline constexpr Kinds commit_kinds{Kind::data, Kind::epoch, Kind::ack, Kind::checkpoint, Kind::base, Kind::jump};
inline constexpr Kinds device_kinds{Kind::data, Kind::ack, Kind::checkpoint, Kind::base};  // sealed under DK_{d,e}

namespace layout {

inline constexpr std::array<std::uint8_t, 4> magic = {'V', 'L', 'T', 'D'};
inline constexpr std::uint8_t format = 2;  // 1 was never released

// Offsets in hdr0, in bytes.
inline constexpr std::size_t suite = 5;
inline constexpr std::size_t kind = 6;
inline constexpr std::size_t zero = 7;
inline constexpr std::size_t vault_id = 8;
inline constexpr std::size_t device_id = 24;
inline constexpr std::size_t counter = 40;
inline constexpr std::size_t segments = 48;
inline constexpr std::size_t total = 52;
inline constexpr std::size_t common = 56;  // size of the part that all hdr0 share

// Sizes in bytes.
inline constexpr std::size_t commit_hdr0 = 136;
inline constexpr std::size_t jump_hdr0 = 176;  // includes `after`
inline constexpr std::size_t password_slot_hdr0 = 64;
inline constexpr std::size_t recovery_slot_hdr0 = 96;
inline constexpr std::size_t device_slot_hdr0 = 112;
inline constexpr std::size_t blob_chunk_hdr0 = 88;
inline constexpr std::size_t local_hdr0 = 70;
inline constexpr std::size_t salt = 32;
inline constexpr std::size_t commitment = 32;
inline constexpr std::size_t tag = 16;

// Returns the size of a commit's hdr0 by the kind that `object` claims. `object` may be any bytes.
inline std::size_t commit_hdr0_of(BytesView object) {
  const bool jumps = object.size() > kind && object[kind] == static_cast<std::uint8_t>(Kind::jump);
  return jumps ? jump_hdr0 : commit_hdr0;
}

inline std::uint64_t number_at(BytesView bytes, std::size_t offset, std::size_t width) {
  std::uint64_t out = 0;
  for (auto b : bytes.subspan(offset, width)) out = out << 8 | b;
  return out;
}

// Writes the 56 common bytes, with zeros for n and total, which are filled in when the object is sealed.
inline void put_common(ByteWriter& out, std::uint8_t suite_byte, Kind kind_byte, const VaultId& vault,
                       const DeviceId& device, std::uint64_t ctr) {
  out.raw(magic).u8(format).u8(suite_byte).u8(static_cast<std::uint8_t>(kind_byte)).u8(0);
  out.fixed(vault).fixed(device).u64(ctr).u32(0).u32(0);
}

}  // namespace layout
}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Describes the clear header of a commit, which a server may read and a client binds into the seal.
// crypto/FORMAT.md §4 and §6.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/head.hpp"

namespace vault::wire {

enum class CommitKind : std::uint8_t { data = 1, epoch = 2, ack = 3, checkpoint = 4, base = 5, jump = 6 };

inline constexpr std::size_t seal_header_bytes = 56;     // the part that all sealed objects share
inline constexpr std::size_t commit_header_bytes = 136;  // hdr0 of every commit but a jump
inline constexpr std::size_t jump_header_bytes = 176;    // hdr0 of a jump
inline constexpr std::size_t commit_fixed_bytes =
    commit_header_bytes + 64 + 64;  // hdr0, salt and ck before the segments, signature after them

// True for commits that carry the key of a new epoch.
inline bool opens_epoch(CommitKind kind) { return kind == CommitKind::epoch || kind == CommitKind::jump; }

struct CommitHeader {
  std::uint8_t suite = 0;
  CommitKind kind = CommitKind::data;
  VaultId vault;
  DeviceId device;
  std::uint64_t counter = 0;  // first of the `segments` counter values that the commit uses
  // segments and total are 0 in a header that is about to be sealed: crypto fills them in.
  std::uint32_t segments = 0;
  std::uint32_t total = 0;
  std::uint32_t epoch = 0;
  std::uint64_t seq = 0;
  std::uint32_t keyring_version = 0;
  Hash keyring_hash;
  Hash prev;
  // In a jump, the last own commit below it that counts. If none counts: seq 0 and the hash of the enrolling keyring.
  Head after;
};

// True if `jump` makes commit `seq` of its chain void.
inline bool is_void(const CommitHeader& jump, std::uint64_t seq) {
  return jump.kind == CommitKind::jump && seq > jump.after.seq && seq < jump.seq;
}

// Returns hdr0: 176 bytes for a jump, 136 for the other kinds.
Bytes encode(const CommitHeader& header);

// Reads the header of a whole commit. Errors: downgrade for another format or an unknown suite or kind; limit above
// limits::commit_bytes; tamper for everything else. After success, total is the length of `commit`, segments fits it,
// seq and epoch are at least 1, and in a jump `after` is below seq.
[[nodiscard]] Result<CommitHeader> decode_commit_header(BytesView commit);

}  // namespace vault::wire

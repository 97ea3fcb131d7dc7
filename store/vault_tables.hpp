// SPDX-License-Identifier: Apache-2.0
// Lists the tables of the client's database on one screen. SCHEMA.md says who writes what and which tables must agree.
#pragma once

#include <array>

#include "base/head.hpp"
#include "base/limits.hpp"
#include "store/environment.hpp"

namespace vault::store {

// Holds the named values of `meta` except its schema, which is read before anything else is known.
inline constexpr Table<std::string, Bytes> named{{meta.id.slot, meta.id.name, meta.id.value_bytes, RowCheck::crc}};

// Names a place in the vault's history: the seq-th commit of one device, from 1.
struct Place {
  DeviceId device;
  std::uint64_t seq = 0;
  static constexpr auto fields = std::make_tuple(&Place::device, &Place::seq);
  auto operator<=>(const Place&) const = default;
};

inline constexpr std::size_t local_bytes = 1 << 20;  // of one sealed value that the device keeps for itself

// Hold what was verified. `chains` also holds commits above the head that wait for it.
inline constexpr Table<std::uint32_t, Sealed> keyrings{{1, "keyrings", limits::keyring_bytes}};
inline constexpr Table<Place, Sealed> chains{{2, "chains", limits::commit_bytes}};
inline constexpr Table<DeviceId, Head> heads{{3, "heads", 40, RowCheck::crc}};

// Holds keyring versions that were pulled and wait for the password.
inline constexpr Table<std::uint32_t, Sealed> inbox_keyrings{{4, "inbox_keyrings", limits::keyring_bytes}};

// Holds what this device sealed for itself.
inline constexpr Table<std::string, Sealed> local{{5, "local", local_bytes}};

// Holds the index of what was verified: local state too, in many pieces. Its root is in `local`, as "index".
inline constexpr Table<std::uint64_t, Sealed> index_pages{{6, "index_pages", local_bytes}};

// Holds identities that this device had before its present one.
struct Former {
  std::uint64_t until = 0;  // ms since 1970
  std::uint8_t reason = 0;  // SCHEMA.md, "Own state"
  static constexpr auto fields = std::make_tuple(&Former::until, &Former::reason);
};
inline constexpr Table<DeviceId, Former> formers{{7, "formers", 9, RowCheck::crc}};

// Holds commits of one device with the same seq that differ, each signed: proof that two processes were that device.
struct ProofPlace {
  DeviceId device;
  std::uint64_t seq = 0;
  Hash hash;
  static constexpr auto fields = std::make_tuple(&ProofPlace::device, &ProofPlace::seq, &ProofPlace::hash);
  auto operator<=>(const ProofPlace&) const = default;
};
inline constexpr Table<ProofPlace, Sealed> proofs{{8, "proofs", limits::commit_bytes}};

// Lists the large values that are stored here, each in a file: blobs/ID.blob.
struct BlobRow {
  std::uint64_t length = 0;  // of the value
  Hash root;                 // root of the hash tree over its chunks
  std::uint64_t seq = 0;     // own commit that waits until the server has all chunks; 0 if none waits
  std::uint8_t state = 0;    // a BlobState
  static constexpr auto fields = std::make_tuple(&BlobRow::length, &BlobRow::root, &BlobRow::seq, &BlobRow::state);
};
// kept: the server has all of it, and this is a copy. owed: the server lacks some. offered: it had all, and may have
// lost it.
enum class BlobState : std::uint8_t { kept = 0, owed = 1, offered = 2 };
inline constexpr Table<BlobId, BlobRow> blobs{{9, "blobs", 49, RowCheck::crc}};

// Holds own commits of a damaged database whose predecessors were lost. The next unlock writes them again.
inline constexpr Table<Place, Sealed> adrift{{11, "adrift", limits::commit_bytes}};

inline constexpr std::uint32_t vault_schema = 3;  // 1 and 2 were never released, and are refused
// Lists the jumps among `chains` with the seq after which each lets its chain go on: the seqs in between are void.
inline constexpr Table<Place, std::uint64_t> jumps{{10, "jumps", 8, RowCheck::crc}};

inline constexpr std::array vault_tables{meta.id,           keyrings.id, chains.id,      heads.id,
                                         inbox_keyrings.id, local.id,    index_pages.id, formers.id,
                                         proofs.id,         blobs.id,    jumps.id,       adrift.id};

}  // namespace vault::store

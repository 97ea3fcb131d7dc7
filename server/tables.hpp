// SPDX-License-Identifier: Apache-2.0
// Lists the tables of the server's LMDB database on one screen. All keys of a vault's rows begin with its id.
//
// These agree with each other and are written in one transaction: accounts and vaults; the newest row of keyrings, its
// entry in keyring_hashes and the row of vaults; the newest row of commits and heads; a row of leaves and one of
// chunks; and vaults' bytes with all of them.
#pragma once

#include <array>

#include "base/head.hpp"
#include "base/limits.hpp"
#include "store/environment.hpp"
#include "wire/blob_chunk.hpp"

namespace vault::server::tables {

struct VaultRow {
  std::uint8_t suite = 0;
  Seed seed;
  SignKey auth;
  std::uint32_t version = 0;  // of the newest keyring version
  Hash hash;
  std::uint64_t bytes = 0;  // stored for this vault
  std::uint64_t quota = 0;
  std::string account;
  static constexpr auto fields =
      std::make_tuple(&VaultRow::suite, &VaultRow::seed, &VaultRow::auth, &VaultRow::version, &VaultRow::hash,
                      &VaultRow::bytes, &VaultRow::quota, &VaultRow::account);
};

struct KeyringKey {
  VaultId vault;
  std::uint32_t version = 0;
  static constexpr auto fields = std::make_tuple(&KeyringKey::vault, &KeyringKey::version);
};

struct KeyringHashKey {
  VaultId vault;
  Hash hash;
  static constexpr auto fields = std::make_tuple(&KeyringHashKey::vault, &KeyringHashKey::hash);
};

struct ChainKey {
  VaultId vault;
  DeviceId device;
  static constexpr auto fields = std::make_tuple(&ChainKey::vault, &ChainKey::device);
};

struct CommitKey {
  VaultId vault;
  DeviceId device;
  std::uint64_t seq = 0;
  static constexpr auto fields = std::make_tuple(&CommitKey::vault, &CommitKey::device, &CommitKey::seq);
};

struct ChunkKey {
  VaultId vault;
  BlobId blob;
  std::uint64_t index = 0;
  static constexpr auto fields = std::make_tuple(&ChunkKey::vault, &ChunkKey::blob, &ChunkKey::index);
};

struct LeafRow {
  std::uint64_t count = 0;  // number of the blob's chunks, the same in all of its rows
  Hash leaf;
  static constexpr auto fields = std::make_tuple(&LeafRow::count, &LeafRow::leaf);
};

// Is the value of a row that only says that its key exists.
struct Present {
  std::uint8_t one = 1;
  static constexpr auto fields = std::make_tuple(&Present::one);
};

using store::meta;
using store::Table;

inline constexpr Table<std::string, VaultId> accounts{{1, "accounts", 16}};
inline constexpr Table<VaultId, VaultRow> vaults{{2, "vaults", 256}};
inline constexpr Table<KeyringKey, Sealed> keyrings{{3, "keyrings", limits::keyring_bytes}};
inline constexpr Table<KeyringHashKey, std::uint32_t> keyring_hashes{{4, "keyring_hashes", 4}};
inline constexpr Table<ChainKey, Head> heads{{5, "heads", 40}};
inline constexpr Table<CommitKey, Sealed> commits{{6, "commits", limits::commit_bytes}};
inline constexpr Table<Hash, Present> invitations{{7, "invitations", 1}};
inline constexpr Table<ChunkKey, LeafRow> leaves{{8, "leaves", 40}};
inline constexpr Table<ChunkKey, Sealed> chunks{{9, "chunks", wire::blob_chunk_bytes}};

inline constexpr std::uint32_t schema = 2;  // 1 was never released, and is refused
inline constexpr std::array all{meta.id,  accounts.id, vaults.id,      keyrings.id, keyring_hashes.id,
                                heads.id, commits.id,  invitations.id, leaves.id,   chunks.id};

}  // namespace vault::server::tables

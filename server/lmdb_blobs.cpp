// SPDX-License-Identifier: Apache-2.0
// Stores large values in the embedded engine. A chunk has pages of its own, which LMDB reads and writes only for that
// chunk. Its leaf is a row of another table, so listing a blob, or checking for a chunk, touches no chunk.
#include "base/assert.hpp"
#include "base/fault_point.hpp"
#include "server/lmdb_storage.hpp"
#include "store/errc.hpp"
#include "wire/errc.hpp"

namespace vault::server {
namespace {

using store::Range;
using store::ReadTxn;
using store::WriteTxn;
using tables::ChunkKey;
using tables::LeafRow;

constexpr std::size_t removed_at_a_time = 64;  // chunks: 64 MiB of pages become free, then others write in between

// Returns the count that the chunks of a blob state; 0 if there are no chunks.
std::uint64_t count_of(const ReadTxn& tx, const VaultId& vault, const BlobId& blob) {
  std::uint64_t count = 0;
  tx.scan(tables::leaves, Range<ChunkKey>::starting_with(vault, blob), [&count](const ChunkKey&, const LeafRow& row) {
    count = row.count;
    return false;
  });
  return count;
}

// Says if a chunk is stored already or cannot be stored at this place; nullopt if it can be.
std::optional<PutChunk> fit(const ReadTxn& tx, const ChunkKey& key, const Chunk& chunk) {
  const auto count = count_of(tx, key.vault, key.blob);
  if (count != 0 && count != chunk.count) return PutChunk::differs;
  const auto row = tx.get(tables::leaves, key);
  if (!row) return std::nullopt;
  return row->leaf == chunk.leaf ? PutChunk::there : PutChunk::differs;
}

std::vector<ChunkKey> some_chunks(const ReadTxn& tx, const VaultId& vault) {
  std::vector<ChunkKey> out;
  tx.scan(tables::leaves, Range<ChunkKey>::starting_with(vault), [&out](const ChunkKey& key, const LeafRow&) {
    out.push_back(key);
    return out.size() < removed_at_a_time;
  });
  return out;
}

// Returns the first blob of a vault at `from` or behind it.
std::optional<BlobId> first_blob(const ReadTxn& tx, const VaultId& vault, const Range<ChunkKey>& from) {
  std::optional<BlobId> out;
  tx.scan(tables::leaves, from, [&](const ChunkKey& key, const LeafRow&) {
    if (key.vault == vault) out = key.blob;
    return false;
  });
  return out;
}

Range<ChunkKey> behind(const VaultId& vault, const std::optional<BlobId>& blob) {
  return blob ? Range<ChunkKey>::from({vault, *blob, UINT64_MAX}) : Range<ChunkKey>::starting_with(vault);
}

}  // namespace

Result<PutChunk> LmdbStorage::put_chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index,
                                        const Chunk& chunk) {
  VAULT_ASSERT(index < chunk.count && chunk.count <= limits::blob_chunks);
  return store_.write([&](WriteTxn& tx) -> Result<PutChunk> {
    auto row = tx.get(tables::vaults, vault);
    if (!row) return Errc::not_found;
    const ChunkKey key{vault, blob, index};
    if (const auto known = fit(tx, key, chunk)) return *known;
    row->bytes += chunk.bytes.size();
    if (row->bytes > row->quota) return WireErrc::quota;
    tx.put(tables::vaults, vault, *row);
    tx.put(tables::leaves, key, {chunk.count, chunk.leaf});
    tx.put(tables::chunks, key, chunk.bytes);
    fault_point("blob.before-commit");
    return PutChunk::there;
  });
}

Result<std::optional<wire::BlobLeaves>> LmdbStorage::leaves(const VaultId& vault, const BlobId& blob) const {
  return store_.read([&](ReadTxn& tx) -> Result<std::optional<wire::BlobLeaves>> {
    if (!tx.contains(tables::vaults, vault)) return Errc::not_found;
    std::optional<wire::BlobLeaves> out;
    bool agree = true;
    tx.scan(tables::leaves, Range<ChunkKey>::starting_with(vault, blob), [&](const ChunkKey& key, const LeafRow& row) {
      if (!out) agree = row.count <= limits::blob_chunks;
      if (!out && agree) out.emplace().leaves.resize(row.count);
      agree = agree && key.index < out->leaves.size();
      if (agree) out->leaves[key.index] = row.leaf;
      return agree;
    });
    if (!agree) return StoreErrc::store_damaged;
    return out;
  });
}

Result<std::optional<Sealed>> LmdbStorage::chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index) const {
  return store_.read([&](ReadTxn& tx) -> Result<std::optional<Sealed>> {
    if (!tx.contains(tables::vaults, vault)) return Errc::not_found;
    return tx.get(tables::chunks, {vault, blob, index});
  });
}

Result<std::vector<BlobId>> LmdbStorage::blobs(const VaultId& vault, const std::optional<BlobId>& after,
                                               std::size_t most) const {
  return store_.read([&](ReadTxn& tx) -> Result<std::vector<BlobId>> {
    if (!tx.contains(tables::vaults, vault)) return Errc::not_found;
    std::vector<BlobId> out;
    for (auto last = after; out.size() < most; out.push_back(*last)) {
      last = first_blob(tx, vault, behind(vault, last));
      if (!last) break;
    }
    return out;
  });
}

std::uint64_t LmdbStorage::chunks() const {
  const auto count = store_.read([](ReadTxn& tx) { return tx.count(tables::chunks); });
  return count ? *count : 0;
}

// Removes in steps, because a transaction must list all that it frees, and nobody else writes meanwhile.
Result<void> LmdbStorage::remove_blobs(const VaultId& vault) {
  for (bool more = true; more;) {
    const auto done = store_.write([&](WriteTxn& tx) -> Result<void> {
      const auto some = some_chunks(tx, vault);
      for (const auto& key : some) {
        tx.remove(tables::chunks, key);
        tx.remove(tables::leaves, key);
      }
      more = some.size() == removed_at_a_time;
      return {};
    });
    if (!done) return done;
  }
  return {};
}

}  // namespace vault::server

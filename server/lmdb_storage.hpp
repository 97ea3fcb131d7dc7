// SPDX-License-Identifier: Apache-2.0
// Implements Storage over LMDB, embedded, for one machine.
#pragma once

#include <filesystem>
#include <memory>

#include "base/limits.hpp"
#include "server/storage.hpp"
#include "server/tables.hpp"
#include "store/store.hpp"

namespace vault::server {

struct LmdbOptions {
  std::uint64_t quota = limits::quota_bytes;  // of accounts made from now on
  store::Sharing sharing = store::Sharing::sole;
};

class LmdbStorage final : public Storage {
 public:
  // Errors: those of store::Store::open.
  static Result<std::unique_ptr<LmdbStorage>> open(const std::filesystem::path& folder, const LmdbOptions& options);

  Result<std::optional<Account>> find_account(std::string_view name) const override;
  Result<void> create_account(std::string_view name, const VaultId& vault, const KeyringVersion& first,
                              const std::optional<Hash>& invitation) override;
  Result<std::vector<Account>> accounts(std::string_view after, std::size_t most) const override;
  Result<void> set_quota(std::string_view name, std::uint64_t bytes) override;
  Result<void> remove_account(std::string_view name) override;
  Result<void> add_invitation(const Hash& token) override;

  Result<wire::KeyringPage> keyrings(const VaultId& vault, std::uint32_t from, std::size_t bytes) const override;
  Result<std::optional<std::uint32_t>> keyring_version(const VaultId& vault, const Hash& hash) const override;
  Result<Replaced> replace_keyring(const VaultId& vault, const wire::KeyringHead& expected,
                                   const KeyringVersion& next) override;
  Result<wire::Heads> heads(const VaultId& vault) const override;
  Result<Appended> append(const VaultId& vault, const wire::KeyringHead& under, const DeviceId& device,
                          std::uint64_t first, const std::vector<Commit>& commits) override;
  Result<wire::CommitPage> commits(const VaultId& vault, const DeviceId& device, std::uint64_t from, std::size_t bytes,
                                   std::size_t most) const override;

  Result<PutChunk> put_chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index,
                             const Chunk& chunk) override;
  Result<std::optional<wire::BlobLeaves>> leaves(const VaultId& vault, const BlobId& blob) const override;
  Result<std::optional<Sealed>> chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index) const override;
  Result<std::vector<BlobId>> blobs(const VaultId& vault, const std::optional<BlobId>& after,
                                    std::size_t most) const override;

  Result<ServerSecret> secret() const override;
  void watch(std::function<void(const VaultId&)> changed) override { changed_ = std::move(changed); }

  // Writes a consistent copy of the database to a new file. The database may be in use.
  Result<void> copy_to(const std::filesystem::path& file) const { return store_.copy_to(file); }

  // Returns the number of chunks of all large values; 0 if it cannot be read.
  std::uint64_t chunks() const;
  std::uint64_t durable_commits() const { return store_.durable_commits(); }

 private:
  LmdbStorage(store::Store store, std::uint64_t quota) : store_(std::move(store)), quota_(quota) {}
  Result<void> remove_blobs(const VaultId& vault);
  void tell(const VaultId& vault) const {
    if (changed_) changed_(vault);
  }

  store::Store store_;
  std::uint64_t quota_;
  std::function<void(const VaultId&)> changed_;
};

}  // namespace vault::server

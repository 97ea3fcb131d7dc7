// SPDX-License-Identifier: Apache-2.0
// Fetches what a server has. Nothing here is believed: keyrings are returned as bytes; commits are stored in the table
// `chains` above the verified heads, where only verify() looks.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "daemon/remote/remote.hpp"
#include "daemon/state/writer.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Holds who signs a chain, as a verified keyring says, and where the chain of a revoked device ends.
struct Signer {
  SignKey key;
  std::optional<std::uint64_t> cut;  // seq
};
using Signers = std::map<DeviceId, Signer>;
Signers signers_of(const Keychain& keychain);

// Holds the commits of one answer as rows, up to the seq `until`. Each links to the one before; the last is signed by
// `signer`, if there is one. Errors: gap, tamper; fork if the signer has signed a follower of another history.
struct LinkedPage {
  std::vector<std::pair<store::Place, Sealed>> rows;
  Head head;
  std::uint64_t bytes = 0;
};
Result<LinkedPage> link_page(std::vector<Sealed> commits, const VaultId& vault, const DeviceId& device, Head before,
                             std::uint64_t until, const std::optional<SignKey>& signer);

// Returns the heads of all chains but our own.
std::map<DeviceId, Head> other_heads(const wire::Heads& heads, const DeviceId& self);

class Pull {
 public:
  Pull(Remote& remote, Writer& writer, std::shared_ptr<const store::Store> store, Threads& threads,
       const VaultId& vault)
      : remote_(remote), writer_(writer), store_(std::move(store)), threads_(threads), vault_(vault) {}

  // Fetches the chains of others up to the given heads, and returns how many commits were fetched. Each commit links to
  // the one before, the newest of each answer is signed by the chain's device, and the last has the hash of the head: a
  // server cannot fill the disk with commits that no device wrote. A locked vault knows no signers (nullopt); then
  // limits::unverified_bytes bounds what waits, over all pulls until it is verified or dropped. Commits beyond the cut
  // of a revoked device are fetched too, since a device may want back what it wrote itself, but nothing relies on them.
  // Errors: gap, tamper, limit.
  asio::awaitable<Result<std::uint64_t>> chains(std::map<DeviceId, Head> until, std::optional<Signers> signers);

  // Removes the commits above these heads, in all chains but that of `self`, and the waiting keyrings.
  enum class Keyrings { dropped, kept };
  asio::awaitable<Result<void>> drop_unverified(std::map<DeviceId, Head> verified, DeviceId self,
                                                Keyrings keyrings = Keyrings::dropped);

 private:
  asio::awaitable<Result<void>> chain(DeviceId device, Head until, std::optional<SignKey> signer);
  asio::awaitable<Result<void>> ended_chain(DeviceId device, Head until, Signer signer);
  asio::awaitable<Result<Head>> fetch(DeviceId device, std::uint64_t until, std::optional<SignKey> signer);

  Remote& remote_;
  Writer& writer_;
  std::shared_ptr<const store::Store> store_;
  Threads& threads_;
  VaultId vault_;
  std::uint64_t fetched_ = 0;  // commits, by this pull
};

// Fetches versions `from` to the head's; the last has the head's hash. Errors: gap, tamper, limit; those of Remote.
asio::awaitable<Result<std::vector<Sealed>>> pull_keyrings(Remote& remote, std::uint32_t from, wire::KeyringHead head);

// Returns the last stored commit of a chain, verified or not.
Head stored_head(const store::ReadTxn& tx, const DeviceId& device);

}  // namespace vault::daemon

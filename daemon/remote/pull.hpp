// SPDX-License-Identifier: Apache-2.0
// Fetching what a server has. Nothing here is believed: keyrings come back as bytes, commits are stored in the
// table `chains` above the verified heads, where only verify() looks.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "daemon/remote/remote.hpp"
#include "daemon/state/writer.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Who signs each chain, as a verified keyring says, and where the chain of a revoked device ends.
struct Signer {
  SignKey key;
  std::optional<std::uint64_t> cut;  // seq
};
using Signers = std::map<DeviceId, Signer>;
Signers signers_of(const Keychain& keychain);

// The commits of one answer as rows, up to the seq `until`, each linked to the one before; the last one signed by the
// signer, if there is one. Errors: gap, tamper; fork where the signer has signed what follows on another history.
struct LinkedPage {
  std::vector<std::pair<store::Place, Sealed>> rows;
  Head head;
  std::uint64_t bytes = 0;
};
Result<LinkedPage> link_page(std::vector<Sealed> commits, const VaultId& vault, const DeviceId& device, Head before,
                             std::uint64_t until, const std::optional<SignKey>& signer);

// The heads of all chains but one's own.
std::map<DeviceId, Head> other_heads(const wire::Heads& heads, const DeviceId& self);

class Pull {
 public:
  Pull(Remote& remote, Writer& writer, std::shared_ptr<const store::Store> store, Threads& threads,
       const VaultId& vault)
      : remote_(remote), writer_(writer), store_(std::move(store)), threads_(threads), vault_(vault) {}

  // The chains of others up to the heads given. Each commit links to the one before, the newest
  // of each answer is signed by the chain's device, and the last one has the hash of the head: a server cannot
  // fill the disk with what no device wrote. A locked vault knows no signers (nullopt), so there what waits is
  // bounded by limits::unverified_bytes, over all pulls until it is verified or dropped. What lies beyond the cut of a
  // revoked device counts for nobody: it is fetched too, since a device may want back what it wrote itself, but nothing
  // rests on it. How many commits were fetched. Errors: gap, tamper, limit.
  asio::awaitable<Result<std::uint64_t>> chains(std::map<DeviceId, Head> until, std::optional<Signers> signers);

  // Forgets what lies above these heads, in all chains but that of `self`, and the keyrings that wait.
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

// Versions `from` to the head's, whose hash the last one has. Errors: gap, tamper, limit, and those of Remote.
asio::awaitable<Result<std::vector<Sealed>>> pull_keyrings(Remote& remote, std::uint32_t from, wire::KeyringHead head);

// The last commit stored of a chain, verified or not.
Head stored_head(const store::ReadTxn& tx, const DeviceId& device);

}  // namespace vault::daemon

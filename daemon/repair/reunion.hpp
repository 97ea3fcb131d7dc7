// SPDX-License-Identifier: Apache-2.0
// Joins two histories of the keyring that each have a version with the same number, made with the password: a server
// took one before it was restored from a backup and one after, or shows each to half of the household. A *reunion*
// signs, for each version of ours that the server's history lacks, one more version there, which names ours as replaced
// and holds the devices that joined in it. Then the household has one history, and what was written under either is
// valid. crypto/FORMAT.md §7.
//
// The other devices of our branch find ours named when they are repaired in turn, and sign nothing.
#pragma once

#include <memory>
#include <vector>

#include "daemon/remote/remote.hpp"
#include "daemon/vault/local_vault.hpp"
#include "http/client.hpp"

namespace vault::daemon {

class Reunion {
 public:
  // Requires: `device` and `http` outlive this; `root` is of the newest keyring's password, verified.
  Reunion(LocalVault& device, HttpClient& http, std::shared_ptr<const crypto::RootKey> root);

  // Ends with the server's history, which names all of ours, as this device's; a remembered fork is then only a
  // rollback. Returns how many versions were signed. Errors: branches_apart if the two cannot be joined, because ours
  // has another vault key or password; those of Remote and of Keychain::accept.
  asio::awaitable<Result<std::uint64_t>> run();

 private:
  struct Sides {
    std::vector<Sealed> theirs;
    std::shared_ptr<const Keychain> their_keys, our_keys;
    std::uint32_t common = 0;  // the last version that both have
  };
  asio::awaitable<Result<Sides>> compare();
  Result<Sealed> next(const Sides& sides, std::uint32_t ours) const;
  asio::awaitable<Result<Ledger>> known(const Sides& sides) const;
  asio::awaitable<Result<Verified>> fetch_named(const Sides& sides);
  asio::awaitable<Result<void>> adopt(Sides sides);

  LocalVault& device_;
  std::shared_ptr<const crypto::RootKey> root_;
  Remote remote_;
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Gives a server back what it has lost, after it was restored from an old backup or set up again empty. Keyring
// versions and commits of all chains are sent byte for byte as this device verified them. Nothing is made, so any
// device can do it, locked or not, and a repair may be cut anywhere and repeated. wire/PROTOCOL.md §6.
//
// A repair runs only because a person asked for it. The next pull decides whether the server is trusted again.
#pragma once

#include <map>
#include <memory>

#include "daemon/remote/remote.hpp"
#include "daemon/vault/local_vault.hpp"
#include "http/client.hpp"

namespace vault::daemon {

// Says what a server lacks of what this device has; after send(), what was sent.
struct Loss {
  bool account = false;        // the account is unknown there: everything is lost
  bool device = false;         // the server does not know this device and shows it nothing: everything counts as lost
  std::uint32_t keyrings = 0;  // versions
  std::uint64_t commits = 0;
  std::map<DeviceId, std::uint64_t> chains;  // incomplete chains, with the last seq of each that the server has
};

class Repair {
 public:
  // Requires: `device` and `http` outlive this.
  Repair(LocalVault& device, HttpClient& http, Bytes invitation);

  // Asks the server, and sends nothing. Errors: those of Remote; branches_apart if the server has another keyring
  // version with the number of one that is here; fork if it has another commit.
  asio::awaitable<Result<Loss>> survey();

  // Sends what survey() found missing. Errors: those of survey(); account_taken; registration_closed, invite_needed;
  // repair_unknown_key if the server has all keyrings and still refuses this device.
  asio::awaitable<Result<Loss>> send();

 private:
  asio::awaitable<Result<Loss>> without_session();
  Result<Loss> everything() const;
  Result<Loss> compare(const wire::Heads& served) const;
  asio::awaitable<Result<void>> send_keyrings(Loss loss);
  asio::awaitable<Result<std::uint64_t>> send_chain(DeviceId device, std::uint64_t there);

  LocalVault& device_;
  Bytes invitation_;
  Remote remote_;
  std::map<DeviceId, Head> known_;  // heads that may be sent
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Giving a server back what it has lost: after it was restored from an old backup, or begun anew with nothing. Keyring
// versions and commits of all chains are sent byte for byte as this device verified them; nothing is made, so any
// device can do it, locked or not, and it may be cut anywhere and repeated. wire/PROTOCOL.md §6.
//
// It runs because a person asked for it. Whether the server is trusted again the next pull decides.
#pragma once

#include <map>
#include <memory>

#include "daemon/remote/remote.hpp"
#include "daemon/vault/local_vault.hpp"
#include "http/client.hpp"

namespace vault::daemon {

// What a server lacks of what this device has; or, afterwards, what was sent.
struct Loss {
  bool account = false;        // all of it: the account is unknown there
  bool device = false;         // it does not know this device, and shows it nothing: all is taken for lost
  std::uint32_t keyrings = 0;  // versions
  std::uint64_t commits = 0;
  std::map<DeviceId, std::uint64_t> chains;  // those that lack some, with the last seq of each that is there
};

class Repair {
 public:
  // What is here outlives it. `signs`: a request of this device.
  Repair(LocalVault& device, HttpClient& http, Bytes invitation);

  // Asks, and sends nothing. Errors: those of Remote; branches_apart when the server has another keyring version in
  // the place of one that is here, fork when it has another commit.
  asio::awaitable<Result<Loss>> survey();

  // Sends what survey() says. Errors: also account_taken; registration_closed, invite_needed; repair_unknown_key when
  // the server has all keyrings and refuses this device all the same.
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
  std::map<DeviceId, Head> known_;  // that may be sent
};

}  // namespace vault::daemon

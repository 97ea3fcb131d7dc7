// SPDX-License-Identifier: Apache-2.0
// Changes of the keyring that a person asks for: another password, a device revoked, another name. A version is made
// with the password, kept on the disk, and sent until the server has it or another one stands in its place.
// wire/PROTOCOL.md §6, "A change".
#pragma once

#include <functional>

#include "daemon/keyring/next_keyring.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class Sync;

// The version that follows the newest of the open vault. Called anew whenever somebody else's came first. It judges the
// password too, since that may be another one by then: is_present().
using MakeChange = std::function<Result<UnsentChange>(const Unlocked& vault)>;

// Makes the change against a verified, complete state of the vault; it is in force here when this returns. Requires:
// the vault is open and stays so. Errors: those of a round of sync, when nothing was made; those of `make`;
// change_unconfirmed when the server may have it or not, and the rounds go on sending it.
asio::awaitable<Result<void>> change_keyring(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make);

// The same of a server that is distrusted, against what was verified before: for a revocation, which must not wait
// until the server can be trusted. Errors: distrusted when the server has another keyring than this device knows.
asio::awaitable<Result<void>> change_distrusted(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make);

// Whether it is the root of the password that the newest version has. Errors: password_changed.
Result<void> is_present(const Keychain& keychain, const crypto::RootKey& root);

// A change to begin with: all that this device knows of the chains, and nothing else.
KeyringChange change_of(const LocalVault& device, const Unlocked& vault, const crypto::RootKey& root);

// A password that takes the place of `root`'s: what it gives, with a seed of its own. Errors: the details for
// passwords.
struct NewPassword {
  std::shared_ptr<const crypto::RootKey> root;
  Seed seed;
};
asio::awaitable<Result<NewPassword>> derive_new(std::shared_ptr<LocalVault> device, Secret password);

// Whether two passwords are one, as a vault takes them. Errors: the details for passwords.
Result<void> must_differ(const Secret& old, const Secret& fresh);

}  // namespace vault::daemon

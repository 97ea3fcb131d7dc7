// SPDX-License-Identifier: Apache-2.0
// Changes the keyring when a person asks for it: another password, a device revoked, another name. A version is made
// with the password, stored on the disk, and sent until the server has it, or another version takes its number.
// wire/PROTOCOL.md §6, "A change".
#pragma once

#include <functional>

#include "daemon/keyring/next_keyring.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class Sync;

// Makes the version that follows the newest of the open vault. Called again whenever somebody else's version came
// first. It must check the password as well, which may have changed meanwhile: is_present().
using MakeChange = std::function<Result<UnsentChange>(const Unlocked& vault)>;

// Makes the change against a verified, complete state of the vault; on return it is in force here. Requires: the vault
// is open and stays so. Errors: those of a round of sync, if nothing was made; those of `make`; change_unconfirmed if
// the server may have the version or not; later rounds then go on sending it.
asio::awaitable<Result<void>> change_keyring(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make);

// Makes a change against what was verified before, though the server is distrusted: a revocation must not wait. Errors:
// also distrusted, if the server has a keyring that this device does not know.
asio::awaitable<Result<void>> change_distrusted(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make);

// Checks that `root` is of the newest version's password. Errors: password_changed.
Result<void> is_present(const Keychain& keychain, const crypto::RootKey& root);

// Returns a change that names all heads this device knows, and changes nothing else.
KeyringChange change_of(const LocalVault& device, const Unlocked& vault, const crypto::RootKey& root);

// Derives the keys of a new password, with a seed of its own. Errors: the details for passwords.
struct NewPassword {
  std::shared_ptr<const crypto::RootKey> root;
  Seed seed;
};
asio::awaitable<Result<NewPassword>> derive_new(std::shared_ptr<LocalVault> device, Secret password);

// Checks that two passwords differ after normalisation (NFC). Errors: password_same; the details for passwords.
Result<void> must_differ(const Secret& old, const Secret& fresh);

}  // namespace vault::daemon

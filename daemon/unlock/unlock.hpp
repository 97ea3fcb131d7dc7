// SPDX-License-Identifier: Apache-2.0
// Opens the vault with its password: verifies what is on the disk, and whether it is the newest there is. If it may not
// be, this device takes a new identity before it writes again. store/SCHEMA.md, "Own state".
#pragma once

#include "daemon/sync/sync.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Holds what a password opens of what is stored here.
struct Keys {
  std::shared_ptr<const crypto::RootKey> root;
  LoginTerms terms;
  std::shared_ptr<const Keychain> keychain;  // also with a new identity's version that the server does not have
  std::shared_ptr<const crypto::Identity> identity;
  std::shared_ptr<const Keychain> newest;  // also with versions not in force here yet that proved the password
};

// Unlocks the vault; works off-line, and `sync` may be null. If the vault is open, the password is checked, and an
// identity that waits for it is made. A password that was changed elsewhere works as soon as the version with it was
// pulled; the former one until this device has followed. Stores the root key in `root`, if that is not null. Errors:
// auth; storage if the database does not verify.
asio::awaitable<Result<void>> unlock_vault(std::shared_ptr<LocalVault> device, Sync* sync, Secret password,
                                           std::shared_ptr<const crypto::RootKey>* root = nullptr);

// Unlocks the vault with the recovery code of a sheet, which must be that of the newest version stored here. Errors:
// code_refused; roll_pending if an identity waits, which only a password can make; storage.
asio::awaitable<Result<void>> unlock_with_code(std::shared_ptr<LocalVault> device,
                                               std::shared_ptr<const crypto::RecoveryKeys> code);

}  // namespace vault::daemon

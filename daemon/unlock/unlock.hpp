// SPDX-License-Identifier: Apache-2.0
// Opening the vault with its password: what is on the disk is verified, and whether it is the newest there is. If it
// may not be, this device takes a new identity before it writes again. store/SCHEMA.md, "Own state".
#pragma once

#include "daemon/sync/sync.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// What a password opens, of what is stored here.
struct Keys {
  std::shared_ptr<const crypto::RootKey> root;
  LoginTerms terms;
  std::shared_ptr<const Keychain> keychain;  // with the version of a roll that the server has not got
  std::shared_ptr<const crypto::Identity> identity;
  std::shared_ptr<const Keychain> newest;  // and with those versions, not in force here yet, that proved the password
};

// Works off-line; `sync` may be null. Of a vault that is open the password is tried, and an identity that waits for it
// is made. A password that was changed elsewhere opens as soon as the version that has it was pulled, and the one
// before until this device has followed. What the password gives goes to `root`, if that is not null. Errors: auth;
// storage when the database does not verify.
asio::awaitable<Result<void>> unlock_vault(std::shared_ptr<LocalVault> device, Sync* sync, Secret password,
                                           std::shared_ptr<const crypto::RootKey>* root = nullptr);

// The same with the recovery code of a sheet, of the newest version that is stored here. Errors: code_refused;
// roll_pending where an identity waits, which only a password can make; storage.
asio::awaitable<Result<void>> unlock_with_code(std::shared_ptr<LocalVault> device,
                                               std::shared_ptr<const crypto::RecoveryKeys> code);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// What the password may do to the vault's password and devices, each a version of the keyring:
// daemon/members/rekey.hpp.
#pragma once

#include "daemon/members/sheets.hpp"

namespace vault::daemon {

using Root = std::shared_ptr<const crypto::RootKey>;

// `root` is of the password that the vault is open by, and `fresh` another one. Errors: those of change_keyring().
asio::awaitable<Result<void>> change_password(std::shared_ptr<LocalVault> device, Sync& sync, Root root, Secret fresh);

// The device that a person means: its id, the first four digits or more of one, or a name that only one has. Errors:
// device_unknown, device_ambiguous.
Result<DeviceId> find_device(const Keychain& keychain, std::string_view which);

// A device that was revoked, and what it could read until then.
struct Revoked {
  crypto::KeyringDevice device;
  std::uint64_t items = 0, versions = 0;
  std::optional<MadeSheet> sheet;  // where there was one, which it may have known: this one has taken its place
};

// Its chain ends with the last commit of it that is verified here, and the vault has another password, which it never
// knew. Errors: those of find_device() and change_keyring(); device_is_self, device_revoked_already.
asio::awaitable<Result<void>> revoke(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     Secret fresh, std::shared_ptr<Revoked> out);

// Errors: those of find_device() and change_keyring(); device_name_bad.
asio::awaitable<Result<void>> rename(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     std::string name, std::shared_ptr<DeviceId> out);

}  // namespace vault::daemon

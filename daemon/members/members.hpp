// SPDX-License-Identifier: Apache-2.0
// Changes the vault's password and devices, as the password allows. Each change is a version of the keyring:
// daemon/members/rekey.hpp.
#pragma once

#include "daemon/members/sheets.hpp"

namespace vault::daemon {

using Root = std::shared_ptr<const crypto::RootKey>;

// Sets the password `fresh`. `root` is of the one that opened the vault. Errors: those of change_keyring().
asio::awaitable<Result<void>> change_password(std::shared_ptr<LocalVault> device, Sync& sync, Root root, Secret fresh);

// Returns the device that a person means: by its id, by at least the first four digits of it, or by a name that only
// one device has. Errors: device_unknown, device_ambiguous.
Result<DeviceId> find_device(const Keychain& keychain, std::string_view which);

// Describes a device that was revoked, and what it could read until then.
struct Revoked {
  crypto::KeyringDevice device;
  std::uint64_t items = 0, versions = 0;
  std::optional<MadeSheet> sheet;  // a new sheet, if there was one: the device may have known the old code
};

// Revokes a device. Its chain ends with the last commit verified here, and the vault has another password, which the
// device never knew. Errors: those of find_device() and change_keyring(); device_is_self, device_revoked_already.
asio::awaitable<Result<void>> revoke(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     Secret fresh, std::shared_ptr<Revoked> out);

// Sets a device's name. Errors: those of find_device() and change_keyring(); device_name_bad.
asio::awaitable<Result<void>> rename(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     std::string name, std::shared_ptr<DeviceId> out);

}  // namespace vault::daemon

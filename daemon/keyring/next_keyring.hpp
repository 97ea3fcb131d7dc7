// SPDX-License-Identifier: Apache-2.0
// The keyring version after the newest one of a keychain: what changes is said here, all else is carried on, and the
// result is sealed and signed. crypto/FORMAT.md §7. Joining, taking a new identity and whatever else changes a keyring
// say it in these words.
#pragma once

#include <optional>

#include "crypto/recovery.hpp"
#include "daemon/keyring/keychain.hpp"

namespace vault::daemon {

struct KeyringChange {
  DeviceId author;
  const crypto::RootKey& root;                 // of the present password
  std::vector<crypto::KeyringDevice> joins;    // their version is filled in
  std::vector<crypto::KeyringDevice> adopts;   // that have joined in the sibling
  std::map<DeviceId, Head> cuts;               // who is revoked, with the last commit that counts; zeros: none does
  std::map<DeviceId, std::string> names = {};  // new ones
  std::map<DeviceId, Head> heads;              // of the chains, as far as the author has verified them

  struct Password {
    const crypto::RootKey& root;
    Seed seed;
  };
  std::optional<Password> password;  // that takes the place of the present one
  std::optional<Hash> sibling;       // of the newest version, replaced too

  const crypto::RecoveryKeys* code = nullptr;  // of a new recovery code, that takes the place of the present one

  // Of the present code: signs where nobody knows the present password, and `root` is of the new one. Requires: a new
  // password and a new code.
  const crypto::RecoveryAuthKey* sheet = nullptr;
};

// There is a new generation, with a slot for every active device, where somebody is revoked, the password is new, or a
// recovery code ends: whoever has that one, and a copy of what the server had, is not to open what is written later. A
// first code makes none.
// The vault key is made here; whoever is active opens it with the slot. Errors: too_many_devices; gap for a head or cut
// below one that an earlier version names; usage for a cut of a device that is not active; limit above 256 KiB, or
// 4,096 generations.
[[nodiscard]] Result<Sealed> next_keyring(const Keychain& keychain, const KeyringChange& change);

}  // namespace vault::daemon

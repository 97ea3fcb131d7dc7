// SPDX-License-Identifier: Apache-2.0
// Makes the keyring version after the newest one of a keychain. A KeyringChange says what changes; all else is carried
// on. The result is sealed and signed. crypto/FORMAT.md §7. A join, a new identity and every other change of a keyring
// are made this way.
#pragma once

#include <optional>

#include "crypto/recovery.hpp"
#include "daemon/keyring/keychain.hpp"

namespace vault::daemon {

struct KeyringChange {
  DeviceId author;
  const crypto::RootKey& root;                 // of the present password
  std::vector<crypto::KeyringDevice> joins;    // new devices; next_keyring() fills in their version
  std::vector<crypto::KeyringDevice> adopts;   // devices that joined in the sibling
  std::map<DeviceId, Head> cuts;               // to revoke, with the last commit that counts; zeros: none does
  std::map<DeviceId, std::string> names = {};  // new names
  std::map<DeviceId, Head> heads;              // of the chains, as far as the author has verified them

  struct Password {
    const crypto::RootKey& root;
    Seed seed;
  };
  std::optional<Password> password;  // replaces the present password
  std::optional<Hash> sibling;       // of the newest version; replaced as well

  const crypto::RecoveryKeys* code = nullptr;  // of a new recovery code, which replaces the present one

  // Signs, as the present code's key, if nobody knows the present password; `root` is then the new one's. Requires: a
  // new password and a new code.
  const crypto::RecoveryAuthKey* sheet = nullptr;
};

// Returns the next version. It has a new generation, with a slot for every active device, if somebody is revoked, the
// password is new, or a recovery code ends: whoever has the old one, and a copy of the server's data, must not open
// what is written later. A first code makes no new generation. The vault key is made here; each active device opens it
// with its slot. Errors: too_many_devices; gap for a head or cut below one that an earlier version names; usage for a
// cut of a device that is not active; limit above 256 KiB, or 4,096 generations.
[[nodiscard]] Result<Sealed> next_keyring(const Keychain& keychain, const KeyringChange& change);

}  // namespace vault::daemon

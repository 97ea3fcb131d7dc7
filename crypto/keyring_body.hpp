// SPDX-License-Identifier: Apache-2.0
// Seals and opens keyring versions: crypto/FORMAT.md §7. hdr0, the public part, is laid out by wire/; the daemon checks
// the rules from one version to the next.
#pragma once

#include <string>

#include "base/sealed.hpp"
#include "crypto/content.hpp"
#include "crypto/keyring_trailer.hpp"
#include "crypto/layout.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

struct KeyringDevice {
  DeviceId id;
  std::string name;
  SignKey sig;  // checks its commits
  BoxKey box;   // receives new vault keys
  SignKey net;  // checks its requests
  bool active = true;
  std::uint64_t joined = 0;          // ms since 1970
  std::uint32_t joined_version = 0;  // the keyring version in which it joined
  std::uint64_t revoked_seq = 0;     // its last commit that counts; zeros while active
  Hash revoked_hash;
  bool operator==(const KeyringDevice&) const = default;
};

struct KeyringBody {
  NameKey names;
  BoxKey recovery_box;                 // zeros without a recovery code
  Secret recovery_psk;                 // 32 bytes; zeros without a recovery code
  std::vector<VaultKey> older;         // VK_1 … VK_{g-1}
  std::vector<KeyringDevice> devices;  // any order; sorted when read
  std::map<DeviceId, Head> heads;
  std::uint8_t minimum_format = layout::format;

  // Returns a copy, from which to make the next version.
  KeyringBody clone() const;
  const KeyringDevice* find(const DeviceId& id) const;
};

// Names who signs a version: always its own AUTH. If that differs from the AUTH of the version before, the old AUTH or
// RAUTH signs too.
struct KeyringSigners {
  const AuthKey& own;
  const AuthKey* previous = nullptr;
  const RecoveryAuthKey* recovery = nullptr;
};

// Seals a keyring version. `current` is VK_g and seals; `previous`, the vault key of version v - 1 (VK_1 if v = 1),
// makes the link. Requires: hdr0 of kind keyring with zeros for n and total; g - 1 older keys; ids that all differ.
// Errors: limit above 256 KiB.
[[nodiscard]] Result<Sealed> seal_keyring(const VaultKey& current, const VaultKey& previous, Bytes hdr0,
                                          const KeyringBody& body, const KeyringSigners& signers);

// Opens the body of version `version` and checks the hash of hdr0 in it. `hdr0_size` is the size that wire/ read.
// Errors: limit, downgrade, tamper.
[[nodiscard]] Result<KeyringBody> open_keyring_body(const VaultKey& key, BytesView keyring, std::size_t hdr0_size,
                                                    const VaultId& vault, std::uint32_t version);

// True if whoever made the link had `previous`, the vault key of the version before.
[[nodiscard]] bool verify_link(const VaultKey& previous, const VaultId& vault, BytesView keyring,
                               std::size_t hdr0_size);

}  // namespace vault::crypto

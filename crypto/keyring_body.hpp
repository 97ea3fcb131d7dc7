// SPDX-License-Identifier: Apache-2.0
// The sealed part of a keyring version, and the whole of its sealing: crypto/FORMAT.md §7. The public part is hdr0,
// which wire/ lays out; the rules between one version and the next are the daemon's.
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
  std::uint32_t joined_version = 0;  // of the keyring
  std::uint64_t revoked_seq = 0;     // the last commit of it that counts; zeros while active
  Hash revoked_hash;
  bool operator==(const KeyringDevice&) const = default;
};

struct KeyringBody {
  NameKey names;
  BoxKey recovery_box;                 // zeros without a recovery code
  Secret recovery_psk;                 // 32 bytes, zeros likewise
  std::vector<VaultKey> older;         // VK_1 … VK_{g-1}
  std::vector<KeyringDevice> devices;  // any order; sorted when read
  std::map<DeviceId, Head> heads;
  std::uint8_t minimum_format = layout::format;

  KeyringBody clone() const;  // to make the next version from
  const KeyringDevice* find(const DeviceId& id) const;
};

// Who signs: always the AUTH of this version; and where it differs from that of the version before, that one too, or
// RAUTH in its place.
struct KeyringSigners {
  const AuthKey& own;
  const AuthKey* previous = nullptr;
  const RecoveryAuthKey* recovery = nullptr;
};

// `current` is VK_g and seals; `previous` is the vault key of version v - 1 and makes the link, VK_1 for v = 1.
// Requires: hdr0 of kind keyring with zeros for n and total; g - 1 older keys; ids that differ. Errors: limit above 256
// KiB.
[[nodiscard]] Result<Sealed> seal_keyring(const VaultKey& current, const VaultKey& previous, Bytes hdr0,
                                          const KeyringBody& body, const KeyringSigners& signers);

// The body of version `version`, whose hdr0 is repeated in it. `hdr0_size` is what wire/ read. Errors: limit,
// downgrade, tamper.
[[nodiscard]] Result<KeyringBody> open_keyring_body(const VaultKey& key, BytesView keyring, std::size_t hdr0_size,
                                                    const VaultId& vault, std::uint32_t version);

// Whether the link of a version is by whoever had the vault key of the version before.
[[nodiscard]] bool verify_link(const VaultKey& previous, const VaultId& vault, BytesView keyring,
                               std::size_t hdr0_size);

}  // namespace vault::crypto

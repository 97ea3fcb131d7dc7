// SPDX-License-Identifier: Apache-2.0
// Seals and opens slots. A slot holds the vault key for a password, a device or a recovery code. It proves nothing by
// itself and counts only inside a keyring that verifies. crypto/FORMAT.md §7.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/box.hpp"
#include "crypto/key.hpp"
#include "crypto/recovery.hpp"

namespace vault::crypto {

// Holds what every slot says in the clear: who made it, for which generation, and in which keyring version.
struct SlotPlace {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId author;
  std::uint32_t version = 0;
  std::uint32_t generation = 0;
};

[[nodiscard]] Sealed seal_password_slot(const PasswordKey& key, const VaultKey& content, const SlotPlace& place);

// Errors: auth if the slot is intact but has another key, so the password is wrong; downgrade; tamper.
[[nodiscard]] Result<VaultKey> open_password_slot(const PasswordKey& key, BytesView slot, const VaultId& vault);

// `previous` is VK_{g-1}. Errors: tamper if no device can have the recipient's key (the agreement is all zeros).
[[nodiscard]] Result<Sealed> seal_device_slot(const VaultKey& content, const VaultKey& previous, const SlotPlace& place,
                                              const DeviceId& recipient, const BoxKey& recipient_key);

// Requires the slot to be for this device, vault, version and generation. Errors: downgrade, tamper.
[[nodiscard]] Result<VaultKey> open_device_slot(BytesView slot, const BoxPrivate& key, const VaultKey& previous,
                                                const VaultId& vault, const DeviceId& recipient, std::uint32_t version,
                                                std::uint32_t generation);

// `psk` is RPSK, 32 bytes, and `key` is RBOX_pk. Both are in the keyring body.
[[nodiscard]] Result<Sealed> seal_recovery_slot(const VaultKey& content, const BoxKey& key, const Secret& psk,
                                                const SlotPlace& place);

// Errors: auth if the slot is of another code; downgrade; tamper.
[[nodiscard]] Result<VaultKey> open_recovery_slot(const RecoveryKeys& keys, BytesView slot, const VaultId& vault);

}  // namespace vault::crypto

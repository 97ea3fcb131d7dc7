// SPDX-License-Identifier: Apache-2.0
// Slots: the vault key, sealed so that a password, a device or a recovery code opens it. crypto/FORMAT.md §7. A slot
// proves nothing by itself; it counts only inside a keyring that verifies.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/box.hpp"
#include "crypto/key.hpp"
#include "crypto/recovery.hpp"

namespace vault::crypto {

// What every slot says in clear: in which version of the keyring it was made, for which generation, by whom.
struct SlotPlace {
  std::uint8_t suite = 0;
  VaultId vault;
  DeviceId author;
  std::uint32_t version = 0;
  std::uint32_t generation = 0;
};

[[nodiscard]] Sealed seal_password_slot(const PasswordKey& key, const VaultKey& content, const SlotPlace& place);

// Errors: auth when the slot is whole and this key is not its key, so the password is wrong; downgrade; tamper.
[[nodiscard]] Result<VaultKey> open_password_slot(const PasswordKey& key, BytesView slot, const VaultId& vault);

// `previous` is VK_{g-1}. Errors: tamper when the recipient's key is one that no device has (all-zero agreement).
[[nodiscard]] Result<Sealed> seal_device_slot(const VaultKey& content, const VaultKey& previous, const SlotPlace& place,
                                              const DeviceId& recipient, const BoxKey& recipient_key);

// The slot must be for this device, vault, version and generation. Errors: downgrade, tamper.
[[nodiscard]] Result<VaultKey> open_device_slot(BytesView slot, const BoxPrivate& key, const VaultKey& previous,
                                                const VaultId& vault, const DeviceId& recipient, std::uint32_t version,
                                                std::uint32_t generation);

// `psk`: RPSK, 32 bytes, and `key`: RBOX_pk, both from the keyring body.
[[nodiscard]] Result<Sealed> seal_recovery_slot(const VaultKey& content, const BoxKey& key, const Secret& psk,
                                                const SlotPlace& place);

// Errors: auth when the code is not the slot's; downgrade; tamper.
[[nodiscard]] Result<VaultKey> open_recovery_slot(const RecoveryKeys& keys, BytesView slot, const VaultId& vault);

}  // namespace vault::crypto

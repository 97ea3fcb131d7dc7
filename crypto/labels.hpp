// SPDX-License-Identifier: Apache-2.0
// Lists the labels that derivations use, in the order of crypto/FORMAT.md §2.
#pragma once

#include <string_view>

namespace vault::crypto::label {

inline constexpr std::string_view kdf = "vaultd/v1/kdf";
inline constexpr std::string_view auth = "vaultd/v1/auth";
inline constexpr std::string_view password_slot = "vaultd/v1/password-slot";
inline constexpr std::string_view hedge = "vaultd/v1/hedge";
inline constexpr std::string_view seal = "vaultd/v1/seal";
inline constexpr std::string_view dk_wrap = "vaultd/v1/dk-wrap";
inline constexpr std::string_view keyring_body = "vaultd/v1/keyring-body";
inline constexpr std::string_view keyring_link = "vaultd/v1/keyring-link";
inline constexpr std::string_view local = "vaultd/v1/local";
inline constexpr std::string_view anchor = "vaultd/v1/anchor";
inline constexpr std::string_view name_tag = "vaultd/v1/name-tag";
inline constexpr std::string_view version_check = "vaultd/v1/version-check";
inline constexpr std::string_view slot_psk = "vaultd/v1/slot-psk";
inline constexpr std::string_view device_slot = "vaultd/v1/device-slot";
inline constexpr std::string_view recovery_slot = "vaultd/v1/recovery-slot";
inline constexpr std::string_view recovery_box = "vaultd/v1/recovery-box";
inline constexpr std::string_view recovery_auth = "vaultd/v1/recovery-auth";
inline constexpr std::string_view recovery_psk = "vaultd/v1/recovery-psk";
inline constexpr std::string_view recovery_check = "vaultd/v1/recovery-check";
inline constexpr std::string_view fresh_vault_id = "vaultd/v1/fresh-vault-id";
inline constexpr std::string_view fresh_seed = "vaultd/v1/fresh-seed";
inline constexpr std::string_view fresh_vault_key = "vaultd/v1/fresh-vault-key";
inline constexpr std::string_view fresh_name_key = "vaultd/v1/fresh-name-key";
inline constexpr std::string_view fresh_ephemeral = "vaultd/v1/fresh-ephemeral";
inline constexpr std::string_view fresh_recovery_code = "vaultd/v1/fresh-recovery-code";
inline constexpr std::string_view identity_device_id = "vaultd/v1/identity-device-id";
inline constexpr std::string_view identity_sig = "vaultd/v1/identity-sig";
inline constexpr std::string_view identity_box = "vaultd/v1/identity-box";
inline constexpr std::string_view identity_net = "vaultd/v1/identity-net";
inline constexpr std::string_view identity_dk = "vaultd/v1/identity-dk";
inline constexpr std::string_view state = "vaultd/v1/state";

}  // namespace vault::crypto::label

// SPDX-License-Identifier: Apache-2.0
// New random values: crypto/FORMAT.md §9. Each mixes what the kernel gives with what else there is, so that a random
// generator that repeats does not make two vaults, keys or slots one.
#pragma once

#include "crypto/box.hpp"
#include "crypto/password.hpp"

namespace vault::crypto {

// `fingerprint`: of machine and folder; `time_ms`: since 1970.
VaultId new_vault_id(const Hash& fingerprint, std::uint64_t time_ms);
Seed new_seed(const VaultId& vault, const Hash& fingerprint, std::uint64_t time_ms);

// VK_g. `before`: the hash of the keyring version before, zeros for the first. A generator that repeats makes no two
// generations one.
VaultKey new_vault_key(const RootKey& root, const VaultId& vault, std::uint32_t generation = 1,
                       const Hash& before = {});
NameKey new_name_key(const RootKey& root, const VaultId& vault);

// For one slot.
BoxPrivate new_ephemeral(const VaultKey& key, const BoxKey& recipient, const VaultId& vault);

// 32 bytes of getrandom(2).
Secret random_bytes();

}  // namespace vault::crypto

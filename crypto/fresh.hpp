// SPDX-License-Identifier: Apache-2.0
// Makes new random values: crypto/FORMAT.md §9. Each mixes random bytes of the kernel with other input, so that a
// random generator that repeats itself does not make two vaults, keys or slots equal.
#pragma once

#include "crypto/box.hpp"
#include "crypto/password.hpp"

namespace vault::crypto {

// `fingerprint` is the hash that names machine and folder, `time_ms` the ms since 1970.
VaultId new_vault_id(const Hash& fingerprint, std::uint64_t time_ms);
Seed new_seed(const VaultId& vault, const Hash& fingerprint, std::uint64_t time_ms);

// Makes VK_g. `before` is the hash of the keyring version before, zeros for the first. It keeps two generations
// different even if the generator repeats itself.
VaultKey new_vault_key(const RootKey& root, const VaultId& vault, std::uint32_t generation = 1,
                       const Hash& before = {});
NameKey new_name_key(const RootKey& root, const VaultId& vault);

// Makes the ephemeral key of one slot.
BoxPrivate new_ephemeral(const VaultKey& key, const BoxKey& recipient, const VaultId& vault);

// Returns 32 bytes of getrandom(2).
Secret random_bytes();

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Makes void what was sealed under an older vault key and not acknowledged, and writes its content again under the
// newest one. crypto/FORMAT.md §6, "Jumps".
#pragma once

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Writes the jump, and what follows it again, durable in one transaction on return. Does nothing if no waiting commit
// is outdated. Requires: the keyring does not change meanwhile. Errors: push_locked if the vault is locked, or has not
// followed the newest keyring known here; storage, and then nothing has changed.
asio::awaitable<Result<void>> jump_if_due(std::shared_ptr<LocalVault> device);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Leaving behind what was sealed under an older vault key and not acknowledged: it becomes void, and what it wrote is
// written again under the newest one. crypto/FORMAT.md §6, "Jumps".
#pragma once

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Writes the jump and what follows it again, durable in one transaction when it returns. Nothing to do when nothing of
// what waits is outdated. Requires: the keyring does not change meanwhile. Errors: locked when the vault has been
// locked, or has not followed the newest keyring that is known here; storage, and then all is as it was.
asio::awaitable<Result<void>> jump_if_due(std::shared_ptr<LocalVault> device);

}  // namespace vault::daemon

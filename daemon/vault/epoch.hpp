// SPDX-License-Identifier: Apache-2.0
// A new vault key asks every device for a new key of its own before its next write: an epoch, opened by a commit.
// crypto/FORMAT.md §6. Whoever plans a commit calls this first.
#pragma once

#include <memory>

#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// The device in the epoch that comes next, with a key of its own making.
std::shared_ptr<const crypto::Identity> next_identity(const Unlocked& vault);

// Hands the commit that opens the epoch to the writer, if the vault key has changed since the present one began; the
// plans after it are sealed with the new key. Nothing to wait for: if it cannot be stored, neither can they.
void open_due_epoch(const std::shared_ptr<Unlocked>& vault, Writer& writer);

}  // namespace vault::daemon

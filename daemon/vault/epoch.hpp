// SPDX-License-Identifier: Apache-2.0
// Opens a new epoch: after a change of the vault key every device needs a new key of its own before its next write. A
// commit opens the epoch. crypto/FORMAT.md §6. Requires: called before a commit is planned.
#pragma once

#include <memory>

#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// Returns this device's identity for the next epoch, with a new key of its own.
std::shared_ptr<const crypto::Identity> next_identity(const Unlocked& vault);

// Queues the commit that opens the epoch, if the vault key has changed since the present one began; later plans are
// sealed with the new key. Does not wait: if the commit cannot be stored, neither can they.
void open_due_epoch(const std::shared_ptr<Unlocked>& vault, Writer& writer);

}  // namespace vault::daemon

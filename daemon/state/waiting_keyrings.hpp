// SPDX-License-Identifier: Apache-2.0
// Stores keyring versions that were pulled and wait for the key. Nothing in them has been opened. Before they are kept,
// may_wait() checks all that can be known without the key: each follows the one before, from the newest verified here,
// and is signed by whoever had the password or code before it.
#pragma once

#include <vector>

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Returns all versions that are verified here, from the first.
std::vector<Sealed> stored_keyrings(const store::ReadTxn& tx);

// Returns the versions that wait, from the one after the newest verified.
std::vector<Sealed> waiting_keyrings(const store::ReadTxn& tx);

// Checks that they follow the newest verified one, and each other. Errors: tamper; downgrade, limit of a header.
Result<void> may_wait(const store::ReadTxn& tx, const std::vector<Sealed>& versions);

// Stores the versions in place of those that waited. Versions that are only a beginning of what waits change nothing: a
// server that shows less now takes nothing back. Requires: may_wait(). Errors: limit if more would wait than may.
Result<void> keep_waiting(store::WriteTxn& tx, const std::vector<Sealed>& versions);

}  // namespace vault::daemon

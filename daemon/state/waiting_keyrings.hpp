// SPDX-License-Identifier: Apache-2.0
// Keyring versions that were pulled and wait for the key. Nothing in them was opened: that they follow the newest
// version that is verified here, one after the other, each signed by whoever had the password or the code before, is
// all that is known of them, and is looked at before they are kept.
#pragma once

#include <vector>

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// All versions that are verified here, from the first.
std::vector<Sealed> stored_keyrings(const store::ReadTxn& tx);

// Those that wait, from the one after the newest verified.
std::vector<Sealed> waiting_keyrings(const store::ReadTxn& tx);

// Whether they follow the newest verified one, and each other. Errors: tamper; downgrade and limit of a header.
Result<void> may_wait(const store::ReadTxn& tx, const std::vector<Sealed>& versions);

// Keeps them in the place of what waited. Of the same history a server that shows less now, or nothing, takes nothing
// back. Requires: they may wait. Errors: limit, when more waits than may.
Result<void> keep_waiting(store::WriteTxn& tx, const std::vector<Sealed>& versions);

}  // namespace vault::daemon

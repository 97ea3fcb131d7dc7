// SPDX-License-Identifier: Apache-2.0
// How much lies here that nobody has verified: what a locked vault pulled, which knows no signers. The number is in the
// database, changed with the rows that it counts, so that a server cannot begin anew with each start of the daemon.
// store/SCHEMA.md, `unverified`.
#pragma once

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Counts commits that are stored in the same transaction, without a signer to judge them. Errors: limit when more than
// limits::unverified_bytes would wait, with the keyrings that do.
Result<void> add_unverified(store::WriteTxn& tx, std::uint64_t bytes);

// Whether what waits, keyrings too, is within limits::unverified_bytes. Errors: limit.
Result<void> has_room(const store::ReadTxn& tx);

// Counts anew where something had been counted: after heads have moved, or what lay above them is gone.
void settle_unverified(store::WriteTxn& tx);

}  // namespace vault::daemon

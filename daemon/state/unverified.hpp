// SPDX-License-Identifier: Apache-2.0
// Bounds how many bytes wait here unverified: a locked vault pulls them without knowing the signers. The number is in
// the database and changes with the rows that it counts, so no server gets a new allowance with each start of the
// daemon. store/SCHEMA.md, `unverified`.
#pragma once

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Counts commits that the same transaction stores without a signer to judge them. Errors: limit if more than
// limits::unverified_bytes would wait, keyrings included.
Result<void> add_unverified(store::WriteTxn& tx, std::uint64_t bytes);

// Checks that what waits, keyrings included, is within limits::unverified_bytes. Errors: limit.
Result<void> has_room(const store::ReadTxn& tx);

// Counts again, unless the number is 0. For use after heads have moved, or commits above them are gone.
void settle_unverified(store::WriteTxn& tx);

}  // namespace vault::daemon

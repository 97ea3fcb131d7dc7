// SPDX-License-Identifier: Apache-2.0
// Stores the change of the keyring that this device has made and the server has not confirmed.
#pragma once

#include "daemon/keyring/keychain.hpp"
#include "daemon/state/profile.hpp"

namespace vault::daemon {

// Returns the number of the keyring version that the change makes; 0 if it is none.
std::uint32_t version_made_by(const UnsentChange& change);

// True if the change's version, or another in its place, is verified: then nothing waits any more.
bool is_replaced(const UnsentChange& change, std::uint32_t newest);
void drop_replaced_change(store::WriteTxn& tx, std::uint32_t newest);

// Completes the transaction that makes these the newest verified versions: seals the device's private keys under the
// newest vault key, and removes a waiting change whose version is among them. Errors: store_damaged.
Result<void> settle_keyring(store::WriteTxn& tx, const Keychain& now);

}  // namespace vault::daemon

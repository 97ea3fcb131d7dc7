// SPDX-License-Identifier: Apache-2.0
// The change of the keyring that this device has made and the server has not confirmed, as rows on the disk.
#pragma once

#include "daemon/keyring/keychain.hpp"
#include "daemon/state/profile.hpp"

namespace vault::daemon {

// Returns the number of the keyring version that the change makes; 0 for what is none.
std::uint32_t version_made_by(const UnsentChange& change);

// Whether a version that has been verified stands in the place of the change's, or is it; then nothing waits any more.
bool is_replaced(const UnsentChange& change, std::uint32_t newest);
void drop_replaced_change(store::WriteTxn& tx, std::uint32_t newest);

// Part of the transaction that makes these the newest verified versions: the device's private keys are sealed under the
// newest vault key, and a change that waits is given up if its version is among them. Errors: store_damaged.
Result<void> settle_keyring(store::WriteTxn& tx, const Keychain& now);

}  // namespace vault::daemon

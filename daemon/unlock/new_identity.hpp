// SPDX-License-Identifier: Apache-2.0
// Makes a device whose state may not be the newest another device of the same vault, with all of the old one's writes:
// a new identity, a keyring version that revokes the old one, and the writes that the server does not have, sealed
// again. store/SCHEMA.md, "Own state".
#pragma once

#include "daemon/unlock/unlock.hpp"

namespace vault::daemon {

// Makes the new identity, here and, if the server can be asked, there. For the reason `refused`, only if the server's
// keyring says so. On return the database has an identity to open with, the old one or a new one. Requires: the vault
// is locked, nothing else pulls or writes, and `ledger` is all that the stored chains say. Errors: storage.
asio::awaitable<Result<void>> take_new_identity(std::shared_ptr<LocalVault> device, Keys keys, Ledger ledger,
                                                IdentityReason reason);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Fills in what writes keep of the versions that they replace.
#pragma once

#include "daemon/items/items.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

// Fills in the content types and attributes that the writes keep, see ItemWrite::keeps. Reads on the reader's thread
// what is not in memory. On return it is true of the vault as it is then, and so are the heads that the writes replace:
// write them before anything else comes. Requires: no other write of these items comes meanwhile, see WriteQueue; a
// pull may. Errors: locked; storage for a version that cannot be read: what it has is not lost by being left out.
asio::awaitable<Result<void>> keep_of_replaced(std::shared_ptr<LocalVault> device, std::vector<ItemWrite>& writes);

}  // namespace vault::daemon

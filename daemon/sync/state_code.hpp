// SPDX-License-Identifier: Apache-2.0
// Makes the state code that a person writes down. It is always of a checkpoint that the server has acknowledged, so no
// later change of the vault's key can make it void. crypto/FORMAT.md §8.
#pragma once

#include <chrono>

#include "daemon/sync/sync.hpp"

namespace vault::daemon {

struct StateCode {
  std::string code;         // four groups of five digits
  std::uint64_t time = 0;   // ms; when the server acknowledged its checkpoint
  bool is_present = false;  // made just now; otherwise the newest there is
};

// Makes a checkpoint of all that is verified, and waits up to `patience` until the server acknowledges it. Without the
// server, returns the newest code of this device. Errors: those of a round, if there is no older code; locked.
asio::awaitable<Result<StateCode>> make_state_code(std::shared_ptr<LocalVault> device, Sync* sync,
                                                   std::chrono::seconds patience);

// Makes a state code for a sheet; an older code will not do. If the server is distrusted, returns the newest code of
// any device in what is verified. Errors: those of a round.
asio::awaitable<Result<std::string>> mark_state(std::shared_ptr<LocalVault> device, Sync& sync);

}  // namespace vault::daemon

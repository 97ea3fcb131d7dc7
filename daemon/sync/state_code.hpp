// SPDX-License-Identifier: Apache-2.0
// The state code that a person writes down: always of a checkpoint that the server has acknowledged, so that no later
// change of the vault's key can make it void. crypto/FORMAT.md §8.
#pragma once

#include <chrono>

#include "daemon/sync/sync.hpp"

namespace vault::daemon {

struct StateCode {
  std::string code;         // four groups of five digits
  std::uint64_t time = 0;   // ms; when the server acknowledged its checkpoint
  bool is_present = false;  // made just now; otherwise the newest there is
};

// Makes a checkpoint of all that is verified and has the server acknowledge it, within `patience`. Without the server:
// the newest code of this device. Errors: those of a round where there is none either; locked.
asio::awaitable<Result<StateCode>> make_state_code(std::shared_ptr<LocalVault> device, Sync* sync,
                                                   std::chrono::seconds patience);

// For a sheet: as above, and only a code made just now will do, but where the server is distrusted. There it is the
// newest of any device in what is verified. Errors: those of a round.
asio::awaitable<Result<std::string>> mark_state(std::shared_ptr<LocalVault> device, Sync& sync);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Finds the own commits that the server has not acknowledged: which of them count, and whether they may leave.
// crypto/FORMAT.md §6, "Jumps"; wire/PROTOCOL.md §6, "A push".
#pragma once

#include "base/head.hpp"
#include "daemon/state/commit_rows.hpp"

namespace vault::daemon {

struct Unsent {
  std::uint64_t first = 0;       // seq of the first that counts; `last` + 1 if none waits
  std::uint64_t last = 0;        // of the own chain
  std::uint32_t generation = 0;  // of the vault key that the first was sealed under; 0 if none waits
  bool cut_off = false;          // the newest jump makes the server's head void

  bool none() const { return first > last; }
  std::uint64_t count() const { return last + 1 - first; }

  // True if they must not leave as they are: a jump is due. `newest` is the generation of the newest vault key known.
  bool is_outdated(std::uint32_t newest) const { return !none() && (cut_off || generation < newest); }
};

// Returns the own commits above the acknowledged seq. The generation is 0 if their keyring version is not stored.
Unsent unsent_of(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t acked);

// Returns the generation of the newest keyring version stored here, verified or waiting. Waiting versions count as far
// as each is signed by whoever had the password of the one before.
std::uint32_t newest_generation(const store::ReadTxn& tx);

}  // namespace vault::daemon

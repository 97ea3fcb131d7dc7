// SPDX-License-Identifier: Apache-2.0
// Stores the commits of chains, and which of them a jump has made void. crypto/FORMAT.md §6, "Jumps"; store/SCHEMA.md.
#pragma once

#include <map>
#include <vector>

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Stores a commit at its place; for a jump also the range that it makes void.
void put_commit(store::WriteTxn& tx, const store::Place& place, const Sealed& commit);

// Removes commits, and the ranges that they make void.
void remove_commits(store::WriteTxn& tx, const store::Range<store::Place>& range);

// Returns the last seq that each chain has a row for.
std::map<DeviceId, std::uint64_t> last_seqs(const store::ReadTxn& tx);

// Names the seqs that a jump makes void: above `after` and below `jump`, both exclusive.
struct VoidSeqs {
  std::uint64_t after = 0, jump = 0;
  bool has(std::uint64_t seq) const { return seq > after && seq < jump; }
};

// Returns the void ranges of a chain that ends at `last`, the newest first. A jump that is itself void makes none.
std::vector<VoidSeqs> void_seqs(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t last);

bool is_void(const std::vector<VoidSeqs>& ranges, std::uint64_t seq);

// True if commit `seq` is sent to somebody who has the chain up to `from`: each commit that counts, and if `from`
// itself is void, also those between it and the jump, which come before the jump.
bool is_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t seq);
std::uint64_t count_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t last);

}  // namespace vault::daemon

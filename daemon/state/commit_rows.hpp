// SPDX-License-Identifier: Apache-2.0
// The rows of chains, and which of them a jump has made void. crypto/FORMAT.md §6, "Jumps"; store/SCHEMA.md.
#pragma once

#include <map>
#include <vector>

#include "store/store.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

// Stores a commit at its place, and of a jump what it makes void.
void put_commit(store::WriteTxn& tx, const store::Place& place, const Sealed& commit);

// Removes commits, and what they make void.
void remove_commits(store::WriteTxn& tx, const store::Range<store::Place>& range);

// The last seq that each chain has a row for.
std::map<DeviceId, std::uint64_t> last_seqs(const store::ReadTxn& tx);

// The seqs above `after` and below `jump`: both of these count.
struct VoidSeqs {
  std::uint64_t after = 0, jump = 0;
  bool has(std::uint64_t seq) const { return seq > after && seq < jump; }
};

// Returns what is void of a chain that ends at `last`, the newest range first. A jump that is itself void has none.
std::vector<VoidSeqs> void_seqs(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t last);

bool is_void(const std::vector<VoidSeqs>& ranges, std::uint64_t seq);

// What of a chain is sent to who has it up to `from`: all that counts, and where `from` itself is void the commits
// between it and the jump, which come before that.
bool is_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t seq);
std::uint64_t count_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t last);

}  // namespace vault::daemon

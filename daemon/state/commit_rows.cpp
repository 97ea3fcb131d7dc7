// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/commit_rows.hpp"

#include <algorithm>

#include "wire/commit_header.hpp"

namespace vault::daemon {

void put_commit(store::WriteTxn& tx, const store::Place& place, const Sealed& commit) {
  tx.put(store::chains, place, commit);
  const auto header = wire::decode_commit_header(commit.view());
  if (header && header->kind == wire::CommitKind::jump) tx.put(store::jumps, place, header->after.seq);
  else tx.remove(store::jumps, place);
}

void remove_commits(store::WriteTxn& tx, const store::Range<store::Place>& range) {
  tx.remove(store::chains, range);
  tx.remove(store::jumps, range);
}

// Costs one look-up for each chain.
std::map<DeviceId, std::uint64_t> last_seqs(const store::ReadTxn& tx) {
  std::map<DeviceId, std::uint64_t> out;
  auto next = tx.last(store::chains, store::Range<store::Place>::all());
  while (next) {
    const auto [device, seq] = next->first;
    out[device] = seq;
    next = tx.last(store::chains, store::Range<store::Place>::between({DeviceId{}, 0}, {device, 0}));
  }
  return out;
}

std::vector<VoidSeqs> void_seqs(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t last) {
  std::vector<VoidSeqs> out;
  while (last > 0) {
    const auto jump = tx.last(store::jumps, store::Range<store::Place>::between({device, 1}, {device, last + 1}));
    if (!jump || jump->second >= jump->first.seq) break;
    out.push_back({jump->second, jump->first.seq});
    last = jump->second;
  }
  return out;
}

bool is_void(const std::vector<VoidSeqs>& ranges, std::uint64_t seq) {
  return std::ranges::any_of(ranges, [seq](const auto& range) { return range.has(seq); });
}

bool is_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t seq) {
  const auto leaves_out = [&](const VoidSeqs& range) { return range.has(seq) && !range.has(from); };
  return seq > from && std::ranges::none_of(ranges, leaves_out);
}

std::uint64_t count_sent(const std::vector<VoidSeqs>& ranges, std::uint64_t from, std::uint64_t last) {
  auto count = last > from ? last - from : 0;
  for (const auto& range : ranges)
    if (range.jump > from && !range.has(from)) count -= range.jump - std::max(range.after, from) - 1;
  return count;
}

}  // namespace vault::daemon

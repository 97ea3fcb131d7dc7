// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/salvage.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "daemon/salvage/salvage_choice.hpp"
#include "daemon/state/commit_rows.hpp"
#include "store/anchor_file.hpp"
#include "store/store.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t batch_bytes = 16 << 20;  // of rows in one transaction

// Returns "17, 20-22", cut short if there are many.
std::string ranges_of(const std::set<std::uint64_t>& seqs) {
  constexpr std::size_t most = 400;
  std::string out;
  for (auto at = seqs.begin(); at != seqs.end();) {
    const auto first = *at;
    auto last = first;
    while (++at != seqs.end() && *at == last + 1) ++last;
    if (out.size() > most) return out + ", ...";
    out += (out.empty() ? "" : ", ") + std::to_string(first) + (last > first ? "-" + std::to_string(last) : "");
  }
  return out;
}

// Returns how far the own chain may have come, as the anchor says. Its MAC cannot be checked here.
std::uint64_t reached(const std::filesystem::path& state) {
  std::error_code error;
  if (!std::filesystem::exists(state / "anchor", error)) return 0;
  const auto file = store::AnchorFile::open(state / "anchor");
  const auto slots = file ? file->read() : file.error();
  std::uint64_t out = 0;
  if (slots)
    for (const auto& slot : *slots)
      if (slot && slot->payload.size() >= DeviceId::size + 8) {
        ByteReader in{slot->payload};
        (void)in.fixed<DeviceId>();
        out = std::max(out, in.u64());
      }
  return out;
}

using Rows = std::vector<std::pair<store::Place, BytesView>>;

Result<void> write_rows(store::Store& store, const store::Table<store::Place, Sealed>& table, const Rows& rows) {
  for (auto next = rows.begin(); next != rows.end();) {
    const auto written = store.write([&](store::WriteTxn& tx) {
      for (std::size_t bytes = 0; next != rows.end() && bytes < batch_bytes; ++next) {
        const auto commit = Sealed::from_untrusted(next->second);
        if (table.id.slot == store::chains.id.slot) put_commit(tx, next->first, commit);
        else tx.put(table, next->first, commit);
        bytes += next->second.size();
      }
    });
    if (!written) return written;
  }
  return {};
}

Result<void> write_chains(store::Store& store, const Kept& kept) {
  Rows rows;
  for (const auto& [device, chain] : kept.chains)
    for (const auto& [seq, commit] : chain.rows) rows.push_back({{device, seq}, commit});
  if (const auto written = write_rows(store, store::chains, rows); !written) return written;
  return write_rows(store, store::adrift, {kept.adrift.begin(), kept.adrift.end()});
}

template <class K, class V, class Map>
void put_all(store::WriteTxn& tx, const store::Table<K, V>& table, const Map& rows) {
  for (const auto& [key, bytes] : rows)
    if (auto value = store::decode<V>(bytes)) tx.put(table, key, std::move(*value));
}

void write_rest(store::WriteTxn& tx, const Kept& kept, const SalvageJob& job) {
  put_all(tx, store::named, kept.meta);
  put_all(tx, store::local, kept.local);
  put_all(tx, store::keyrings, kept.keyrings);
  put_all(tx, store::inbox_keyrings, kept.inbox);
  put_all(tx, store::formers, kept.formers);
  put_all(tx, store::proofs, kept.proofs);
  put_all(tx, store::blobs, kept.blobs);
  std::map<DeviceId, Head> lost;
  for (const auto& [device, chain] : kept.chains) {
    if (chain.head.seq > 0) tx.put(store::heads, device, chain.head);
    const bool unknown = kept.heads_lacking && chain.head.seq == 0 && device != kept.profile.device;
    if (chain.lost.seq > 0 || unknown) lost[device] = chain.lost;
  }
  put_lost_heads(tx, lost);
  put_profile(tx, kept.profile);
  put_number(tx, meta::acked, kept.acked);
  put_number(tx, meta::counter, kept.counter);
  put_number(tx, meta::roll, static_cast<std::uint64_t>(IdentityReason::disk));
  put_salvage(tx, {job.time, kept.lost.size(), ranges_of(kept.lost), job.kept_as, job.suspect});
}

}  // namespace

Result<void> salvage(BytesView file, const SalvageJob& job) {
  store::Pages pages{file};
  auto kept = choose(pages, reached(job.state));
  if (!kept) return kept.error();
  if (job.suspect) forget_others(*kept);
  const auto room = (std::uint64_t{64} << 20) + 4 * file.size();
  auto store =
      store::Store::open(job.fresh, {.tables = store::vault_tables, .oldest = store::vault_schema, .map_bytes = room});
  if (!store) return store.error();
  if (const auto written = write_chains(*store, *kept); !written) return written;
  return store->write([&](store::WriteTxn& tx) { write_rest(tx, *kept, job); });
}

}  // namespace vault::daemon

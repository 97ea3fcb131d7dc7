#include "daemon/swap.hpp"

#include "crypto/commit.hpp"
#include "crypto/local.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/blobs.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using Rows = std::vector<std::pair<store::Place, Sealed>>;

auto own_rows(const Swap& swap) {
  return store::Range<store::Place>::between({swap.old, swap.base + 1}, {swap.old, ~std::uint64_t{0}});
}

// Two commits for one seq, both signed by this device: the proof that it was two.
void keep_proof(store::WriteTxn& tx, const Sealed& one, const Sealed& other) {
  for (const auto* commit : {&one, &other}) {
    const auto header = wire::decode_commit_header(commit->view());
    tx.put(store::proofs, {header->device, header->seq, crypto::commit_hash(commit->view())}, *commit);
  }
}

Rows take_own_rows(store::WriteTxn& tx, const Swap& swap) {
  Rows rows;
  tx.scan(store::chains, own_rows(swap),
          [&rows](const store::Place& place, Sealed commit) { rows.emplace_back(place, std::move(commit)); });
  tx.remove(store::chains, own_rows(swap));
  if (!rows.empty() && !swap.branch.empty()) keep_proof(tx, rows.front().second, swap.branch.front());
  return rows;
}

void end_old_chain(store::WriteTxn& tx, const Swap& swap) {
  auto seq = swap.base;
  for (const auto& commit : swap.branch) tx.put(store::chains, {swap.old, ++seq}, commit);
  if (swap.cut.seq > 0) tx.put(store::heads, swap.old, swap.cut);
  else tx.remove(store::heads, swap.old);
}

Sealed local_identity(const Swap& swap) {
  const auto& keyring = swap.keychain->head();
  const auto key = swap.keychain->newest_vault_key().local(keyring.vault);
  return seal_identity(key, keyring.suite, keyring.vault, keyring.generation, *swap.identity);
}

void remember(store::WriteTxn& tx, const Swap& swap) {
  for (const auto& [version, keyring] : swap.keyrings) tx.put(store::keyrings, version, keyring);
  tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
  for (const auto& [device, head] : swap.heads) tx.put(store::heads, device, head);
  tx.put(store::local, "identity", local_identity(swap));
  tx.put(store::formers, swap.old, {wall_time(), static_cast<std::uint8_t>(swap.reason)});
  put_profile(tx, swap.profile);
  put_self_key(tx, swap.identity->sig.public_key());
  put_unsent_roll(tx, swap.unsent);
  forget_places(tx);
  for (const auto name : {meta::counter, meta::acked, meta::handed, meta::roll}) remove_number(tx, name);
  tx.remove(store::meta, std::string{"resealed"});
  tx.remove(store::local, std::string{"index"});  // it says where the old chain's records are
  tx.remove(store::index_pages, store::Range<std::uint64_t>::all());
}

CommitPlan plan_of(const Swap& swap, wire::CommitKind kind, std::uint64_t seq, Secret content) {
  return {.keys = swap.identity, .keychain = swap.keychain, .kind = kind, .seq = seq, .content = std::move(content)};
}

// The new chain names all that this device knows, the old one at its cut among it.
crypto::SeenVector all_known(const store::ReadTxn& tx, const DeviceId& self) {
  crypto::SeenVector seen;
  tx.scan(store::heads, store::Range<DeviceId>::all(), [&](const DeviceId& device, const Head& head) {
    if (device != self && head.seq > 0) seen[device] = head;
  });
  return seen;
}

Result<Secret> content_again(const Swap& swap, const crypto::Content& old, std::uint64_t seq) {
  std::vector<std::optional<crypto::BlobRef>> blobs(old.records.size());
  std::vector<crypto::RecordDraft> drafts;
  for (std::size_t i = 0; i < old.records.size(); ++i) {
    if (old.records[i].is_blob()) blobs[i].emplace(old.records[i].blob_ref());
    drafts.push_back(draft_of(old.records[i], blobs[i] ? &*blobs[i] : nullptr));
  }
  auto encoded = encode_data({}, drafts, swap.identity->id, seq, swap.keychain->version_checks());
  if (!encoded) return encoded.error();
  return std::move(encoded->content);
}

// A data commit of the old chain as the commit `seq` of the new one.
Result<void> write_again(store::WriteTxn& tx, const Swap& swap, const Sealed& commit, std::uint32_t epoch,
                         std::uint64_t seq) {
  const auto key = swap.keys.find(epoch);
  if (key == swap.keys.end()) return Errc::store_damaged;
  const auto content = open_commit(*key->second.key, commit.view());
  if (!content) return Errc::store_damaged;
  const auto old = decode_content(crypto::Kind::data, content->view(), swap.old, nullptr);
  if (!old) return Errc::store_damaged;
  auto again = content_again(swap, *old, seq);
  if (!again) return again.error();
  const auto written = write_commit(tx, plan_of(swap, wire::CommitKind::data, seq, std::move(*again)));
  return written ? Result<void>{} : Result<void>{written.error()};
}

}  // namespace

Result<void> swap_identity(store::WriteTxn& tx, const Swap& swap) {
  const auto rows = take_own_rows(tx, swap);
  end_old_chain(tx, swap);
  remember(tx, swap);
  const auto seen = crypto::encode_seen(all_known(tx, swap.identity->id));
  const auto opened = write_commit(tx, plan_of(swap, wire::CommitKind::epoch, 1, Secret::copy_of(seen)));
  if (!opened) return opened.error();
  std::uint64_t seq = 1;
  for (const auto& [place, commit] : rows) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header) return Errc::store_damaged;
    if (header->kind != wire::CommitKind::data) continue;  // what acks and checkpoints said was about the old chain
    if (const auto ok = write_again(tx, swap, commit, header->epoch, ++seq); !ok) return ok;
  }
  crypto::seams::fault_point("roll.before-commit");
  return {};
}

}  // namespace vault::daemon

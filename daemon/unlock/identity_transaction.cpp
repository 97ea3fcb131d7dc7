// SPDX-License-Identifier: Apache-2.0
#include "daemon/unlock/identity_transaction.hpp"

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "crypto/local.hpp"
#include "crypto/verify.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/blobs.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/state/unverified.hpp"
#include "daemon/vault/write_again.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using Rows = std::vector<std::pair<store::Place, Sealed>>;

auto own_rows(const IdentityTransaction& swap) {
  return store::Range<store::Place>::between({swap.old, swap.base + 1}, {swap.old, ~std::uint64_t{0}});
}

// Stores two commits for one seq, both signed by this device: the proof that it was two.
void keep_proof(store::WriteTxn& tx, const SignKey& signer, const Sealed& one, const Sealed& other) {
  const auto a = wire::decode_commit_header(one.view()), b = wire::decode_commit_header(other.view());
  const bool proves = a && b && a->seq == b->seq && one != other &&
                      crypto::verify_commit_signature(signer, one.view()) &&
                      crypto::verify_commit_signature(signer, other.view());
  if (!proves) return;  // the disk has changed the one that is here
  for (const auto* commit : {&one, &other})
    tx.put(store::proofs, {a->device, a->seq, crypto::commit_hash(commit->view())}, *commit);
}

// Takes the own commits above a hole that a damaged disk has made, except those that the server has.
Rows take_adrift(store::WriteTxn& tx, const IdentityTransaction& swap) {
  Rows rows;
  tx.scan(store::adrift, store::Range<store::Place>::starting_with(swap.old),
          [&](const store::Place& place, Sealed commit) {
            if (place.seq > swap.cut.seq) rows.emplace_back(place, std::move(commit));
          });
  tx.remove(store::adrift, store::Range<store::Place>::all());
  return rows;
}

Rows take_own_rows(store::WriteTxn& tx, const IdentityTransaction& swap) {
  Rows rows;
  const auto voids = void_seqs(tx, swap.old, tx.get(store::heads, swap.old).value_or(Head{}).seq);
  tx.scan(store::chains, own_rows(swap), [&](const store::Place& place, Sealed commit) {
    if (!is_void(voids, place.seq)) rows.emplace_back(place, std::move(commit));
  });
  remove_commits(tx, own_rows(swap));
  const auto* entry = swap.keychain->device(swap.old);
  if (entry != nullptr && !rows.empty() && !swap.branch.empty())
    keep_proof(tx, entry->sig, rows.front().second, swap.branch.front());
  return rows;
}

void end_old_chain(store::WriteTxn& tx, const IdentityTransaction& swap) {
  for (const auto& commit : swap.branch)
    if (const auto header = wire::decode_commit_header(commit.view())) put_commit(tx, {swap.old, header->seq}, commit);
  if (swap.cut.seq > 0) tx.put(store::heads, swap.old, swap.cut);
  else tx.remove(store::heads, swap.old);
}

Sealed local_identity(const IdentityTransaction& swap, std::uint32_t generation) {
  const auto& keyring = swap.keychain->head();
  const auto key = swap.keychain->vault_key(generation)->local(keyring.vault);
  return seal_identity(key, keyring.suite, keyring.vault, generation, *swap.identity);
}

void remember(store::WriteTxn& tx, const IdentityTransaction& swap) {
  for (const auto& [version, keyring] : swap.keyrings) tx.put(store::keyrings, version, keyring);
  tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
  for (const auto& [device, head] : swap.heads) tx.put(store::heads, device, head);
  tx.put(store::local, "identity", local_identity(swap, swap.keychain->head().generation));
  // Keep it also under the key before: the server's versions open it if another version comes in place of ours.
  tx.put(store::local, "journal_identity", local_identity(swap, swap.generation_before));
  tx.put(store::formers, swap.old, {wall_time(), static_cast<std::uint8_t>(swap.reason)});
  put_profile(tx, swap.profile);
  settle_unverified(tx);
  put_self_key(tx, swap.identity->sig.public_key());
  put_unsent_identity(tx, swap.unsent);
  forget_places(tx);
  for (const auto name : {meta::counter, meta::acked, meta::checkpoint, meta::checkpoint_time, meta::roll})
    remove_number(tx, name);
  tx.remove(store::local, std::string{"index"});  // it says where the old chain's records are
  tx.remove(store::index_pages, store::Range<std::uint64_t>::all());
}

CommitPlan plan_of(const IdentityTransaction& swap, wire::CommitKind kind, std::uint64_t seq, Secret content) {
  return {.keys = swap.identity, .keychain = swap.keychain, .kind = kind, .seq = seq, .content = std::move(content)};
}

// Returns all heads that this device knows, with the old chain's cut. The new chain names them.
crypto::SeenVector all_known(const store::ReadTxn& tx, const DeviceId& self) {
  crypto::SeenVector seen;
  tx.scan(store::heads, store::Range<DeviceId>::all(), [&](const DeviceId& device, const Head& head) {
    if (device != self && head.seq > 0) seen[device] = head;
  });
  return seen;
}

// Returns the keys of the old chain, and of the epochs in what is left of it after a commit that the disk has lost.
EpochKeys all_keys(const IdentityTransaction& swap, const Rows& rows) {
  auto keys = swap.keys;
  for (const auto& [place, commit] : rows) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header || !opens_epoch(header->kind) || keys.contains(header->epoch)) continue;
    if (auto key = read_epoch_key(*swap.keychain, commit.view(), swap.old, header->epoch))
      keys.emplace(header->epoch, std::move(*key));
  }
  return keys;
}

// Writes again what the rows say, each as the next commit of the new chain. Returns how many cannot be opened.
Result<std::uint64_t> write_again(store::WriteTxn& tx, const IdentityTransaction& swap, const Rows& rows) {
  const auto keys = all_keys(swap, rows);
  std::uint64_t lost = 0, seq = 1;
  for (const auto& [place, commit] : rows) {
    auto again = written_again(commit, keys, swap.old, swap.identity->id, seq + 1, swap.keychain->version_checks());
    if (!again) ++lost;
    if (!again || !*again) continue;
    const auto written = write_commit(tx, plan_of(swap, wire::CommitKind::data, ++seq, std::move((*again)->content)));
    if (!written) return written.error();
  }
  return lost;
}

}  // namespace

Result<void> store_identity(store::WriteTxn& tx, const IdentityTransaction& swap) {
  auto rows = take_own_rows(tx, swap);
  for (auto& row : take_adrift(tx, swap)) rows.push_back(std::move(row));
  end_old_chain(tx, swap);
  remember(tx, swap);
  const auto seen = crypto::encode_seen(all_known(tx, swap.identity->id));
  const auto opened = write_commit(tx, plan_of(swap, wire::CommitKind::epoch, 1, Secret::copy_of(seen)));
  if (!opened) return opened.error();
  const auto lost = write_again(tx, swap, rows);
  if (!lost) return lost.error();
  put_number(tx, meta::lost, get_number(tx, meta::lost).value_or(0) + *lost);
  if (*lost > 0)
    log::error("commits of this device that waited are lost: the disk has changed them", {{"commits", *lost}});
  fault_point("roll.before-commit");
  return {};
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/members/rekey.hpp"

#include "base/fault_point.hpp"
#include "crypto/fresh.hpp"
#include "crypto/hash.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/pending_change.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int attempts = 16;  // tries against a keyring that others change at the same moment

// Returns the last own commit that the server has. Others may be told of no more.
Head own_head(const LocalVault& device) {
  Head head;
  (void)device.store->read([&](const store::ReadTxn& tx) {
    const auto seq = device.standing.acked;
    const auto commit = tx.get(store::chains, {device.profile.device, seq});
    if (commit) head = {seq, crypto::commit_hash(commit->view())};
  });
  return head;
}

asio::awaitable<Result<void>> keep(std::shared_ptr<LocalVault> device, UnsentChange change) {
  auto work = [change](store::WriteTxn& tx) {
    put_unsent_change(tx, change);
    fault_point("change.before-commit");
  };
  const auto kept = co_await device->writer.write(std::move(work));
  if (kept) device->unsent_change = std::move(change);
  fault_point("change.journaled");
  co_return kept;
}

// Makes and stores the change while no round of sync runs, so that it is made against the newest state here.
asio::awaitable<Result<wire::KeyringHead>> make_and_keep(std::shared_ptr<LocalVault> device, Sync& sync,
                                                         MakeChange make) {
  const auto pause = co_await sync.pause();
  if (!device->unlocked) co_return Errc::locked;
  auto change = make(*device->unlocked);
  if (!change) co_return change.error();
  const wire::KeyringHead made{version_made_by(*change), crypto::keyring_hash(change->keyring.view())};
  auto keeping = keep(device, std::move(*change));
  const auto kept = co_await std::move(keeping);
  if (!kept) co_return kept.error();
  co_return made;
}

bool is_in_force(const LocalVault& device, const wire::KeyringHead& made) {
  return device.unlocked && device.unlocked->keychain->hash_of(made.version) == made.hash;
}

}  // namespace

Result<void> is_present(const Keychain& keychain, const crypto::RootKey& root) {
  const auto& head = keychain.head();
  return auth_key(root, head.vault).public_key() == head.auth ? Result<void>{} : DaemonErrc::password_changed;
}

Result<void> must_differ(const Secret& old, const Secret& fresh) {
  const auto one = crypto::Password::from(old);
  if (!one) return one.error();
  const auto other = crypto::Password::from(fresh);
  if (!other) return other.error();
  return constant_time_equal(one->nfc(), other->nfc()) ? Result<void>{DaemonErrc::password_same} : Result<void>{};
}

KeyringChange change_of(const LocalVault& device, const Unlocked& vault, const crypto::RootKey& root) {
  KeyringChange out{.author = vault.self(), .root = root, .joins = {}, .cuts = {}, .heads = heads_of(vault.ledger)};
  out.heads[vault.self()] = own_head(device);
  for (const auto& [id, head] : vault.keychain->body().heads)  // an earlier version that names a later head keeps it
    if (const auto at = out.heads.find(id); at != out.heads.end() && at->second.seq < head.seq) out.heads.erase(at);
  return out;
}

asio::awaitable<Result<NewPassword>> derive_new(std::shared_ptr<LocalVault> device, Secret password) {
  const auto& vault = device->profile.vault;
  const auto seed = crypto::new_seed(vault, device->fingerprint, wall_time());
  const auto suite = device->unlocked->keychain->head().suite;
  LoginTerms terms{device->profile.account, suite, vault, seed};
  const auto root = co_await derive(device->threads, std::move(password), std::move(terms));
  if (!root) co_return root.error();
  co_return NewPassword{*root, seed};
}

asio::awaitable<Result<void>> change_keyring(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make) {
  const auto patience = patience_of_a_person();
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int i = 0; i < attempts && (i == 0 || std::chrono::steady_clock::now() < end); ++i) {
    const auto before = co_await sync.now(patience);  // a waiting change is sent first
    if (!before) co_return before.error();
    const auto made = co_await make_and_keep(device, sync, make);
    if (!made) co_return made.error();
    const auto after = co_await sync.now(patience);
    if (is_in_force(*device, *made)) co_return Result<void>{};
    if (!after) co_return class_of(after.error()) == Errc::offline ? DaemonErrc::change_unconfirmed : after.error();
  }
  co_return Errc::conflict;
}

asio::awaitable<Result<void>> change_distrusted(std::shared_ptr<LocalVault> device, Sync& sync, MakeChange make) {
  for (int i = 0; i < attempts; ++i) {
    if (device->unsent_change && !device->unsent_change->superseded)
      if (const auto sent = co_await sync.push_change_distrusted(); !sent) co_return sent.error();
    if (const auto newest = co_await sync.follow_keyrings(); !newest) co_return newest.error();
    const auto made = co_await make_and_keep(device, sync, make);
    if (!made) co_return made.error();
    const auto sent = co_await sync.push_change_distrusted();
    if (is_in_force(*device, *made)) co_return Result<void>{};
    if (!sent) co_return class_of(sent.error()) == Errc::offline ? DaemonErrc::change_unconfirmed : sent.error();
  }
  co_return Errc::conflict;
}

}  // namespace vault::daemon

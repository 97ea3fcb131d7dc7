// SPDX-License-Identifier: Apache-2.0
// Sends a new identity's keyring first, then own commits, as they were sealed.
#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/sync/send_change.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/jump.hpp"
#include "daemon/vault/unsent.hpp"
#include "http/errc.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {
namespace {

// Updates what the server has after it took our own commits up to `own`.
void add_own(wire::Heads& heads, const DeviceId& self, const Head& own) {
  auto& chains = heads.chains;
  const auto at = std::lower_bound(chains.begin(), chains.end(), self,
                                   [](const auto& chain, const DeviceId& id) { return chain.device < id; });
  if (at != chains.end() && at->device == self) at->head = own;
  else chains.insert(at, {self, own});
}

}  // namespace

// Sends the keyring version with a new identity that was made off-line, or whose answer was lost. Only if the server is
// as the device knew it when it made the version; else the password must make another one.
asio::awaitable<Result<void>> Sync::send_roll(const wire::Heads& served) {
  const auto& roll = *device_->unsent;
  const auto header = wire::decode_keyring_header(roll.keyring.view());
  if (!header) co_return StoreErrc::store_damaged;
  const auto old = std::ranges::find(served.chains, roll.device, &wire::Heads::Chain::device);
  const bool moved = (old != served.chains.end() ? old->head : Head{}) != roll.cut;
  if (moved || served.keyring.version + 1 != header->header.version || served.keyring.hash != header->header.prev) {
    const auto kept = co_await require_identity(IdentityReason::superseded);
    co_return kept ? Result<void>{DaemonErrc::roll_pending} : kept;
  }
  fault_point("roll.before-send");
  std::optional<wire::KeyringHead> other;
  const wire::Heads::Chain end{roll.device, roll.cut};
  const auto put = co_await bounded_.put_keyring(roll.keyring, other, end);
  fault_point("roll.answered");
  if (!put) co_return put.error();  // after a conflict the next round knows more
  if (const auto done = co_await device_->identity_acknowledged(); !done) co_return done;
  use_acting_key();
  co_return Result<void>{};
}

// Sends a change that was made here. Once the server has it, it is in force here too, or waits for the key.
asio::awaitable<Result<void>> Sync::push_change() {
  const auto sent = co_await send_change(device_, bounded_, seen_.keyring);
  if (!sent) co_return sent.error();
  if (*sent == Sent::done) co_await verify_waiting();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Sync::push_change_distrusted() {
  const auto others = co_await pause();
  const auto heads = co_await ask_heads();
  if (!heads) co_return heads.error();
  seen_ = *heads;
  const bool next = seen_.keyring.version == device_->keyring.version + 1;
  if (seen_.keyring != device_->keyring && !next) co_return DaemonErrc::distrusted;
  co_return co_await push_change();
}

// Writes again what former identities wrote beyond their cuts: only this device knows they were not stolen.
asio::awaitable<void> Sync::adopt() {
  for (const auto& former : device_->formers) {
    const auto vault = device_->unlocked;
    if (!vault) co_return;
    const auto chain = vault->ledger.find(former);
    const auto stored = device_->store->read([&former](const store::ReadTxn& tx) { return stored_head(tx, former); });
    const auto* entry = vault->keychain->device(former);
    if (chain == vault->ledger.end() || entry == nullptr || entry->active || !stored) continue;
    if (stored->seq <= chain->second.head.seq || adopted_[former] == *stored) continue;
    auto read = [store = device_->store, keychain = vault->keychain, former, state = chain->second] {
      return read_beyond_cut(*store, *keychain, former, state);
    };
    auto contents = co_await run_on(device_->threads.worker, std::move(read));
    Result<std::uint64_t> written{contents ? make_error_code(Errc::internal) : contents.error()};
    if (contents) written = co_await write_beyond_cut(vault, device_->writer, former, std::move(*contents));
    if (written) adopted_[former] = *stored;
    if (written && *written > 0) log::warning("this device's lost writes came back", {{"writes", *written}});
    if (!written) log::warning("this device's lost writes cannot be read", {{"error", written.error()}});
  }
}

namespace {

// True if each commit links to the one before and this device has signed the last: then it has sealed them all, and the
// disk has changed none. If the first is a jump, it need not follow the commit before it.
bool are_own(const store::ReadTxn& tx, const LocalVault& device, const std::vector<Sealed>& commits) {
  std::optional<Head> before;
  for (const auto& commit : commits) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header || header->vault != device.profile.vault || header->device != device.profile.device) return false;
    if (!before && header->seq > 1 && header->kind != wire::CommitKind::jump)
      if (const auto last = tx.get(store::chains, {header->device, header->seq - 1}))
        before = Head{header->seq - 1, crypto::commit_hash(last->view())};
    if (before && (header->seq != before->seq + 1 || header->prev != before->hash)) return false;
    before = Head{header->seq, crypto::commit_hash(commit.view())};
  }
  return commits.empty() || crypto::verify_commit_signature(device.self_key, commits.back().view());
}

std::vector<Sealed> read_page(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t from) {
  std::vector<Sealed> commits;
  wire::RequestRoom room{wire::page_count_bytes};
  const auto end = first_waiting(tx).value_or(~std::uint64_t{0});  // until a large value is at the server
  tx.scan(store::chains, store::Range<store::Place>::between({self, from}, {self, std::max(from, end)}),
          [&](const store::Place&, Sealed commit) {
            if (commits.size() == limits::page_commits || !room.take(commit.size())) return false;
            commits.push_back(std::move(commit));
            return true;
          });
  return commits;
}

// True if the answered end of the own chain lies further on it: a thief of the folder may have sent the rest.
bool has_gone_on(const LocalVault& device, const Head& sent, const Head& answered) {
  if (answered.seq <= sent.seq) return false;
  const auto own = device.store->read([&](const store::ReadTxn& tx) {
    return tx.get(store::chains, {device.profile.device, answered.seq});
  });
  return own && *own && crypto::commit_hash((*own)->view()) == answered.hash;
}

}  // namespace

// Takes the next own commits to send. Nothing is verified meanwhile, so no newer vault key arrives between the check
// for a jump and the taking.
asio::awaitable<Result<std::vector<Sealed>>> Sync::take_page() {
  const auto turn = co_await take_turn();
  if (const auto ready = co_await jump_if_due(device_); !ready) co_return ready.error();
  bool own = true;
  auto page = device_->store->read([&](const store::ReadTxn& tx) {
    const auto self = device_->profile.device;
    auto commits = read_page(tx, self, unsent_of(tx, self, device_->standing.acked).first);
    own = are_own(tx, *device_, commits);
    return commits;
  });
  if (!page || own) co_return page;
  log::error("the disk has changed what waits to be sent");
  const auto kept = co_await require_identity(IdentityReason::disk);
  co_return kept ? make_error_code(DaemonErrc::roll_pending) : kept.error();
}

asio::awaitable<Result<std::uint64_t>> Sync::push() {
  std::uint64_t pushed = 0;
  if (const auto anchored = co_await device_->flush_anchor(); !anchored) co_return anchored.error();
  const auto self = device_->profile.device;
  for (;;) {
    auto page = co_await take_page();
    if (!page) co_return page.error();
    auto commits = std::move(*page);
    if (commits.empty()) co_return pushed;
    fault_point("push.before-send");
    const auto count = commits.size();
    const auto header = wire::decode_commit_header(commits.back().view());
    const auto last = Head{header->seq, crypto::commit_hash(commits.back().view())};
    std::optional<wire::CommitConflict> other;
    const auto head = co_await bounded_.append(self, std::move(commits), other);
    if (!head && other) co_return judge_own(other->stored);
    if (!head) co_return head.error();
    if (*head != last && !has_gone_on(*device_, last, *head)) co_return HttpErrc::server_answer_bad;
    fault_point("push.acknowledged");
    if (const auto ok = co_await device_->acknowledged(last.seq); !ok) co_return ok.error();
    fault_point("push.remembered");
    add_own(seen_, self, last);
    pushed += count;
  }
}

}  // namespace vault::daemon

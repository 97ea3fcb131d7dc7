// SPDX-License-Identifier: Apache-2.0
// Pulls, and verifies what was pulled: all of it is believed, or nothing.
#include "base/fault_point.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/unverified.hpp"
#include "daemon/state/waiting_keyrings.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/pending_change.hpp"
#include "daemon/vault/trust.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr std::uint64_t keep_success_after = 10 * 60 * 1000;  // ms

struct Accepted {
  std::shared_ptr<const Keychain> keychain;
  std::vector<Sealed> versions;  // the new ones
};

// Accepts the keyrings that wait on top of the keychain, passing over those it has already. Runs on the worker.
Result<Accepted> accept_waiting(const store::Store& store, std::shared_ptr<const Keychain> keychain,
                                const crypto::Identity& identity) {
  Accepted out{std::move(keychain), {}};
  const auto read = store.read([&out](const store::ReadTxn& tx) {
    tx.scan(store::inbox_keyrings, store::Range<std::uint32_t>::from(out.keychain->head().version + 1),
            [&out](std::uint32_t, Sealed version) { out.versions.push_back(std::move(version)); });
  });
  if (!read) return read.error();
  for (const auto& version : out.versions) {
    auto next = out.keychain->accept_next(version, identity.id, identity.box);
    if (!next) return next.error();
    out.keychain = std::move(*next);
  }
  return out;
}

}  // namespace

// Returns the signers of the keyring once what waits is accepted; nullopt while the vault is locked.
asio::awaitable<Result<std::optional<Signers>>> Sync::signers() {
  const auto vault = device_->unlocked;
  if (!vault) co_return std::optional<Signers>{};
  auto work = [store = device_->store, keychain = vault->keychain,
               identity = vault->identity]() -> Result<std::optional<Signers>> {
    const auto accepted = accept_waiting(*store, keychain, *identity);
    if (!accepted) return accepted.error();
    return std::optional{signers_of(*accepted->keychain)};
  };
  co_return co_await run_on(device_->threads.worker, std::move(work));
}

// Handles a keyring version that came in place of the one with this device's new identity. It is that one, whose answer
// was lost; or another, which only the password can judge. Its signature says that it was made with the password.
asio::awaitable<Result<std::uint64_t>> Sync::meet_identity(Sealed version) {
  if (version == device_->unsent->keyring) {
    if (const auto done = co_await device_->identity_acknowledged(); !done) co_return done.error();
    use_acting_key();
    co_return co_await pull();
  }
  const auto kept = co_await require_identity(IdentityReason::superseded);
  co_return kept ? DaemonErrc::roll_pending : kept.error();
}

// Asks for the heads, also as the new identity: if its answer was lost, the server refuses the old one.
asio::awaitable<Result<wire::Heads>> Sync::ask_heads() {
  auto heads = co_await bounded_.heads();
  if (heads || class_of(heads.error()) != Errc::auth || !device_->unsent) co_return heads;
  use_key(device_->profile.device, device_->profile.net);
  auto as_new = co_await bounded_.heads();
  if (!as_new) use_acting_key();
  co_return as_new ? std::move(as_new) : std::move(heads);
}

// Stores the pulled versions. Even a locked device accepts none that nobody with the password signed.
asio::awaitable<Result<void>> Sync::keep_pulled(std::vector<Sealed> versions) {
  bool news = false;
  const auto good = device_->store->read([&](const store::ReadTxn& tx) {
    news = !versions.empty() && versions != waiting_keyrings(tx);
    return may_wait(tx, versions);
  });
  if (!good) co_return good.error();
  if (!news) co_return Result<void>{};
  auto keep = [versions = std::move(versions)](store::WriteTxn& tx) { return keep_waiting(tx, versions); };
  co_return co_await device_->writer.write(std::move(keep));
}

asio::awaitable<Result<std::uint64_t>> Sync::pull() {
  const auto heads = co_await ask_heads();
  if (!heads) co_return heads.error();
  seen_ = *heads;
  const auto same = compare_with_known(*device_, *heads);
  if (!same && same.error() == Errc::fork) co_return co_await judge_fork(*heads);
  if (!same) co_return same.error();

  const auto from = device_->keyring.version + 1;  // an unlock may accept some of them meanwhile
  auto versions = co_await pull_keyrings(bounded_, from, heads->keyring);
  if (!versions) co_return versions.error();
  if (const auto kept = co_await keep_pulled(*versions); !kept) co_return kept.error();
  fault_point("pull.keyrings-stored");
  if (device_->unsent && !versions->empty()) co_return co_await meet_identity(versions->front());
  // Keyrings come first: if this device must take a new identity, that needs the password they have.
  if (const auto own = co_await compare_own(*heads); !own) co_return own.error();
  auto known = co_await signers();
  if (!known) co_return known.error();
  auto until = other_heads(*heads, device_->profile.device);
  const auto fetched = co_await pull_.chains(until, std::move(*known));
  fork_shown_ = !fetched && fetched.error() == Errc::fork;
  if (!fetched) co_return fetched.error();
  const auto outcome = co_await verify_in_turn(std::move(until));
  if (!outcome) co_return outcome.error();
  // Forgive a rollback if the server again shows all that this device knows: another device has repaired it. While the
  // vault is locked only what was verified before counts; newer commits may be made up by the server.
  const bool verified = *outcome == Outcome::verified;
  const bool forgiven = device_->standing.distrust == Errc::rollback && (verified || shows_no_more(*heads));
  if (verified) device_->standing.last_success = wall_time();
  const bool stale = device_->standing.last_success >= success_kept_ + keep_success_after;
  if (!forgiven && !(verified && (*fetched > 0 || stale))) co_return fetched;  // a round without changes costs no fsync
  success_kept_ = device_->standing.last_success;
  const auto settled = co_await device_->remember([forgiven](Standing& s) {
    if (forgiven) s.distrust.reset();
  });
  if (!settled) co_return settled.error();
  fault_point("pull.remembered");
  co_return fetched;
}

// Follows the newest keyrings only: a person's change of the keyring does not wait for a chain that is inconsistent.
asio::awaitable<Result<void>> Sync::follow_keyrings() {
  const auto others = co_await pause();
  const auto heads = co_await ask_heads();
  if (!heads) co_return heads.error();
  const auto first = device_->keyring.version + 1;
  if (heads->keyring.version < first) co_return Result<void>{};
  const auto versions = co_await pull_keyrings(bounded_, first, heads->keyring);
  if (!versions) co_return versions.error();
  if (const auto kept = co_await keep_pulled(*versions); !kept) co_return kept.error();
  auto named = co_await named_by_waiting();
  if (!named) co_return named.error();
  const auto fetched = co_await pull_.chains(named->heads, std::move(named->signers));
  if (!fetched) co_return fetched.error();
  const auto followed = co_await verify_in_turn(std::move(named->heads));
  co_return followed ? Result<void>{} : followed.error();
}

// Returns the heads that the waiting keyrings will require of other chains once they are accepted.
asio::awaitable<Result<Sync::Named>> Sync::named_by_waiting() {
  const auto vault = device_->unlocked;
  if (!vault) co_return Errc::locked;
  auto work = [store = device_->store, keychain = vault->keychain, identity = vault->identity,
               ledger = vault->ledger]() -> Result<Named> {
    const auto accepted = accept_waiting(*store, keychain, *identity);
    if (!accepted) return accepted.error();
    return Named{named_beyond(*accepted->keychain, ledger, identity->id), signers_of(*accepted->keychain)};
  };
  co_return co_await run_on(device_->threads.worker, std::move(work));
}

namespace {

struct Step {
  Accepted accepted;
  Verified verified;
};

// True if the keyring ends a chain of another device below what has been read of it.
bool takes_back(const Keychain& keychain, const Ledger& read, const DeviceId& self) {
  return std::ranges::any_of(read, [&](const auto& row) {
    const auto* entry = keychain.device(row.first);
    return row.first != self && entry != nullptr && !entry->active && row.second.head.seq > entry->revoked_seq;
  });
}

bool has_news(const Step& step, const Ledger& before) {
  return !step.accepted.versions.empty() ||
         std::any_of(step.verified.ledger.begin(), step.verified.ledger.end(), [&before](const auto& row) {
           const auto at = before.find(row.first);
           return at == before.end() ? row.second.head.seq > 0 : at->second.head != row.second.head;
         });
}

}  // namespace

asio::awaitable<Sync::Turn> Sync::take_turn() {
  co_await turn_.async_send(boost::system::error_code{}, asio::use_awaitable);
  co_return Turn{*this};
}

asio::awaitable<Result<Sync::Outcome>> Sync::verify_in_turn(std::map<DeviceId, Head> until) {
  const auto turn = co_await take_turn();
  co_return co_await verify_all(std::move(until));
}

asio::awaitable<Result<Sync::Outcome>> Sync::verify_all(std::map<DeviceId, Head> until) {
  const auto vault = device_->unlocked;
  if (!vault) co_return Outcome::waits;
  auto work = [store = device_->store, keychain = vault->keychain, identity = vault->identity, ledger = vault->ledger,
               until]() -> Result<Step> {
    auto accepted = accept_waiting(*store, keychain, *identity);
    if (!accepted) return accepted.error();
    auto verified = verify(*store, *accepted->keychain, ledger, until, identity->id);
    if (!verified) return verified.error();
    return Step{std::move(*accepted), std::move(*verified)};
  };
  auto step = co_await run_on(device_->threads.worker, std::move(work));
  if (!step) co_return step.error();
  if (device_->unlocked != vault) co_return Outcome::waits;  // locked meanwhile

  if (!has_news(*step, vault->ledger)) co_return Outcome::verified;
  hear(device_->standing, *step->accepted.keychain, device_->profile.device, vault->ledger, step->verified.ledger,
       wall_time());
  device_->see_sheet(step->accepted.keychain->head().recovery_auth);
  auto keep = [standing = device_->standing, versions = step->accepted.versions, ledger = step->verified.ledger,
               self = device_->profile.device, first = vault->keychain->head().version + 1,
               now = step->accepted.keychain](store::WriteTxn& tx) -> Result<void> {
    for (std::uint32_t i = 0; i < versions.size(); ++i) tx.put(store::keyrings, first + i, versions[i]);
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    for (const auto& [device, chain] : ledger)
      if (device != self && chain.head.seq > 0) tx.put(store::heads, device, chain.head);
    settle_unverified(tx);
    LocalVault::put_standing(tx, standing);
    const auto settled = versions.empty() ? Result<void>{} : settle_keyring(tx, *now);
    fault_point("verify.before-commit");
    return settled;
  };
  const auto stored = co_await device_->writer.write(std::move(keep));
  if (!stored) co_return stored.error();
  fault_point("verify.committed");
  const auto keychain = step->accepted.keychain;
  if (!step->accepted.versions.empty()) device_->take_keyring(keychain->head(), keychain->head_hash());
  if (device_->unlocked != vault) co_return Outcome::verified;
  if (!takes_back(*keychain, vault->ledger, device_->profile.device)) {
    co_await device_->install(vault, keychain, std::move(step->verified));
    co_return Outcome::verified;
  }
  const auto again = co_await device_->open_again(keychain);
  if (!again && again.error() != Errc::locked) co_return again.error();
  co_return Outcome::verified;
}

asio::awaitable<void> Sync::verify_waiting() {
  std::map<DeviceId, Head> until;
  const auto read = device_->store->read([&](const store::ReadTxn& tx) {
    std::vector<DeviceId> devices;
    tx.scan(store::heads, store::Range<DeviceId>::all(), [&](const DeviceId& d, const Head&) { devices.push_back(d); });
    for (const auto& device : device_->devices) devices.push_back(device.id);
    for (const auto& device : devices)
      if (device != device_->profile.device)
        if (const auto head = stored_head(tx, device); head.seq > 0) until[device] = head;
  });
  if (!read || !device_->unlocked) co_return;
  const auto verified = co_await verify_in_turn(std::move(until));
  if (!verified) log::info("what was pulled while locked waits for the rest", {{"reason", verified.error()}});
}

}  // namespace vault::daemon

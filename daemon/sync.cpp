#include "daemon/sync.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/limits.hpp"
#include "crypto/keyring_trailer.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/trust.hpp"
#include "store/vault_tables.hpp"
#include "wire/commit_header.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto first_backoff = 1'000ms;
constexpr auto longest_backoff = 300'000ms;
constexpr auto longest_absence = 30'000ms;  // while the server cannot be reached: a person expects it soon after
constexpr std::uint64_t keep_success_after = 10 * 60 * 1000;  // ms
constexpr std::size_t slice = 100;                            // index entries between two looks at the event loop

std::map<DeviceId, Head> as_map(const wire::Heads& heads, const DeviceId& self) {
  std::map<DeviceId, Head> out;
  for (const auto& [device, head] : heads.chains)
    if (device != self) out[device] = head;
  return out;
}

Hash known_hash(const wire::Heads& heads) { return crypto::sha256(encode(heads)); }

// Errors that say what the server is, and not that it is away.
bool about_history(const boost::system::error_code& error) {
  switch (class_of(error)) {
    case Errc::tamper:
    case Errc::gap:
    case Errc::rollback:
    case Errc::fork:
    case Errc::downgrade:
    case Errc::limit:
    case Errc::keystate:
      return true;
    default:
      return false;
  }
}

// The server is away, and has not said anything that it would say again.
bool is_absence(const boost::system::error_code& error) {
  return class_of(error) == Errc::offline && error != Errc::tls_refused && error != Errc::server_error;
}

// What the server has once it took our own commits up to `own`.
void add_own(wire::Heads& heads, const DeviceId& self, const Head& own) {
  auto& chains = heads.chains;
  const auto at = std::lower_bound(chains.begin(), chains.end(), self,
                                   [](const auto& chain, const DeviceId& id) { return chain.device < id; });
  if (at != chains.end() && at->device == self) at->head = own;
  else chains.insert(at, {self, own});
}

}  // namespace

Sync::Sync(std::shared_ptr<Device> device, HttpClient http)
    : device_(std::move(device)),
      http_(std::move(http)),
      remote_(http_, device_->profile.account),
      pull_(remote_, device_->writer, device_->store, device_->threads, device_->profile.vault),
      turn_(device_->executor, 1),
      round_turn_(device_->executor, 1),
      news_(device_->executor, remote_,
            [this] {
              if (idle_) wait_.cancel();
            }),
      acks_(device_),
      wait_(device_->executor),
      backoff_(first_backoff),
      success_kept_(device_->standing.last_success) {
  use_acting_key();
}

void Sync::use_acting_key() { use_key(device_->acting(), device_->acting_net()); }

void Sync::use_key(const DeviceId& device, const Secret& seed) {
  auto net = std::make_shared<const crypto::RequestSigner>(crypto::RequestSigner::from_seed(seed));
  remote_.use_key(device_->profile.vault, device, [net](BytesView message) { return net->sign_request(message); });
}

asio::awaitable<Sync::Pause> Sync::pause() {
  const auto [error] =
      co_await round_turn_.async_send(boost::system::error_code{}, asio::as_tuple(asio::use_awaitable));
  if (error) throw boost::system::system_error{make_error_code(asio::error::operation_aborted)};  // as all else says it
  co_return Pause{*this};
}

void Sync::kick() {
  kicked_ = true;
  wait_.cancel();
}

asio::awaitable<void> Sync::wait_for(std::chrono::milliseconds time) {
  if (kicked_) co_return;
  wait_.expires_after(time);
  co_await wait_.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Connections that nobody uses are of the old network, perhaps. One that listens is asked whether it lives; else a
// round finds out at once, whatever was tried before.
void Sync::network_changed() {
  http_.drop_kept();
  backoff_ = first_backoff;
  const bool listens = news_.probe();
  if (!listens || last_error_) kick();
}

asio::awaitable<void> Sync::wait_for_news() {
  idle_ = true;
  const auto next = [this] { return std::min(news_.due(), acks_.due()); };
  for (auto due = next(); !kicked_ && due > std::chrono::steady_clock::now(); due = next()) {
    wait_.expires_at(due);
    co_await wait_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  idle_ = false;
}

// A word from the user ends it at once, a local write after a second: a thousand writes off-line are not a
// thousand tries.
asio::awaitable<void> Sync::back_off(const boost::system::error_code& why) {
  const auto longest = is_absence(why) ? longest_absence : longest_backoff;
  const auto time = std::min<std::chrono::milliseconds>(backoff_, longest);
  backoff_ = std::min<std::chrono::milliseconds>(2 * time, longest_backoff);
  const auto half = time.count() / 2;
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds{half + static_cast<long>(jitter_() % static_cast<unsigned long>(half))};
  co_await wait_for(first_backoff);
  if (asked_.empty() && kicked_) {
    kicked_ = false;
    co_await wait_for(first_backoff);
    co_return;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  if (asked_.empty() && left.count() > 0) co_await wait_for(left);
}

// Two that are both stopped would throw both, and what comes of that is no operation_aborted: only rounds() does.
asio::awaitable<void> Sync::listen() {
  try {
    co_await news_.listen();
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;
  }
}

asio::awaitable<void> Sync::run() {
  const Network network{device_->executor, [this] { network_changed(); }};
  co_await (rounds() && listen());
}

asio::awaitable<void> Sync::rounds() {
  for (;;) {
    const auto asked = std::exchange(asked_, {});
    kicked_ = false;
    news_.round_begins();
    const auto keyring = device_->keyring;
    const auto result = co_await round_in_turn();
    for (const auto& answer : asked)
      answer->try_send(result ? boost::system::error_code{} : result.error(), result ? *result : SyncCounts{});
    if (result) {
      backoff_ = first_backoff;
      news_.round_was_good(known_hash(seen_), result->pulled > 0 || device_->keyring != keyring);
      co_await wait_for_news();
    } else {
      co_await back_off(result.error());
    }
  }
}

asio::awaitable<Result<SyncCounts>> Sync::now(std::chrono::seconds timeout) {
  auto answer = std::make_shared<Answer>(device_->executor, 1);
  asked_.push_back(answer);
  kick();
  asio::steady_timer timer{device_->executor, timeout};
  const auto result =
      co_await (answer->async_receive(asio::as_tuple(asio::use_awaitable)) || timer.async_wait(asio::use_awaitable));
  if (result.index() == 1) co_return Errc::busy;
  const auto& [error, counts] = std::get<0>(result);
  if (error) co_return error;
  co_return counts;
}

asio::awaitable<Result<SyncCounts>> Sync::round_in_turn() {
  const auto others = co_await pause();
  co_return co_await round();
}

asio::awaitable<Result<SyncCounts>> Sync::round() {
  in_round_ = true;
  auto result = co_await pull_and_push();
  if (!result) result = co_await reject(result.error());
  in_round_ = false;
  ++totals_.rounds;
  totals_.failed += result ? 0u : 1u;
  totals_.commits.pulled += result ? result->pulled : 0u;
  totals_.commits.pushed += result ? result->pushed : 0u;
  last_error_.reset();
  if (!result) last_error_ = result.error();
  online_ = result || class_of(result.error()) != Errc::offline;
  co_return result;
}

asio::awaitable<Result<SyncCounts>> Sync::pull_and_push() {
  const auto pulled = co_await pull();
  if (!pulled) co_return pulled.error();
  if (device_->standing.distrust) co_return Errc::distrusted;
  if (device_->standing.roll == RollReason::refused && !device_->unsent)  // it takes our key: the question is answered
    (void)co_await device_->remember([](Standing& s) { s.roll = RollReason::none; });
  if (device_->unsent)
    if (const auto sent = co_await send_roll(seen_); !sent) co_return sent.error();
  if (device_->standing.roll != RollReason::none) co_return Errc::roll_pending;
  co_await adopt();
  co_await acks_.tell();
  const auto pushed = co_await push();
  if (!pushed) co_return pushed.error();
  co_return SyncCounts{*pulled, *pushed};
}

// The first reason stands: what comes later follows from it. But that the server refuses us is only a question.
asio::awaitable<Result<void>> Sync::require_roll(RollReason reason) {
  const auto known = device_->standing.roll;
  if (known == reason || (known != RollReason::none && known != RollReason::refused)) co_return Result<void>{};
  co_return co_await device_->remember([reason](Standing& s) { s.roll = reason; });
}

// A refused answer changes nothing but what is remembered of the server.
asio::awaitable<boost::system::error_code> Sync::reject(boost::system::error_code error) {
  if (class_of(error) == Errc::auth && !device_->refusal_checked) {
    (void)co_await require_roll(RollReason::refused);
    co_return Errc::roll_pending;
  }
  if (!about_history(error) || error == Errc::distrusted) co_return error;
  log::warning("the server's answer was refused", {{"error", error}});
  const auto klass = class_of(error);
  if (klass == Errc::fork && std::exchange(fork_shown_, false)) co_await keep_proofs(seen_);
  if (klass == Errc::rollback || klass == Errc::fork) {
    (void)co_await device_->remember([klass](Standing& s) { s.distrust = klass; });
  } else if (klass == Errc::keystate) {
    (void)co_await require_roll(RollReason::server);
    error = Errc::roll_pending;
  }
  crypto::seams::fault_point("reject.remembered");
  const auto verified = device_->heads();
  if (verified) (void)co_await pull_.drop_unverified(*verified, device_->profile.device);
  co_return error;
}

asio::awaitable<Result<void>> Sync::compare_own(const Head& served) {
  const auto self = device_->profile.device;
  Result<void> verdict;
  const auto read = device_->store->read([&](const store::ReadTxn& tx) {
    const auto own = tx.get(store::heads, self).value_or(Head{});
    if (served.seq < device_->standing.acked) {
      verdict = Errc::rollback;
    } else if (served.seq > own.seq) {
      verdict = Errc::keystate;  // somebody writes as this device
    } else if (served.seq > 0) {
      const auto commit = tx.get(store::chains, {self, served.seq});
      if (!commit || crypto::commit_hash(commit->view()) != served.hash) verdict = Errc::keystate;
    }
  });
  if (!read) co_return read.error();
  if (verdict || verdict.error() != Errc::keystate) co_return verdict;
  const auto page = co_await remote_.chain(self, served.seq);
  if (!page) co_return page.error();
  if (page->commits.empty()) co_return Errc::gap;
  co_return judge_own(page->commits.front());
}

// A commit that is served as one of our own chain in place of ours. Only our signature on another commit than we have
// there makes it that of a clone, or of a state that was restored since; anything else is the server's own invention,
// one of our own commits in a wrong place too, and so is everything while nobody can tell.
boost::system::error_code Sync::judge_own(const Sealed& commit) const {
  const auto self = device_->profile.device;
  const auto header = wire::decode_commit_header(commit.view());
  if (!header || header->vault != device_->profile.vault || header->device != self) return Errc::tamper;
  const auto own = device_->store->read([&](const store::ReadTxn& tx) {
    return tx.get(store::chains, {self, header->seq});
  });
  if (!own) return own.error();
  if (*own == commit || !crypto::verify_commit_signature(device_->self_key, commit.view())) return Errc::tamper;
  return Errc::keystate;
}

Result<void> compare_with_known(const Device& device, const wire::Heads& served) {
  if (served.keyring.version < device.keyring.version) return Errc::rollback;
  if (served.keyring.version == device.keyring.version && served.keyring.hash != device.keyring.hash) return Errc::fork;
  const auto known = device.heads();
  if (!known) return known.error();
  const auto chains = as_map(served, device.profile.device);
  for (const auto& [id, head] : *known) {
    if (id == device.profile.device) continue;
    const auto at = chains.find(id);
    if (at == chains.end() || at->second.seq < head.seq) return Errc::rollback;
    if (at->second.seq == head.seq && at->second.hash != head.hash) return Errc::fork;
  }
  return {};
}

asio::awaitable<Result<void>> Sync::compare(const wire::Heads& served) {
  if (const auto same = compare_with_known(*device_, served); !same) co_return same;
  const auto own = std::ranges::find(served.chains, device_->profile.device, &wire::Heads::Chain::device);
  const auto head = own != served.chains.end() ? own->head : Head{};
  co_return co_await compare_own(head);
}

namespace {

struct Accepted {
  std::shared_ptr<const Keychain> keychain;
  std::vector<Sealed> versions;  // that were new
};

// The keyrings that wait in the inbox, on top of the keychain; what it has already is passed over. On the worker.
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

// Whether it is signed by an AUTH that the newest verified version hands over to, or is. Nothing in it was opened.
bool follows_newest(const Device& device, const Sealed& version) {
  const auto before = device.store->read([](const store::ReadTxn& tx) {
    const auto last = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
    return last ? last->second : Sealed{};
  });
  if (!before) return false;
  const auto old = wire::decode_keyring_header(before->view());
  const auto now = wire::decode_keyring_header(version.view());
  const auto trailer = now ? crypto::keyring_trailer(version.view(), now->size) : now.error();
  if (!old || !trailer || now->header.prev != device.keyring.hash) return false;
  const auto& by = trailer->signatures.back();
  const bool recovery = by.role == crypto::KeyringRole::recovery;
  const auto& key = recovery ? old->header.recovery_auth : old->header.auth;
  return crypto::verify_keyring_signature(key, version.view().first(trailer->signed_size), by.signature);
}

}  // namespace

// The signers of the keyring as it will be, once what waits is accepted; nobody's while the vault is locked.
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

// Whether what is served is, hash for hash, what was verified before. Requires: compare() had nothing against it.
bool Sync::shows_no_more(const wire::Heads& served) const {
  const auto known = device_->heads();
  if (!known || served.keyring != device_->keyring) return false;
  return std::all_of(served.chains.begin(), served.chains.end(), [&](const auto& chain) {
    const auto at = known->find(chain.device);
    return chain.device == device_->profile.device || (at != known->end() && at->second == chain.head);
  });
}

// A keyring version in the place of the one that this device's roll made. It is that one, whose answer was lost; or
// another, which only the password can judge. That it was made with the password its signature says.
asio::awaitable<Result<std::uint64_t>> Sync::meet_roll(Sealed version) {
  if (version == device_->unsent->keyring) {
    if (const auto done = co_await device_->roll_acknowledged(); !done) co_return done.error();
    use_acting_key();
    co_return co_await pull();
  }
  if (!follows_newest(*device_, version)) co_return Errc::tamper;
  const auto kept = co_await require_roll(RollReason::superseded);
  co_return kept ? Errc::roll_pending : kept.error();
}

// Where the answer to a roll was lost, the server knows the new identity and refuses the old one.
asio::awaitable<Result<wire::Heads>> Sync::ask_heads() {
  auto heads = co_await remote_.heads();
  if (heads || class_of(heads.error()) != Errc::auth || !device_->unsent) co_return heads;
  use_key(device_->profile.device, device_->profile.net);
  auto as_new = co_await remote_.heads();
  if (!as_new) use_acting_key();
  co_return as_new ? std::move(as_new) : std::move(heads);
}

asio::awaitable<Result<std::uint64_t>> Sync::pull() {
  const auto heads = co_await ask_heads();
  if (!heads) co_return heads.error();
  seen_ = *heads;
  const auto same = co_await compare(*heads);
  fork_shown_ = !same && same.error() == Errc::fork;
  if (!same) co_return same.error();

  const auto from = device_->keyring.version + 1;  // an unlock may accept some of them meanwhile
  auto versions = co_await pull_keyrings(remote_, from, heads->keyring);
  if (!versions) co_return versions.error();
  if (device_->unsent && !versions->empty()) co_return co_await meet_roll(versions->front());
  auto keep = [versions = *versions, from](store::WriteTxn& tx) {
    for (std::uint32_t i = 0; i < versions.size(); ++i) tx.put(store::inbox_keyrings, from + i, versions[i]);
  };
  Result<void> kept;
  if (!versions->empty()) kept = co_await device_->writer.write(std::move(keep));
  if (!kept) co_return kept.error();
  crypto::seams::fault_point("pull.keyrings-stored");
  auto known = co_await signers();
  if (!known) co_return known.error();
  const auto fetched = co_await pull_.chains(*heads, device_->profile.device, std::move(*known));
  fork_shown_ = !fetched && fetched.error() == Errc::fork;
  if (!fetched) co_return fetched.error();
  const auto outcome = co_await verify_in_turn(as_map(*heads, device_->profile.device));
  if (!outcome) co_return outcome.error();
  // A server that shows all this device knows, after it did not: another device has repaired it. While locked that
  // is said only of what was verified before; what is newer may be the server's own.
  const bool verified = *outcome == Outcome::verified;
  const bool forgiven = device_->standing.distrust == Errc::rollback && (verified || shows_no_more(*heads));
  if (verified) device_->standing.last_success = wall_time();
  const bool stale = device_->standing.last_success >= success_kept_ + keep_success_after;
  if (!forgiven && !(verified && (*fetched > 0 || stale))) co_return fetched;  // a round without news costs no fsync
  success_kept_ = device_->standing.last_success;
  const auto settled = co_await device_->remember([forgiven](Standing& s) {
    if (forgiven) s.distrust.reset();
  });
  if (!settled) co_return settled.error();
  crypto::seams::fault_point("pull.remembered");
  co_return fetched;
}

namespace {

struct Step {
  Accepted accepted;
  Verified verified;
};

bool has_news(const Step& step, const Ledger& before) {
  return !step.accepted.versions.empty() ||
         std::any_of(step.verified.ledger.begin(), step.verified.ledger.end(), [&before](const auto& row) {
           const auto at = before.find(row.first);
           return at == before.end() ? row.second.head.seq > 0 : at->second.head != row.second.head;
         });
}

}  // namespace

asio::awaitable<Result<Sync::Outcome>> Sync::verify_in_turn(std::map<DeviceId, Head> until) {
  co_await turn_.async_send(boost::system::error_code{}, asio::use_awaitable);
  struct Turn {
    Sync& sync;
    ~Turn() {
      sync.turn_.try_receive([](boost::system::error_code) {});
    }
  } turn{*this};
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
  auto keep = [standing = device_->standing, versions = step->accepted.versions, ledger = step->verified.ledger,
               self = device_->profile.device, first = vault->keychain->head().version + 1](store::WriteTxn& tx) {
    for (std::uint32_t i = 0; i < versions.size(); ++i) tx.put(store::keyrings, first + i, versions[i]);
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    for (const auto& [device, chain] : ledger)
      if (device != self && chain.head.seq > 0) tx.put(store::heads, device, chain.head);
    Device::put_standing(tx, standing);
    crypto::seams::fault_point("verify.before-commit");
  };
  const auto stored = co_await device_->writer.write(std::move(keep));
  if (!stored) co_return stored.error();
  crypto::seams::fault_point("verify.committed");
  const auto keychain = step->accepted.keychain;
  device_->keyring = keychain->keyring_head();
  device_->generation = keychain->head().generation;
  device_->devices = keychain->head().devices;
  if (device_->unlocked == vault) co_await install(vault, keychain, std::move(step->verified));
  co_return Outcome::verified;
}

asio::awaitable<void> Sync::install(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Keychain> keychain,
                                    Verified verified) {
  vault->keychain = std::move(keychain);
  vault->advance(verified.ledger);
  vault->installing = true;
  std::size_t done = 0;
  for (auto& [name, version] : verified.findings.versions) {
    vault->add(name, std::move(version));
    if (++done % slice == 0) co_await asio::post(device_->executor, asio::use_awaitable);
  }
  vault->installing = false;
  device_->save_index();
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

// The keyring version of a roll that was made off-line, or whose answer was lost. It goes out only while the server is
// as the device knew it when it made the version; else the password must make another one.
asio::awaitable<Result<void>> Sync::send_roll(const wire::Heads& served) {
  const auto& roll = *device_->unsent;
  const auto header = wire::decode_keyring_header(roll.keyring.view());
  if (!header) co_return Errc::store_damaged;
  const auto old = std::ranges::find(served.chains, roll.device, &wire::Heads::Chain::device);
  const bool moved = (old != served.chains.end() ? old->head : Head{}) != roll.cut;
  if (moved || served.keyring.version + 1 != header->header.version || served.keyring.hash != header->header.prev) {
    const auto kept = co_await require_roll(RollReason::superseded);
    co_return kept ? Result<void>{Errc::roll_pending} : kept;
  }
  crypto::seams::fault_point("roll.before-send");
  std::optional<wire::KeyringHead> other;
  const wire::Heads::Chain end{roll.device, roll.cut};
  const auto put = co_await remote_.put_keyring(roll.keyring, other, end);
  crypto::seams::fault_point("roll.answered");
  if (!put) co_return put.error();  // of a conflict the next round will know more
  if (const auto done = co_await device_->roll_acknowledged(); !done) co_return done;
  use_acting_key();
  co_return Result<void>{};
}

// Nobody but this device knows that what it was before had not been stolen. What does not hold together is left alone.
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

// Two commits of one device for one seq, both signed by it.
bool is_proof(const SignKey& signer, const Sealed& one, const Sealed& other) {
  const auto a = wire::decode_commit_header(one.view());
  const auto b = wire::decode_commit_header(other.view());
  return a && b && a->vault == b->vault && a->device == b->device && a->seq == b->seq && one != other &&
         crypto::verify_commit_signature(signer, one.view()) && crypto::verify_commit_signature(signer, other.view());
}

}  // namespace

// What a person can show to anybody: that a device of theirs was two.
asio::awaitable<void> Sync::keep_proof(DeviceId device, Head known) {
  const auto vault = device_->unlocked;
  const auto* entry = vault ? vault->keychain->device(device) : nullptr;
  if (entry == nullptr) co_return;
  const auto page = co_await remote_.chain(device, known.seq);
  if (!page || page->commits.empty()) co_return;
  auto keep = [device, seq = known.seq, signer = entry->sig, other = page->commits.front()](store::WriteTxn& tx) {
    const auto own = tx.get(store::chains, {device, seq});
    if (!own || !is_proof(signer, *own, other)) return;
    for (const auto* commit : {&*own, &other})
      tx.put(store::proofs, {device, seq, crypto::commit_hash(commit->view())}, *commit);
  };
  const auto kept = co_await device_->writer.write(std::move(keep));
  if (!kept) log::warning("a proof was not stored", {{"error", kept.error()}});
}

asio::awaitable<void> Sync::keep_proofs(wire::Heads served) {
  const auto known = device_->heads();
  if (!known) co_return;
  for (const auto& [device, head] : as_map(served, device_->profile.device))
    if (const auto at = known->find(device); at != known->end() && at->second.seq > 0 && head.seq >= at->second.seq)
      co_await keep_proof(device, at->second);
}

asio::awaitable<Result<std::uint64_t>> Sync::push() {
  std::uint64_t pushed = 0;
  if (const auto anchored = co_await device_->flush_anchor(); !anchored) co_return anchored.error();
  const auto self = device_->profile.device;
  for (;;) {
    std::vector<Sealed> commits;
    std::size_t bytes = 0;
    const auto from = device_->standing.acked + 1;
    const auto read = device_->store->read([&](const store::ReadTxn& tx) {
      tx.scan(store::chains, store::Range<store::Place>::between({self, from}, {self, ~std::uint64_t{0}}),
              [&](const store::Place&, Sealed commit) {
                bytes += commit.size();
                if (!commits.empty() && (bytes > limits::page_bytes || commits.size() == limits::page_commits))
                  return false;
                commits.push_back(std::move(commit));
                return true;
              });
    });
    if (!read) co_return read.error();
    if (commits.empty()) co_return pushed;
    crypto::seams::fault_point("push.before-send");
    const auto count = commits.size();
    const auto last = Head{from + count - 1, crypto::commit_hash(commits.back().view())};
    std::optional<wire::CommitConflict> other;
    const auto head = co_await remote_.append(self, std::move(commits), other);
    if (!head && other) co_return judge_own(other->stored);
    if (!head) co_return head.error();
    if (head->seq < last.seq || (head->seq == last.seq && *head != last)) co_return Errc::server_answer_bad;
    crypto::seams::fault_point("push.acknowledged");
    if (const auto ok = co_await device_->remember([&last](Standing& s) { s.acked = last.seq; }); !ok)
      co_return ok.error();
    crypto::seams::fault_point("push.remembered");
    add_own(seen_, self, last);
    pushed += count;
  }
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/unlock/new_identity.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/chain/verifier.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/keyring/next_keyring.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/remote/pull.hpp"
#include "daemon/state/waiting_keyrings.hpp"
#include "daemon/unlock/identity_transaction.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr int attempts = 16;    // tries against a keyring that others change at the same moment
constexpr auto patience = 20s;  // with a server, while a person waits for an unlock

enum class Done { no, yes };

// Holds what the server has of the own chain: where it leaves the one here, and what follows there.
struct Branch {
  std::uint64_t base = 0;     // the last own commit that the server has too
  std::vector<Sealed> after;  // the server's, from the next seq
  Head cut;                   // the last of all these
  ChainState state;           // at the cut
};

class Roll {
 public:
  Roll(std::shared_ptr<LocalVault> device, Keys keys, Ledger ledger, IdentityReason reason)
      : device_(std::move(device)), keys_(std::move(keys)), ledger_(std::move(ledger)), reason_(reason) {
    own_keys_ = ledger_[self()].keys;
    if (keys_.identity) {  // a damaged disk may have lost the commit with this key
      auto key = std::make_shared<const crypto::DeviceKey>(keys_.identity->dk.opener());
      own_keys_.try_emplace(keys_.identity->epoch, EpochKey{0, std::move(key)});
    }
  }
  asio::awaitable<Result<void>> run();

 private:
  const DeviceId& self() const { return device_->profile.device; }
  Result<void> begin();
  asio::awaitable<bool> look();
  asio::awaitable<void> ask();
  asio::awaitable<Result<void>> see();
  asio::awaitable<Result<std::shared_ptr<const Keychain>>> see_keyrings(const wire::KeyringHead& head);
  asio::awaitable<boost::system::error_code> keep_for_password();
  asio::awaitable<Result<Branch>> see_branch(std::shared_ptr<const Keychain> keychain, Head served);
  asio::awaitable<Result<std::vector<Sealed>>> fetch(SignKey signer, Head from, Head until);
  Branch own_branch() const;
  std::vector<std::pair<std::uint32_t, Sealed>> waiting_versions() const;
  bool names_branch(const Reference& reference) const;
  std::optional<bool> fits() const;
  Result<crypto::Identity> fresh_identity() const;
  KeyringChange change(const crypto::Identity& next) const;
  Result<IdentityTransaction> plan() const;
  asio::awaitable<Result<void>> swap();
  asio::awaitable<Result<Done>> send();
  asio::awaitable<Result<void>> settled();

  std::shared_ptr<LocalVault> device_;
  Keys keys_;
  Ledger ledger_;  // of the other chains
  IdentityReason reason_;
  EpochKeys own_keys_;
  std::optional<HttpClient> http_;
  std::optional<Remote> remote_;

  // State of the server, or, without a server, of what is here.
  std::shared_ptr<const Keychain> base_;  // without a version that was not sent
  std::vector<std::pair<std::uint32_t, Sealed>> new_versions_;
  Branch branch_;
  Head served_old_;  // of the acting identity's chain
  Result<void> seen_;
};

Result<std::shared_ptr<const Keychain>> accept_all(const std::vector<Sealed>& versions, const Keys& keys) {
  const auto terms = login_terms(versions.back());
  if (!terms) return terms.error();
  return Keychain::accept(versions, *keys.root, *terms);
}

Head head_of(const wire::Heads& heads, const DeviceId& device) {
  for (const auto& chain : heads.chains)
    if (chain.device == device) return chain.head;
  return {};
}

// Returns the versions above those in force here that the password has proved.
std::vector<std::pair<std::uint32_t, Sealed>> Roll::waiting_versions() const {
  std::vector<std::pair<std::uint32_t, Sealed>> out;
  const auto first = device_->keyring.version + 1, end = keys_.newest->head().version + 1;
  (void)device_->store->read([&](const store::ReadTxn& tx) {
    tx.scan(store::inbox_keyrings, store::Range<std::uint32_t>::between(first, end),
            [&out](std::uint32_t version, Sealed keyring) { out.emplace_back(version, std::move(keyring)); });
  });
  return out;
}

Result<void> Roll::begin() {
  const auto origin = wire::Origin::parse(device_->profile.origin);
  if (!origin) return StoreErrc::store_damaged;
  http_.emplace(device_->executor, *origin, HttpClientOptions{.ca_file = device_->profile.ca_file});
  remote_.emplace(Remote{*http_, device_->profile.account}.within(device_->threads.acts));
  auto auth = std::make_shared<const crypto::AuthKey>(auth_key(*keys_.root, device_->profile.vault));
  remote_->use_key(device_->profile.vault, wire::KeyId{},
                   [auth](BytesView message) { return auth->sign_request(message); });
  const bool overtaken = keys_.newest != keys_.keychain;  // others' versions have overtaken the one that was not sent
  if (!device_->unsent || overtaken) {
    base_ = keys_.newest;
    new_versions_ = waiting_versions();
  } else {
    const auto versions = device_->store->read([](const store::ReadTxn& tx) { return stored_keyrings(tx); });
    if (!versions) return versions.error();
    auto base = keys_.keychain->first(versions->size(), *versions);
    if (!base) return as_local(base.error());
    base_ = std::move(*base);
  }
  branch_ = own_branch();
  return {};
}

// Returns the branch without a server: it has what it has acknowledged.
Branch Roll::own_branch() const {
  Branch own;
  if (base_->device(self()) == nullptr) return own;  // an identity that was never sent
  own.base = device_->standing.acked;
  const auto commit = device_->store->read([this, &own](const store::ReadTxn& tx) {
    return tx.get(store::chains, {self(), own.base});
  });
  if (commit && *commit) own.cut = {own.base, crypto::commit_hash((*commit)->view())};
  return own;
}

// Asks the server for its state. One that was behind may have been repaired, so all that it shows is compared with what
// is known here. One that has contradicted itself is not asked.
asio::awaitable<bool> Roll::look() {
  if (device_->standing.distrust == Errc::fork) co_return false;
  seen_ = Errc::busy;
  const std::chrono::seconds most{crypto::seams::amount("unlock.seconds", patience.count())};
  asio::steady_timer timer{device_->executor, most};
  co_await (ask() || timer.async_wait(asio::use_awaitable));
  if (!seen_) log::info("the new identity is made without the server", {{"reason", seen_.error()}});
  co_return seen_.has_value();
}

asio::awaitable<void> Roll::ask() { seen_ = co_await see(); }

asio::awaitable<Result<void>> Roll::see() {
  const auto heads = co_await remote_->heads();
  if (!heads) co_return heads.error();
  if (const auto same = compare_with_known(*device_, *heads); !same) co_return same;
  const auto keychain = co_await see_keyrings(heads->keyring);
  if (!keychain) co_return keychain.error();

  Pull pull{*remote_, device_->writer, device_->store, device_->threads, device_->profile.vault};
  const auto until = other_heads(*heads, self());
  if (const auto pulled = co_await pull.chains(until, signers_of(**keychain)); !pulled) co_return pulled.error();
  auto branch = co_await see_branch(*keychain, head_of(*heads, self()));
  if (!branch) co_return branch.error();

  auto others = ledger_;
  others.erase(self());
  auto work = [store = device_->store, keychain = *keychain, others, until, self = self()] {
    return verify(*store, *keychain, others, until, self, {}, OwnAhead::listed);
  };
  auto verified = co_await run_on(device_->threads.worker, std::move(work));
  if (!verified) co_return verified.error();
  branch_ = std::move(*branch);
  for (const auto& reference : verified->ahead)
    if (!names_branch(reference)) co_return Errc::gap;
  base_ = *keychain;
  ledger_ = std::move(verified->ledger);
  served_old_ = head_of(*heads, device_->acting());
  co_return Result<void>{};
}

asio::awaitable<Result<std::shared_ptr<const Keychain>>> Roll::see_keyrings(const wire::KeyringHead& head) {
  auto versions = device_->store->read([](const store::ReadTxn& tx) { return stored_keyrings(tx); });
  if (!versions) co_return versions.error();
  const auto from = static_cast<std::uint32_t>(versions->size() + 1);
  auto more = co_await pull_keyrings(*remote_, from, head);
  if (!more) co_return more.error();
  new_versions_.clear();
  for (auto& version : *more) {
    new_versions_.emplace_back(static_cast<std::uint32_t>(versions->size() + 1), version);
    versions->push_back(std::move(version));
  }
  const auto terms = login_terms(versions->back());
  if (terms && terms->seed != keys_.terms.seed) co_return co_await keep_for_password();
  auto accept = [all = std::move(*versions), keys = keys_] { return accept_all(all, keys); };
  co_return co_await run_on(device_->threads.worker, std::move(accept));
}

// Stores the server's versions for another password: only that one can continue from them.
asio::awaitable<boost::system::error_code> Roll::keep_for_password() {
  std::vector<Sealed> waiting;
  for (const auto& [version, keyring] : new_versions_) waiting.push_back(keyring);
  const auto good = device_->store->read([&waiting](const store::ReadTxn& tx) { return may_wait(tx, waiting); });
  if (!good) co_return Errc::tamper;
  auto keep = [waiting = std::move(waiting)](store::WriteTxn& tx) { return keep_waiting(tx, waiting); };
  const auto kept = co_await device_->writer.write(std::move(keep));
  if (!kept) co_return Errc::storage;
  co_return DaemonErrc::password_changed;
}

// Fetches own commits after `from`, which is here. Each is linked, and all are signed by this device.
asio::awaitable<Result<std::vector<Sealed>>> Roll::fetch(SignKey signer, Head from, Head until) {
  std::vector<Sealed> rows;
  std::uint64_t bytes = 0;
  while (from.seq < until.seq) {
    auto answer = co_await remote_->chain(self(), from.seq + 1);
    if (!answer) co_return answer.error();
    auto page = link_page(std::move(answer->commits), device_->profile.vault, self(), from, until.seq, signer);
    if (!page) co_return page.error();
    bytes += page->bytes;
    if (bytes > limits::unverified_bytes) co_return Errc::limit;
    from = page->head;
    for (auto& [place, commit] : page->rows) rows.push_back(std::move(commit));
  }
  if (from != until) co_return Errc::tamper;
  co_return rows;
}

// Reads a chain that is here up to `base` and goes on with `after`. Returns its state. Runs on the worker.
Result<ChainState> read_branch(const store::Store& store, const Keychain& keychain, const DeviceId& device,
                               std::uint64_t base, const std::vector<Sealed>& after) {
  ChainReader reader{keychain, device, {}};
  Findings ignored;
  Result<void> good;
  const auto read = store.read([&](const store::ReadTxn& tx) {
    tx.scan(store::chains, store::Range<store::Place>::between({device, 1}, {device, base + 1}),
            [&](const store::Place&, const Sealed& commit) {
              good = reader.read(commit.view(), ignored);
              ignored = {};
              return good.has_value();
            });
  });
  if (!read) return read.error();
  for (const auto& commit : after) {
    if (good) good = reader.read(commit.view(), ignored);
    ignored = {};
  }
  if (!good) return good.error();
  if (!reader.verify_newest()) return Errc::tamper;
  return reader.take();
}

namespace {

std::uint64_t seq_of(const Sealed& commit) {
  const auto header = wire::decode_commit_header(commit.view());
  return header ? header->seq : 0;
}

// True if the head that somebody has seen is among these commits, or void because of one of them.
bool is_among(const std::vector<Sealed>& commits, const Head& seen) {
  return std::ranges::any_of(commits, [&seen](const Sealed& commit) {
    const auto header = wire::decode_commit_header(commit.view());
    if (!header) return false;
    return header->seq == seen.seq ? crypto::commit_hash(commit.view()) == seen.hash : is_void(*header, seen.seq);
  });
}

}  // namespace

asio::awaitable<Result<Branch>> Roll::see_branch(std::shared_ptr<const Keychain> keychain, Head served) {
  Branch out;
  const auto* entry = keychain->device(self());
  if (entry == nullptr) co_return out;  // an identity that was never sent
  const auto until = entry->active ? served : Head{entry->revoked_seq, entry->revoked_hash};
  if (until.seq > served.seq || (entry->active && until.seq < device_->standing.acked)) co_return Errc::rollback;

  std::map<std::uint64_t, Hash> own;
  const auto read = device_->store->read([&](const store::ReadTxn& tx) {
    tx.scan(store::chains, store::Range<store::Place>::starting_with(self()),
            [&own](const store::Place& place, const Sealed& commit) {
              own[place.seq] = crypto::commit_hash(commit.view());
            });
  });
  if (!read) co_return read.error();
  const auto hash_at = [&own](std::uint64_t seq) { return own.contains(seq) ? own.at(seq) : Hash{}; };
  out.base = std::min(device_->standing.acked, until.seq);
  auto rows = co_await fetch(entry->sig, {out.base, hash_at(out.base)}, until);
  if (!rows && out.base > 0 && class_of(rows.error()) != Errc::offline) {
    out.base = 0;  // another history has acknowledged ours: find from the start what both have in common
    rows = co_await fetch(entry->sig, {}, until);
  }
  if (!rows) co_return rows.error();
  auto same = rows->begin();
  for (; same != rows->end() && hash_at(seq_of(*same)) == crypto::commit_hash(same->view()); ++same)
    out.base = seq_of(*same);
  out.after.assign(same, rows->end());
  auto work = [store = device_->store, keychain, device = self(), base = out.base, after = out.after] {
    return read_branch(*store, *keychain, device, base, after);
  };
  auto state = co_await run_on(device_->threads.worker, std::move(work));
  if (!state) co_return state.error();
  out.state = std::move(*state);
  out.cut = out.state.head;
  co_return out;
}

// True if what somebody has seen of the own chain is what the server shows.
bool Roll::names_branch(const Reference& reference) const {
  if (reference.head.seq > branch_.cut.seq) return false;
  if (reference.head.seq == branch_.cut.seq) return reference.head.hash == branch_.cut.hash;
  if (reference.head.seq > branch_.base) return is_among(branch_.after, reference.head);
  const auto commit = device_->store->read([&](const store::ReadTxn& tx) {
    return tx.get(store::chains, {self(), reference.head.seq});
  });
  return commit && *commit && crypto::commit_hash((*commit)->view()) == reference.head.hash;
}

// Judges a version that was not sent, or whose answer was lost: true if the server has it, false if it would take it
// now, nullopt if neither.
std::optional<bool> Roll::fits() const {
  const auto decoded = wire::decode_keyring_header(device_->unsent->keyring.view());
  if (!decoded) return std::nullopt;
  const auto& header = decoded->header;
  if (base_->hash_of(header.version) == crypto::keyring_hash(device_->unsent->keyring.view())) return true;
  const auto* entry = base_->device(device_->acting());
  const bool moved = entry != nullptr && entry->active && served_old_ != device_->unsent->cut;
  if (moved || header.version != base_->head().version + 1 || header.prev != base_->head_hash()) return std::nullopt;
  return false;
}

Result<crypto::Identity> Roll::fresh_identity() const {
  const auto counter =
      device_->store->read([](const store::ReadTxn& tx) { return get_number(tx, meta::counter).value_or(0); });
  if (!counter) return counter.error();
  for (;;) {
    auto next = crypto::new_identity({.vault_key = base_->newest_vault_key(),
                                      .vault = device_->profile.vault,
                                      .previous = self(),
                                      .previous_counter = *counter,
                                      .keyring_hash = base_->head_hash(),
                                      .fingerprint = device_->fingerprint,
                                      .time_ms = wall_time()});
    if (base_->device(next.id) == nullptr) return next;
  }
}

// Returns the change: the new device joins; every identity that this one has had is revoked, at what is known of it.
KeyringChange Roll::change(const crypto::Identity& next) const {
  KeyringChange out{.author = next.id, .root = *keys_.root, .joins = {}, .cuts = {}, .heads = heads_of(ledger_)};
  auto entry = *keys_.keychain->device(self());
  entry.id = next.id;
  entry.sig = next.sig.public_key();
  entry.box = next.box.public_key();
  entry.net = next.net.public_key();
  entry.joined = wall_time();
  entry.active = true;
  entry.revoked_seq = 0;
  entry.revoked_hash = {};
  out.joins = {entry};
  auto ended = device_->formers;
  ended.push_back(self());
  for (const auto& id : ended) {
    const auto* old = base_->device(id);
    if (old == nullptr || !old->active) continue;
    const auto chain = ledger_.find(id);
    out.cuts[id] = id == self() ? branch_.cut : chain != ledger_.end() ? chain->second.head : Head{};
    out.heads.erase(id);
  }
  for (const auto& [device, head] : base_->body().heads)  // from a join that was not pulled yet
    if (const auto at = out.heads.find(device); at != out.heads.end() && at->second.seq < head.seq) out.heads.erase(at);
  return out;
}

Result<IdentityTransaction> Roll::plan() const {
  auto next = fresh_identity();
  if (!next) return next.error();
  const auto identity = std::make_shared<const crypto::Identity>(std::move(*next));
  auto keyring = next_keyring(*base_, change(*identity));
  if (!keyring) return keyring.error();
  auto keychain = base_->accept_next(*keyring, identity->id, identity->box);
  if (!keychain) return keychain.error();
  const auto& profile = device_->profile;
  return IdentityTransaction{
      .old = self(),
      .base = branch_.base,
      .branch = branch_.after,
      .cut = branch_.cut,
      .keys = own_keys_,
      .reason = reason_,
      .keychain = std::move(*keychain),
      .identity = identity,
      .profile = {profile.account, profile.origin, profile.ca_file, profile.vault, identity->id, identity->net.seed()},
      .unsent = {device_->acting(), Secret::copy_of(device_->acting_net().view()),
                 device_->unsent ? device_->unsent->cut : branch_.cut, std::move(*keyring)},
      .generation_before = base_->head().generation,
      .keyrings = new_versions_,
      .heads = heads_of(ledger_)};
}

asio::awaitable<Result<void>> Roll::swap() {
  auto planned = plan();
  if (!planned) co_return planned.error();
  const auto swap = std::make_shared<IdentityTransaction>(std::move(*planned));
  swap->heads.erase(self());
  if (device_->unsent) swap->unsent.cut = heads_of(ledger_)[device_->acting()];
  auto work = [swap](store::WriteTxn& tx) { return store_identity(tx, *swap); };
  const auto done = co_await device_->writer.write(std::move(work));
  if (!done) co_return done;
  fault_point("roll.committed");

  if (base_->device(self()) != nullptr) {
    ledger_[self()] = std::move(branch_.state);
    ledger_[self()].head = branch_.cut;
  } else {
    ledger_.erase(self());
  }
  own_keys_ = {{1, {1, std::make_shared<const crypto::DeviceKey>(swap->identity->dk.opener())}}};
  keys_.identity = swap->identity;
  keys_.keychain = swap->keychain;
  new_versions_.clear();
  co_return device_->reload();
}

asio::awaitable<Result<Done>> Roll::send() {
  fault_point("roll.before-send");
  std::optional<wire::KeyringHead> other;
  const auto* old = base_->device(device_->acting());
  std::optional<wire::Heads::Chain> end;
  if (old != nullptr && old->active) end = {device_->acting(), device_->unsent->cut};
  const auto put = co_await remote_->put_keyring(device_->unsent->keyring, other, end);
  fault_point("roll.answered");
  if (!put && other) co_return Done::no;
  if (!put) co_return put.error();
  const auto done = co_await device_->identity_acknowledged();
  if (!done) co_return done.error();
  co_return Done::yes;
}

// Clears the reason: the new identity is made, or not needed.
asio::awaitable<Result<void>> Roll::settled() {
  co_return co_await device_->remember([](Standing& s) { s.roll = IdentityReason::none; });
}

asio::awaitable<Result<void>> Roll::run() {
  if (const auto ok = begin(); !ok) co_return ok;
  const bool local = reason_ != IdentityReason::refused && reason_ != IdentityReason::superseded;
  for (int i = 0; i < attempts; ++i) {
    const bool online = co_await look();
    if (!online && seen_.error() == DaemonErrc::password_changed) co_return DaemonErrc::password_changed;
    const auto fit = device_->unsent && online ? fits() : std::nullopt;
    if (fit == true) {
      if (const auto done = co_await device_->identity_acknowledged(); !done) co_return done;
      if (!local || i > 0) co_return co_await settled();
    }
    if (reason_ == IdentityReason::refused && !device_->unsent) {
      if (!online && class_of(seen_.error()) != Errc::auth) co_return Result<void>{};  // nothing is proved
      const auto* entry = base_->device(self());
      device_->refusal_checked = !online || (entry != nullptr && entry->active);  // or it refuses the password too
      if (device_->refusal_checked) co_return co_await settled();
      reason_ = IdentityReason::revoked;
    }
    if (!online && device_->unsent && (!local || i > 0)) co_return Result<void>{};  // this needs the server
    if (fit != false || (local && i == 0))
      if (const auto ok = co_await swap(); !ok) co_return ok;
    if (!online) co_return Result<void>{};
    const auto sent = co_await send();
    if (!sent) co_return Result<void>{};  // a later round sends it
    if (*sent == Done::yes) co_return co_await settled();
  }
  co_return Result<void>{};
}

}  // namespace

asio::awaitable<Result<void>> take_new_identity(std::shared_ptr<LocalVault> device, Keys keys, Ledger ledger,
                                                IdentityReason reason) {
  Roll roll{std::move(device), std::move(keys), std::move(ledger), reason};
  co_return co_await roll.run();
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/local_vault.hpp"

#include "base/assert.hpp"
#include "base/fault_point.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/chain/verifier.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/fingerprint.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/vault/pending_change.hpp"
#include "daemon/vault/unsent.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

std::map<DeviceId, Head> all_heads(const store::ReadTxn& tx) {
  std::map<DeviceId, Head> heads;
  tx.scan(store::heads, store::Range<DeviceId>::all(),
          [&heads](const DeviceId& device, const Head& head) { heads[device] = head; });
  return heads;
}

}  // namespace

boost::system::error_code as_local(const boost::system::error_code& error) {
  const auto klass = class_of(error);
  const bool about_data = klass == Errc::tamper || klass == Errc::gap || klass == Errc::fork ||
                          klass == Errc::rollback || klass == Errc::keystate;
  return about_data ? make_error_code(StoreErrc::store_damaged) : error;
}

namespace {

// Reads the chains, from what is known or from the snapshot.
Result<Contents> read_verified(const store::Store& store, const Keychain& keychain,
                               const std::map<DeviceId, Head>& heads, const DeviceId& self, Contents known) {
  if (known.ledger.empty()) {
    auto saved = load_snapshot(store, keychain, self, heads);
    if (!saved) return saved.error();
    known = std::move(*saved);
  }
  const auto take = [&known](const std::string& name, Version version) { known.add(name, std::move(version)); };
  auto verified = verify(store, keychain, std::move(known.ledger), heads, self, take, OwnAhead::lost_here);
  if (!verified) return as_local(verified.error());
  known.ledger = std::move(verified->ledger);
  return known;
}

// Returns the end of the own chain as far as the disk has kept it: each commit that the server does not have must be
// signed. Errors: those of ChainReader if less is good than the server has.
Result<Head> kept_of_own(const store::Store& store, const Keychain& keychain, const DeviceId& self) {
  return store.read([&](const store::ReadTxn& tx) -> Result<Head> {
    const auto acked = get_number(tx, meta::acked).value_or(0);
    ChainReader reader{keychain, self, {}};
    Result<void> good;
    Head kept;
    tx.scan(store::chains, store::Range<store::Place>::starting_with(self),
            [&](const store::Place&, const Sealed& commit) {
              Findings ignored;
              good = reader.read(commit.view(), ignored);
              if (good && reader.state().head.seq > acked && !reader.verify_newest()) good = Errc::tamper;
              if (good) kept = reader.state().head;
              return good.has_value();
            });
    if (kept.seq < acked) return good ? make_error_code(Errc::gap) : good.error();
    return kept;
  });
}

// Reads the chains; if the disk has changed own commits that no server has, without those. Runs on the worker.
Result<Contents> read_contents(const store::Store& store, const Keychain& keychain, std::map<DeviceId, Head> heads,
                               const DeviceId& self, Contents known) {
  const bool fresh = known.ledger.empty();
  auto contents = read_verified(store, keychain, heads, self, std::move(known));
  if (contents || !fresh || contents.error() != StoreErrc::store_damaged || !heads.contains(self)) return contents;
  const auto kept = kept_of_own(store, keychain, self);
  if (!kept || *kept == heads[self]) return contents;
  if (kept->seq > 0) heads[self] = *kept;
  else heads.erase(self);
  auto rest = read_verified(store, keychain, heads, self, {});
  if (rest) rest->own_damaged = true;
  return rest ? std::move(rest) : std::move(contents);
}

std::set<std::uint64_t> acks_above(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t acked) {
  std::set<std::uint64_t> acks;
  tx.scan(store::chains, store::Range<store::Place>::between({self, acked + 1}, {self, ~std::uint64_t{0}}),
          [&acks](const store::Place& place, const Sealed& commit) {
            const auto header = wire::decode_commit_header(commit.view());
            if (header && header->kind == wire::CommitKind::ack) acks.insert(place.seq);
          });
  return acks;
}

constexpr std::uint64_t unsaved_versions = 2048;  // reading so many commits at an unlock takes a tenth of a second
constexpr std::size_t fold_pages = 20;            // between two turns of the event loop: half a millisecond
constexpr std::size_t slice = 100;                // index entries between two turns
constexpr std::size_t few_items = 32;

std::vector<DeviceId> former_devices(const store::ReadTxn& tx) {
  std::vector<std::pair<std::uint64_t, DeviceId>> by_time;
  tx.scan(
      store::formers, store::Range<DeviceId>::all(),
      [&by_time](const DeviceId& device, const store::Former& former) { by_time.emplace_back(former.until, device); });
  std::ranges::sort(by_time);
  std::vector<DeviceId> out;
  for (const auto& [until, device] : by_time) out.push_back(device);
  return out;
}

}  // namespace

LocalVault::LocalVault(asio::any_io_executor executor_, Threads& threads_, std::shared_ptr<store::Store> store_,
                       std::filesystem::path folder_, Profile profile_)
    : executor(executor_),
      threads(threads_),
      store(store_),
      folder(std::move(folder_)),
      fingerprint(machine_fingerprint(folder)),
      writer(executor_, threads_, store_,
             [this] {
               if (unlocked) unlocked->plans_failed();
             }),
      blobs(executor_, threads_, store_, writer, folder),
      profile(std::move(profile_)),
      open_(std::make_shared<Open>(executor_)),
      anchor_(std::make_shared<Anchor>(folder)),
      flush_due_(executor_),
      locking_(executor_, asio::steady_timer::time_point::max()) {
  const auto note = [anchor = anchor_, print = fingerprint](const CommitPlan& last, const Written& written) {
    anchor->note(*last.keychain, {last.keys->id, written.head, written.counter_end, print});
  };
  writer.on_batch(note, [this] { flush_anchor_soon(); });
}

// Destroys an Unlocked that ends on the worker: there may be a million names to wipe.
std::shared_ptr<Unlocked> LocalVault::hold(std::unique_ptr<Unlocked> vault) {
  ++open_->vaults;
  return {vault.release(), [open = open_, loop = executor, &worker = threads.worker](Unlocked* ended) {
            asio::post(worker, [open, loop, vault = std::unique_ptr<Unlocked>{ended}]() mutable {
              vault.reset();
              asio::post(loop, [open] {
                --open->vaults;
                open->fewer.cancel();
              });
            });
          }};
}

// Bounds how much later than the database the anchor has the last state of the own chain.
constexpr std::chrono::milliseconds anchor_delay{100};

void LocalVault::flush_anchor_soon() {
  if (std::exchange(flushing_, true)) return;
  flush_due_.expires_after(anchor_delay);
  spawn(executor, "the anchor", flush_anchor_later());
}

asio::awaitable<void> LocalVault::flush_anchor_later() {
  const auto self = shared_from_this();
  co_await flush_due_.async_wait(asio::as_tuple(asio::use_awaitable));
  flushing_ = false;
  (void)co_await flush_anchor();
}

asio::awaitable<Result<void>> LocalVault::flush_anchor() {
  auto flush = [anchor = anchor_] { return anchor->flush(); };
  const auto done = co_await run_on(threads.writer, std::move(flush));
  if (!done) log::error("the anchor was not written", {{"error", done.error()}});
  co_return done;
}

asio::awaitable<Result<void>> LocalVault::settle_anchor(std::shared_ptr<const Keychain> keychain) {
  auto settle = [anchor = anchor_, keychain, store = store, self = profile.device,
                 print = fingerprint]() -> Result<void> {
    const auto now = store->read([&](const store::ReadTxn& tx) { return own_state(tx, self, print); });
    if (!now) return now.error();
    return anchor->settle(*keychain, *now);
  };
  co_return co_await run_on(threads.writer, std::move(settle));
}

asio::awaitable<void> LocalVault::locked() { co_await locking_.async_wait(asio::as_tuple(asio::use_awaitable)); }

asio::awaitable<void> LocalVault::forgotten() {
  co_await writer.idle();
  flush_due_.cancel();
  (void)co_await flush_anchor();
  const auto open = open_;
  while ((open->vaults > 0 || saving_) && !unlocked)
    co_await open->fewer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void LocalVault::save_index() {
  const auto enough = crypto::seams::amount("index.unsaved", unsaved_versions);
  if (saving_ || !unlocked || unlocked->installing || unlocked->unsaved() < enough) return;
  saving_ = true;
  spawn(executor, "the checkpoint", write_checkpoint(unlocked));
}

asio::awaitable<void> LocalVault::write_checkpoint(std::weak_ptr<Unlocked> weak) {
  const auto self = shared_from_this();
  struct Saving {
    LocalVault& device;
    ~Saving() {
      device.saving_ = false;
      device.open_->fewer.cancel();
    }
  } saving{*this};
  auto vault = weak.lock();
  while (vault && vault->index.fold(fold_pages) > few_items) {
    vault.reset();  // a lock need not wait for this
    co_await asio::post(executor, asio::use_awaitable);
    vault = weak.lock();
  }
  if (!vault || vault->installing) co_return;
  vault->index.fold(few_items);
  const auto versions = vault->index.counts().versions;
  auto plan = std::make_shared<SnapshotPlan>(vault->plan_snapshot());
  vault.reset();
  auto seal = [plan] { return seal_snapshot(*plan); };
  auto sealed = co_await run_on(threads.worker, std::move(seal));
  plan->keychain.reset();
  if (!sealed) co_return;
  auto put = [sealed = std::move(*sealed)](store::WriteTxn& tx) {
    put_snapshot(tx, sealed);
    fault_point("checkpoint.before-commit");
  };
  const auto done = co_await writer.write(std::move(put));
  vault = weak.lock();
  if (!done) log::warning("the index was not stored", {{"error", done.error()}});
  else if (vault) vault->saved(*plan, versions);
}

Result<std::shared_ptr<LocalVault>> LocalVault::open(asio::any_io_executor executor, Threads& threads,
                                                     const std::filesystem::path& folder) {
  auto store = store::Store::open(folder, {.tables = store::vault_tables, .oldest = store::vault_schema});
  if (!store) return store.error();
  return of(std::move(executor), threads, std::make_shared<store::Store>(std::move(*store)), folder);
}

Result<std::shared_ptr<LocalVault>> LocalVault::of(asio::any_io_executor executor, Threads& threads,
                                                   std::shared_ptr<store::Store> store, std::filesystem::path folder) {
  std::optional<Profile> profile;
  const auto unfinished = store->read([&profile](const store::ReadTxn& tx) {
    profile = get_profile(tx);
    return get_number(tx, meta::enrolling).value_or(0) != 0;
  });
  if (!unfinished) return unfinished.error();
  if (*unfinished || !profile) return DaemonErrc::vault_absent;
  auto device = std::make_shared<LocalVault>(std::move(executor), threads, std::move(store), std::move(folder),
                                             std::move(*profile));
  if (const auto loaded = device->load(); !loaded) return loaded.error();
  if (const auto known = device->blobs.load(); !known) return known.error();
  return device;
}

Result<void> LocalVault::load() {
  return store->read([this](const store::ReadTxn& tx) -> Result<void> {
    const auto number = [&tx](std::string_view name) { return get_number(tx, name).value_or(0); };
    standing = {.acked = number(meta::acked),
                .last_success = number(meta::last_success),
                .heard = number(meta::heard),
                .confirmed = get_times(tx, meta::confirmed),
                .unconfirmed = number(meta::unconfirmed) != 0,
                .sheet_since = number(meta::sheet),
                .roll = static_cast<IdentityReason>(number(meta::roll))};
    if (const auto distrust = number(meta::distrust)) standing.distrust = static_cast<Errc>(distrust);
    standing.unseen_sheet = get_unseen_sheet(tx);
    if (standing.heard == 0) standing.heard = standing.last_success;
    last_ack = number(meta::last_ack);
    acks_ = acks_above(tx, profile.device, standing.acked);
    const auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
    if (!newest) return StoreErrc::store_damaged;
    const auto decoded = wire::decode_keyring_header(newest->second.view());
    if (!decoded) return StoreErrc::store_damaged;
    keyring = {newest->first, crypto::keyring_hash(newest->second.view())};
    generation = decoded->header.generation;
    devices = decoded->header.devices;
    sheet = decoded->header.recovery_auth;
    see_sheet(sheet);
    self_key = get_self_key(tx);
    unsent = get_unsent_identity(tx);
    unsent_change = get_unsent_change(tx);
    formers = former_devices(tx);
    return {};
  });
}

Result<void> LocalVault::reload() {
  auto now = store->read([](const store::ReadTxn& tx) { return get_profile(tx); });
  if (!now) return now.error();
  if (!*now) return StoreErrc::store_damaged;
  profile = std::move(**now);
  return load();
}

void LocalVault::put_standing(store::WriteTxn& tx, const Standing& standing) {
  const auto put = [&tx](std::string_view name, std::uint64_t value) {
    if (value != 0) put_number(tx, name, value);
    else remove_number(tx, name);
  };
  put(meta::acked, standing.acked);
  put(meta::last_success, standing.last_success);
  put(meta::heard, standing.heard);
  put_times(tx, meta::confirmed, standing.confirmed);
  put(meta::distrust, standing.distrust ? static_cast<std::uint64_t>(*standing.distrust) : 0);
  put(meta::unconfirmed, standing.unconfirmed ? 1 : 0);
  put(meta::sheet, standing.sheet_since);
  put(meta::roll, static_cast<std::uint64_t>(standing.roll));
  put_unseen_sheet(tx, standing.unseen_sheet);
}

asio::awaitable<void> LocalVault::install(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Keychain> keychain,
                                          Verified verified) {
  vault->keychain = std::move(keychain);
  vault->advance(verified.ledger);
  vault->installing = true;
  std::size_t done = 0;
  for (auto& [name, version] : verified.findings.versions) {
    vault->add(name, std::move(version));
    if (++done % slice == 0) co_await asio::post(executor, asio::use_awaitable);
  }
  vault->installing = false;
  save_index();
}

asio::awaitable<Result<void>> LocalVault::identity_acknowledged() {
  const auto self = shared_from_this();
  const auto decoded = wire::decode_keyring_header(unsent->keyring.view());
  if (!decoded) co_return StoreErrc::store_damaged;
  const auto version = decoded->header.version;
  auto promote = [version, bytes = unsent->keyring](store::WriteTxn& tx) {
    tx.put(store::keyrings, version, bytes);
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    remove_unsent_identity(tx);
    drop_replaced_change(tx, version);
  };
  const auto done = co_await writer.write(std::move(promote));
  if (!done) co_return done;
  fault_point("roll.acknowledged");
  take_keyring(decoded->header, crypto::keyring_hash(unsent->keyring.view()));
  unsent.reset();
  log::warning("this device has a new identity");
  co_return done;
}

void LocalVault::see_sheet(const SignKey& code) {
  if (code.is_zero()) standing.sheet_since = 0;
  else if (code != sheet || standing.sheet_since == 0) standing.sheet_since = wall_time();
  sheet = code;
}

void LocalVault::take_keyring(const wire::KeyringHeader& newest, const Hash& hash) {
  see_sheet(newest.recovery_auth);
  keyring = {newest.version, hash};
  generation = newest.generation;
  devices = newest.devices;
  if (unsent_change && is_replaced(*unsent_change, newest.version)) unsent_change.reset();
}

namespace {

// Returns the newest checkpoint among own commits from `first` to `last`; 0 for none.
std::uint64_t newest_checkpoint(const store::ReadTxn& tx, const DeviceId& self, std::uint64_t first,
                                std::uint64_t last) {
  std::uint64_t newest = 0;
  tx.scan(store::chains, store::Range<store::Place>::between({self, first}, {self, last + 1}),
          [&newest](const store::Place& place, const Sealed& commit) {
            const auto header = wire::decode_commit_header(commit.view());
            if (header && header->kind == wire::CommitKind::checkpoint) newest = place.seq;
          });
  return newest;
}

}  // namespace

asio::awaitable<Result<void>> LocalVault::acknowledged(std::uint64_t seq) {
  const auto from = standing.acked + 1;
  standing.acked = std::max(standing.acked, seq);
  auto work = [from, now = standing, self = profile.device](store::WriteTxn& tx) {
    if (const auto checkpoint = newest_checkpoint(tx, self, from, now.acked); checkpoint > 0) {
      put_number(tx, meta::checkpoint, checkpoint);
      put_number(tx, meta::checkpoint_time, wall_time());
    }
    put_standing(tx, now);
  };
  co_return co_await writer.write(std::move(work));
}

asio::awaitable<Result<void>> LocalVault::own_chain_grew(std::shared_ptr<const Keychain> keychain, Written written) {
  const auto read =
      store->read([this](const store::ReadTxn& tx) { acks_ = acks_above(tx, profile.device, standing.acked); });
  if (!read) co_return read.error();
  auto note = [anchor = anchor_, keychain,
               state = OwnState{profile.device, written.head, written.counter_end, fingerprint}]() -> Result<void> {
    anchor->note(*keychain, state);
    return anchor->flush();
  };
  co_return co_await run_on(threads.writer, std::move(note));
}

void LocalVault::ack_written(std::uint64_t seq) {
  last_ack = wall_time();
  acks_.erase(acks_.begin(), acks_.upper_bound(standing.acked));
  acks_.insert(seq);
}

std::uint64_t LocalVault::pending() const {
  const auto waiting =
      store->read([this](const store::ReadTxn& tx) { return unsent_of(tx, profile.device, standing.acked); });
  if (!waiting || waiting->none()) return 0;
  const auto acks = std::distance(acks_.lower_bound(waiting->first), acks_.end());
  return waiting->count() - std::min(waiting->count(), static_cast<std::uint64_t>(acks));
}

Result<std::map<DeviceId, Head>> LocalVault::heads() const {
  return store->read([](const store::ReadTxn& tx) { return all_heads(tx); });
}

asio::awaitable<Result<Contents>> LocalVault::read(std::shared_ptr<const Keychain> keychain, DeviceId self,
                                                   Contents known) {
  const auto stored = heads();
  if (!stored) co_return stored.error();
  auto read = [this, keychain, heads = *stored, self, known = std::move(known)]() mutable {
    return read_contents(*store, *keychain, heads, self, std::move(known));
  };
  co_return co_await run_on(threads.worker, std::move(read));
}

asio::awaitable<Result<void>> LocalVault::prove(Secret password, std::shared_ptr<const crypto::RootKey>& root) {
  const auto newest = store->read(
      [](const store::ReadTxn& tx) { return tx.last(store::keyrings, store::Range<std::uint32_t>::all()); });
  if (!newest) co_return newest.error();
  if (!*newest) co_return StoreErrc::store_damaged;
  const auto header = wire::decode_keyring_header((*newest)->second.view());
  const auto terms = login_terms((*newest)->second);
  if (!header || !terms) co_return StoreErrc::store_damaged;
  const auto derived = co_await derive(threads, std::move(password), *terms);
  if (!derived) co_return derived.error();
  if (auth_key(**derived, terms->vault).public_key() != header->header.auth) co_return Errc::auth;
  root = *derived;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> LocalVault::open_with(std::shared_ptr<const Keychain> keychain,
                                                    std::shared_ptr<const crypto::Identity> identity, Contents known) {
  auto contents = co_await read(keychain, identity->id, std::move(known));
  if (!contents) co_return contents.error();
  if (contents->own_damaged) co_return DaemonErrc::own_damaged;
  if (const auto settled = co_await settle_anchor(keychain); !settled) co_return settled.error();
  self_key = identity->sig.public_key();
  show(std::make_unique<Unlocked>(keychain, identity, std::move(*contents)));
  co_return Result<void>{};
}

void LocalVault::show(std::unique_ptr<Unlocked> vault) {
  unlocked = hold(std::move(vault));
  unlocked->fingerprint = fingerprint;
  save_index();
}

asio::awaitable<Result<void>> LocalVault::open_again(std::shared_ptr<const Keychain> keychain) {
  const auto vault = unlocked;
  Contents known;
  for (;;) {
    co_await writer.idle();
    if (!vault || unlocked != vault) co_return Errc::locked;
    auto contents = co_await read(keychain, vault->self(), std::move(known));
    if (!contents) co_return contents.error();
    if (contents->own_damaged) co_return DaemonErrc::own_damaged;
    if (unlocked != vault) co_return Errc::locked;
    const bool whole = contents->ledger[vault->self()].head.seq + 1 == vault->next_seq();
    if (whole) show(std::make_unique<Unlocked>(keychain, vault->identity, std::move(*contents)));
    if (whole) co_return Result<void>{};
    known = std::move(*contents);
  }
}

asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> derive(Threads& threads, Secret password,
                                                                       LoginTerms terms) {
  using Root = Result<std::shared_ptr<const crypto::RootKey>>;
  auto work = [password = std::move(password), terms = std::move(terms)]() -> Root {
    const auto normal = crypto::Password::from(password);
    if (!normal) return normal.error();
    auto root = crypto::derive_root(*normal, terms.suite, terms.account, terms.vault, terms.seed);
    if (!root) return root.error();
    return std::make_shared<const crypto::RootKey>(std::move(*root));
  };
  co_return co_await run_on(threads.argon2, std::move(work));
}

}  // namespace vault::daemon

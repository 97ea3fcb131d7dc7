#include "daemon/rekey.hpp"

#include "crypto/fresh.hpp"
#include "crypto/hash.hpp"
#include "crypto/local.hpp"
#include "crypto/seams.hpp"
#include "crypto/verify.hpp"
#include "daemon/sync.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int attempts = 16;  // at a keyring that others change at the same moment

enum class Done { no, yes };

std::uint32_t version_of(const UnsentChange& change) {
  const auto decoded = wire::decode_keyring_header(change.keyring.view());
  return decoded ? decoded->header.version : 0;
}

// Of the own chain others may be told what the server has.
Head own_head(const Device& device) {
  Head head;
  (void)device.store->read([&](const store::ReadTxn& tx) {
    const auto seq = device.standing.acked;
    const auto commit = tx.get(store::chains, {device.profile.device, seq});
    if (commit) head = {seq, crypto::commit_hash(commit->view())};
  });
  return head;
}

asio::awaitable<Result<void>> keep(std::shared_ptr<Device> device, UnsentChange change) {
  auto work = [change](store::WriteTxn& tx) {
    put_unsent_change(tx, change);
    crypto::seams::fault_point("change.before-commit");
  };
  const auto kept = co_await device->writer.write(std::move(work));
  if (kept) device->unsent_change = std::move(change);
  crypto::seams::fault_point("change.journaled");
  co_return kept;
}

// No round runs meanwhile, so that what it is made of is the newest there is here.
asio::awaitable<Result<wire::KeyringHead>> make_and_keep(std::shared_ptr<Device> device, Sync& sync, MakeChange make) {
  const auto pause = co_await sync.pause();
  if (!device->unlocked) co_return Errc::locked;
  auto change = make(*device->unlocked);
  if (!change) co_return change.error();
  const wire::KeyringHead made{version_of(*change), crypto::keyring_hash(change->keyring.view())};
  auto keeping = keep(device, std::move(*change));
  const auto kept = co_await std::move(keeping);
  if (!kept) co_return kept.error();
  co_return made;
}

bool is_in_force(const Device& device, const wire::KeyringHead& made) {
  return device.unlocked && device.unlocked->keychain->hash_of(made.version) == made.hash;
}

}  // namespace

Result<void> is_present(const Keychain& keychain, const crypto::RootKey& root) {
  const auto& head = keychain.head();
  return auth_key(root, head.vault).public_key() == head.auth ? Result<void>{} : Errc::password_changed;
}

Result<void> must_differ(const Secret& old, const Secret& fresh) {
  const auto one = crypto::Password::from(old);
  if (!one) return one.error();
  const auto other = crypto::Password::from(fresh);
  if (!other) return other.error();
  return constant_time_equal(one->nfc(), other->nfc()) ? Result<void>{Errc::password_same} : Result<void>{};
}

KeyringChange change_of(const Device& device, const Unlocked& vault, const crypto::RootKey& root) {
  KeyringChange out{.author = vault.self(), .root = root, .joins = {}, .cuts = {}, .heads = heads_of(vault.ledger)};
  out.heads[vault.self()] = own_head(device);
  for (const auto& [id, head] : vault.keychain->body().heads)  // what an earlier version says of more stays
    if (const auto at = out.heads.find(id); at != out.heads.end() && at->second.seq < head.seq) out.heads.erase(at);
  return out;
}

asio::awaitable<Result<NewPassword>> derive_new(std::shared_ptr<Device> device, Secret password) {
  const auto& vault = device->profile.vault;
  const auto seed = crypto::new_seed(vault, device->fingerprint, wall_time());
  const auto suite = device->unlocked->keychain->head().suite;
  LoginTerms terms{device->profile.account, suite, vault, seed};
  const auto root = co_await derive(device->threads, std::move(password), std::move(terms));
  if (!root) co_return root.error();
  co_return NewPassword{*root, seed};
}

asio::awaitable<Result<void>> change_keyring(std::shared_ptr<Device> device, Sync& sync, MakeChange make) {
  const auto patience = patience_of_a_person();
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int i = 0; i < attempts && (i == 0 || std::chrono::steady_clock::now() < end); ++i) {
    const auto before = co_await sync.now(patience);  // and a change that waits is sent first
    if (!before) co_return before.error();
    const auto made = co_await make_and_keep(device, sync, make);
    if (!made) co_return made.error();
    const auto after = co_await sync.now(patience);
    if (is_in_force(*device, *made)) co_return Result<void>{};
    if (!after) co_return class_of(after.error()) == Errc::offline ? Errc::change_unconfirmed : after.error();
  }
  co_return Errc::conflict;
}

asio::awaitable<Result<void>> change_distrusted(std::shared_ptr<Device> device, Sync& sync, MakeChange make) {
  for (int i = 0; i < attempts; ++i) {
    if (device->unsent_change && !device->unsent_change->superseded)
      if (const auto sent = co_await sync.push_change_distrusted(); !sent) co_return sent.error();
    if (const auto newest = co_await sync.follow_keyrings(); !newest) co_return newest.error();
    const auto made = co_await make_and_keep(device, sync, make);
    if (!made) co_return made.error();
    const auto sent = co_await sync.push_change_distrusted();
    if (is_in_force(*device, *made)) co_return Result<void>{};
    if (!sent) co_return class_of(sent.error()) == Errc::offline ? Errc::change_unconfirmed : sent.error();
  }
  co_return Errc::conflict;
}

namespace {

// What the server says of the version itself, and would say again.
bool is_refusal(const boost::system::error_code& error) {
  if (error == Errc::server_answer_bad) return false;
  const auto klass = class_of(error);
  return klass == Errc::conflict || klass == Errc::tamper || klass == Errc::limit;
}

// It is sent no more, and is given up when another version has been verified in its place: until then the server, which
// has seen it, could still show it. Only a lost race is worth another try with another version.
asio::awaitable<Result<Sent>> give_up(std::shared_ptr<Device> device, boost::system::error_code why) {
  device->unsent_change->superseded = true;
  auto work = [change = *device->unsent_change](store::WriteTxn& tx) { put_unsent_change(tx, change); };
  const auto kept = co_await device->writer.write(std::move(work));
  if (!kept) co_return kept.error();
  co_return class_of(why) == Errc::conflict ? Result<Sent>{Sent::refused} : why;
}

// The server has it: it is pulled, so to speak.
asio::awaitable<Result<void>> keep_as_pulled(std::shared_ptr<Device> device) {
  auto work = [version = version_of(*device->unsent_change), bytes = device->unsent_change->keyring](
                  store::WriteTxn& tx) { tx.put(store::inbox_keyrings, version, bytes); };
  co_return co_await device->writer.write(std::move(work));
}

}  // namespace

asio::awaitable<Result<Sent>> send_change(std::shared_ptr<Device> device, Remote& remote, wire::KeyringHead served) {
  const auto& change = *device->unsent_change;
  if (served == wire::KeyringHead{version_of(change), crypto::keyring_hash(change.keyring.view())}) {
    const auto kept = co_await keep_as_pulled(device);  // it was there all the while
    if (!kept) co_return kept.error();
    co_return Sent::done;
  }
  const bool fits = served == device->keyring && version_of(change) == served.version + 1;
  if (change.superseded || !fits) co_return Sent::refused;
  crypto::seams::fault_point("change.before-send");
  std::optional<wire::KeyringHead> other;
  std::optional<wire::Heads::Chain> end;
  const bool may_move = device->standing.distrust.has_value();  // what it shows of a chain is no reason to wait
  if (!change.revoked.is_zero() && !may_move) end = wire::Heads::Chain{change.revoked, change.cut};
  const auto put = co_await remote.put_keyring(change.keyring, other, end);
  crypto::seams::fault_point("change.answered");
  if (!device->unsent_change) co_return Sent::refused;
  if (!put && other && *other != served) co_return Sent::refused;  // the next round knows more
  if (!put && is_refusal(put.error())) co_return co_await give_up(device, put.error());
  if (!put) co_return put.error();
  const auto kept = co_await keep_as_pulled(device);
  if (!kept) co_return kept.error();
  co_return Sent::done;
}

namespace {

Result<void> seal_again(store::WriteTxn& tx, const Keychain& now) {
  const auto sealed = tx.get(store::local, "identity");
  if (!sealed) return Errc::store_damaged;
  const auto generation = crypto::local_generation(sealed->view());
  if (generation == now.head().generation) return {};
  const auto* key = now.vault_key(generation);
  if (key == nullptr) return Errc::store_damaged;
  auto opened = crypto::open_local(key->local(now.head().vault), sealed->view());
  if (!opened) return Errc::store_damaged;
  opened->place.generation = now.head().generation;
  const auto newest = now.newest_vault_key().local(now.head().vault);
  tx.put(store::local, "identity", seal_local(newest, opened->place, opened->content.view()));
  return {};
}

}  // namespace

bool is_replaced(const UnsentChange& change, std::uint32_t newest) { return version_of(change) <= newest; }

void drop_replaced_change(store::WriteTxn& tx, std::uint32_t newest) {
  if (const auto change = get_unsent_change(tx); change && is_replaced(*change, newest)) remove_unsent_change(tx);
}

Result<void> settle_keyring(store::WriteTxn& tx, const Keychain& now) {
  drop_replaced_change(tx, now.head().version);
  return seal_again(tx, now);
}

}  // namespace vault::daemon

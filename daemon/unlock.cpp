#include "daemon/unlock.hpp"

#include <functional>

#include "crypto/local.hpp"
#include "daemon/roll.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

// What a password is tried against, all stored here: versions of the keyring of which the newest has it, and of which
// the first `count` are in force here.
struct Trial {
  std::vector<Sealed> versions;
  std::size_t count = 0;
};

std::vector<Sealed> all_of(const store::ReadTxn& tx, const store::Table<std::uint32_t, Sealed>& table,
                           std::uint32_t from = 1) {
  std::vector<Sealed> versions;
  tx.scan(table, store::Range<std::uint32_t>::from(from),
          [&versions](std::uint32_t, Sealed version) { versions.push_back(std::move(version)); });
  return versions;
}

// Whether each is, by its number and signatures, one that whoever had the password before has made: what a server made
// up is not worth an Argon2. Nothing in it was opened.
bool follow_each_other(const std::vector<Sealed>& versions, std::size_t from) {
  for (auto i = from; i < versions.size(); ++i)
    if (!is_signed_successor(versions[i - 1], versions[i])) return false;
  return true;
}

// The keyring as it is; as it will be if the server takes what this device has changed; and as it is at the server, of
// which the rest waits for the key. The newest password of these is the newest that a person may know.
std::vector<Trial> trials_of(const store::ReadTxn& tx) {
  const auto stored = all_of(tx, store::keyrings);
  if (stored.empty()) return {};
  std::vector<Trial> out{{stored, stored.size()}};
  if (auto journal = tx.get(store::local, "journal")) {
    out[0].versions.push_back(std::move(*journal));
    ++out[0].count;
    return out;  // what this device is now only that version knows
  }
  const auto add = [&](const std::vector<Sealed>& more) {
    Trial trial{stored, stored.size()};
    trial.versions.insert(trial.versions.end(), more.begin(), more.end());
    if (!more.empty() && follow_each_other(trial.versions, trial.count)) out.push_back(std::move(trial));
  };
  add(all_of(tx, store::inbox_keyrings, static_cast<std::uint32_t>(stored.size() + 1)));
  if (const auto change = get_unsent_change(tx)) add({change->keyring});
  return out;
}

// What makes a keychain of versions: a password, or a recovery code.
using Proof = std::function<Result<std::shared_ptr<const Keychain>>(const std::vector<Sealed>&)>;

// The local half: cached keyrings and the sealed identity. On the worker.
Result<Keys> open_keys(const Trial& trial, const std::optional<Sealed>& sealed, const Proof& proof,
                       const Profile& profile) {
  auto keychain = proof(trial.versions);
  if (!keychain) return keychain.error();
  auto newest = *keychain;
  if (trial.count < trial.versions.size()) keychain = newest->first(trial.count, trial.versions);
  if (!keychain) return keychain.error();
  if (!sealed) return Errc::store_damaged;
  const auto* key = (*keychain)->vault_key(crypto::local_generation(sealed->view()));
  if (key == nullptr) return Errc::store_damaged;
  auto identity = crypto::open_identity(key->local(profile.vault), sealed->view(), profile.vault, profile.device,
                                        crypto::RequestSigner::from_seed(profile.net));
  if (!identity) return Errc::store_damaged;
  return Keys{nullptr,
              {},
              std::move(*keychain),
              std::make_shared<const crypto::Identity>(std::move(*identity)),
              std::move(newest)};
}

// Of all trials that the proof is good for. What is here and verified must open; what waits need not.
Result<Keys> open_any(const store::Store& store, const Proof& proof, const Profile& profile) {
  std::optional<Sealed> sealed;
  const auto trials = store.read([&sealed](const store::ReadTxn& tx) {
    sealed = tx.get(store::local, "identity");
    return trials_of(tx);
  });
  if (!trials) return trials.error();
  if (trials->empty()) return Errc::store_damaged;
  for (const auto& trial : *trials) {
    auto keys = open_keys(trial, sealed, proof, profile);
    if (keys) return keys;
    const bool here = &trial == &trials->front();
    if (here && class_of(keys.error()) != Errc::auth) return as_local(keys.error());
  }
  return Errc::auth;
}

asio::awaitable<Result<Keys>> keys_of(std::shared_ptr<Device> device, std::shared_ptr<const crypto::RootKey> root,
                                      LoginTerms terms) {
  auto open = [device, root, terms] {
    const Proof proof = [root, terms](const std::vector<Sealed>& versions) {
      return Keychain::accept(versions, *root, terms);
    };
    return open_any(*device->store, proof, device->profile);
  };
  auto keys = co_await run_on(device->threads.worker, std::move(open));
  if (!keys) co_return keys.error();
  keys->root = root;
  keys->terms = terms;
  co_return keys;
}

asio::awaitable<Result<Keys>> keys_of_code(std::shared_ptr<Device> device,
                                           std::shared_ptr<const crypto::RecoveryKeys> code) {
  auto open = [device, code] {
    const Proof proof = [code](const std::vector<Sealed>& versions) -> Result<std::shared_ptr<const Keychain>> {
      const auto terms = login_terms(versions.back());
      if (!terms) return terms.error();
      return Keychain::accept_by_code(versions, *code, *terms);
    };
    return open_any(*device->store, proof, device->profile);
  };
  co_return co_await run_on(device->threads.worker, std::move(open));
}

// The seeds of all trials, each once, the one of what is in force here first.
std::vector<LoginTerms> terms_of(const std::vector<Trial>& trials) {
  std::vector<LoginTerms> out;
  for (const auto& trial : trials) {
    const auto terms = login_terms(trial.versions.back());
    if (terms && std::ranges::find(out, terms->seed, &LoginTerms::seed) == out.end()) out.push_back(*terms);
  }
  return out;
}

// The newest version here that has another password than the newest one.
std::optional<wire::KeyringHeader> before_the_change(const store::ReadTxn& tx) {
  std::optional<wire::KeyringHeader> newest, before;
  tx.scan(store::keyrings, store::Range<std::uint32_t>::all(), [&](std::uint32_t, const Sealed& version) {
    auto decoded = wire::decode_keyring_header(version.view());
    if (!decoded) return;
    if (newest && newest->seed != decoded->header.seed) before = std::move(newest);
    newest = std::move(decoded->header);
  });
  return before;
}

// What is wrong with a password that opens nothing: a person types the one before for a while.
asio::awaitable<boost::system::error_code> why_wrong(std::shared_ptr<Device> device, Secret password) {
  const auto before = device->store->read([](const store::ReadTxn& tx) { return before_the_change(tx); });
  if (!before || !*before) co_return Errc::auth;
  const auto& old = **before;
  LoginTerms terms{old.account, old.suite, old.vault, old.seed};
  const auto root = co_await derive(device->threads, std::move(password), std::move(terms));
  const bool was = root && auth_key(**root, old.vault).public_key() == old.auth;
  co_return was ? Errc::password_changed : Errc::auth;
}

asio::awaitable<Result<Keys>> try_password(std::shared_ptr<Device> device, Secret password) {
  const auto trials = device->store->read([](const store::ReadTxn& tx) { return trials_of(tx); });
  if (!trials) co_return trials.error();
  const auto all = terms_of(*trials);
  if (all.empty()) co_return Errc::store_damaged;
  for (const auto& terms : all) {
    const auto root = co_await derive(device->threads, Secret::copy_of(password.view()), terms);
    if (!root) co_return root.error();
    auto keys = co_await keys_of(device, *root, terms);
    if (keys || class_of(keys.error()) != Errc::auth) co_return keys;
  }
  const auto why = co_await why_wrong(device, std::move(password));
  co_return why;
}

// What the witnesses say, the anchor last: what is known already says enough.
asio::awaitable<Result<RollReason>> why_roll(std::shared_ptr<Device> device, std::shared_ptr<const Keychain> keychain) {
  const auto known = device->standing.roll;
  if (known != RollReason::none && known != RollReason::refused) co_return known;
  if (device->unlocked) co_return is_spent(device->unlocked->own_chain().counter_end) ? RollReason::counter : known;
  auto judge = [device, keychain]() -> Result<RollReason> {
    const auto anchor = read_anchor(device->folder, *keychain);
    return device->store->read([&](const store::ReadTxn& tx) {
      return judge_own_state(tx, anchor, own_state(tx, device->profile.device, device->fingerprint));
    });
  };
  const auto judged = co_await run_on(device->threads.worker, std::move(judge));
  co_return judged&&* judged == RollReason::none ? Result<RollReason>{known} : judged;
}

// A version that makes this device another one is signed with the newest password: the one before, which opens the
// vault here as long as this device has not followed, is worth nothing for it. Errors: password_changed; auth where the
// password is one that the server may never have got.
Result<void> is_newest(const Device& device, const Keys& keys) {
  const auto trials = device.store->read([](const store::ReadTxn& tx) {
    const auto change = get_unsent_change(tx);
    auto all = trials_of(tx);
    if (change) std::erase_if(all, [&](const Trial& trial) { return trial.versions.back() == change->keyring; });
    return all;
  });
  if (!trials) return trials.error();
  const auto known = terms_of(*trials);
  if (std::ranges::find(known, keys.terms.seed, &LoginTerms::seed) == known.end()) return Errc::auth;
  return known.back().seed == keys.terms.seed ? Result<void>{} : Result<void>{Errc::password_changed};
}

// The reason outlives this process before anything is written that would hide it.
asio::awaitable<Result<void>> remember_reason(std::shared_ptr<Device> device, RollReason reason) {
  if (device->standing.roll == reason) co_return Result<void>{};
  log::warning("this device's state is not the newest: it takes a new identity",
               {{"reason", static_cast<int>(reason)}});
  co_return co_await device->remember([reason](Standing& s) { s.roll = reason; });
}

asio::awaitable<Result<void>> roll_and_open(std::shared_ptr<Device> device, Sync* sync, Keys keys, RollReason reason) {
  std::optional<Sync::Pause> pause;  // nothing is pulled or pushed meanwhile
  if (sync != nullptr) pause.emplace(co_await sync->pause());
  device->lock();
  co_await device->forgotten();
  if (const auto ok = co_await remember_reason(device, reason); !ok) co_return ok;
  auto again = co_await keys_of(device, keys.root, keys.terms);  // a round may have ended with news
  if (!again) co_return again.error();
  Contents nothing;
  auto contents = co_await device->read(again->keychain, again->identity->id, std::move(nothing));
  if (!contents) co_return contents.error();
  const auto rolled = co_await roll(device, *again, std::move(contents->ledger), reason);
  if (!rolled) log::error("the new identity was not made", {{"error", rolled.error()}});
  if (sync != nullptr) sync->use_acting_key();
  auto now = co_await keys_of(device, keys.root, keys.terms);
  if (!now) co_return now.error();
  Contents unread;
  co_return co_await device->open_with(now->keychain, now->identity, std::move(unread));
}

}  // namespace

asio::awaitable<Result<void>> unlock_vault(std::shared_ptr<Device> device, Sync* sync, Secret password,
                                           std::shared_ptr<const crypto::RootKey>* root) {
  const auto keys = co_await try_password(device, std::move(password));
  if (!keys) co_return keys.error();
  if (root != nullptr) *root = keys->root;
  if (!device->unlocked) co_await device->forgotten();  // a write that was under way when the vault was locked
  const auto reason = co_await why_roll(device, keys->keychain);
  if (!reason) co_return reason.error();
  if (*reason != RollReason::none && *reason != RollReason::refused)
    if (const auto newest = is_newest(*device, *keys); !newest) co_return newest;
  if (*reason != RollReason::none) co_return co_await roll_and_open(device, sync, *keys, *reason);
  if (device->unlocked) co_return Result<void>{};  // the password was right; what is open stays as it is
  Contents nothing;
  co_return co_await device->open_with(keys->keychain, keys->identity, std::move(nothing));
}

asio::awaitable<Result<void>> unlock_with_code(std::shared_ptr<Device> device,
                                               std::shared_ptr<const crypto::RecoveryKeys> code) {
  const auto keys = co_await keys_of_code(device, code);
  if (!keys) co_return class_of(keys.error()) == Errc::auth ? make_error_code(Errc::code_refused) : keys.error();
  if (!device->unlocked) co_await device->forgotten();
  const auto reason = co_await why_roll(device, keys->keychain);
  if (!reason) co_return reason.error();
  if (*reason != RollReason::none && *reason != RollReason::refused) co_return Errc::roll_pending;
  if (device->unlocked) co_return Result<void>{};
  Contents nothing;
  co_return co_await device->open_with(keys->keychain, keys->identity, std::move(nothing));
}

}  // namespace vault::daemon

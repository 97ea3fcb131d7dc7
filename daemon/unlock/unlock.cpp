// SPDX-License-Identifier: Apache-2.0
#include "daemon/unlock/unlock.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <functional>
#include <span>

#include "crypto/local.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/remote/pull.hpp"
#include "daemon/state/waiting_keyrings.hpp"
#include "daemon/unlock/new_identity.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace asio::experimental::awaitable_operators;

// Holds what a password is tried against, all stored here: versions of the keyring, of which the newest has the
// password and the first `count` are in force here.
struct Trial {
  std::vector<Sealed> versions;
  std::size_t count = 0;
  std::optional<Sealed>
      // The version with this device's identity, if the newest versions took its place.
      overtaken;
};

// Returns the keyring as it is; as it will be if the server takes this device's change; and as it is at the server, the
// rest of which waits for the key. The newest password of these is the newest that a person may know.
std::vector<Trial> trials_of(const store::ReadTxn& tx) {
  const auto stored = stored_keyrings(tx);
  if (stored.empty()) return {};
  std::vector<Trial> out{{stored, stored.size()}};
  const auto journal = tx.get(store::local, "journal");  // only that version has this device's present identity
  if (journal) {
    out[0].versions.push_back(*journal);
    ++out[0].count;
  }
  const auto add = [&](const std::vector<Sealed>& more) {  // versions that a server made up are not worth an Argon2
    if (more.empty() || !may_wait(tx, more)) return;
    Trial trial{stored, stored.size(), journal};
    trial.versions.insert(trial.versions.end(), more.begin(), more.end());
    out.push_back(std::move(trial));
  };
  add(waiting_keyrings(tx));
  if (const auto change = get_unsent_change(tx); change && !journal) add({change->keyring});
  return out;
}

// Makes a keychain of versions, with a password or a recovery code.
using Proof = std::function<Result<std::shared_ptr<const Keychain>>(const std::vector<Sealed>&)>;

Result<std::shared_ptr<const crypto::Identity>> identity_of(const std::optional<Sealed>& sealed,
                                                            const Keychain& keychain, const Profile& profile) {
  if (!sealed) return StoreErrc::store_damaged;
  const auto* key = keychain.vault_key(crypto::local_generation(sealed->view()));
  if (key == nullptr) return StoreErrc::store_damaged;
  auto identity = crypto::open_identity(key->local(profile.vault), sealed->view(), profile.vault, profile.device,
                                        crypto::RequestSigner::from_seed(profile.net));
  if (!identity) return StoreErrc::store_damaged;
  return std::make_shared<const crypto::Identity>(std::move(*identity));
}

// Holds this device's sealed private keys: under the newest key in force, and under the one before while the version
// that made the newest key waits for the server.
struct SealedIdentity {
  std::optional<Sealed> present, before;
};

// Opens what is here: cached keyrings and the sealed identity. Runs on the worker.
Result<Keys> open_keys(const Trial& trial, const SealedIdentity& sealed, const Proof& proof, const Profile& profile) {
  auto keychain = proof(trial.versions);
  if (!keychain) return keychain.error();
  auto newest = *keychain;
  if (trial.count < trial.versions.size()) keychain = newest->first(trial.count, trial.versions);
  if (!keychain) return keychain.error();
  if (*keychain != newest) keychain = (*keychain)->foreseeing(*newest);
  const auto identity = identity_of(trial.overtaken ? sealed.before : sealed.present, **keychain, profile);
  if (!identity && trial.overtaken) return identity.error();
  if (trial.overtaken) keychain = (*keychain)->accept_next(*trial.overtaken, (*identity)->id, (*identity)->box);
  if (!keychain) return keychain.error();
  auto own = identity ? *identity : nullptr;  // null if the disk lost it: this device takes a new one
  return Keys{nullptr, {}, std::move(*keychain), std::move(own), std::move(newest)};
}

// Adds the vault keys of what waits, if the password opens them: then no slot for this device need open.
std::shared_ptr<const Keychain> foreseen(std::shared_ptr<const Keychain> keychain, std::span<const Trial> rest,
                                         const Proof& proof) {
  for (const auto& trial : rest)
    if (const auto later = proof(trial.versions)) keychain = keychain->foreseeing(**later);
  return keychain;
}

// Opens the first trial that the proof fits. What is verified here must open; what waits need not.
Result<Keys> open_any(const store::Store& store, const Proof& proof, const Profile& profile) {
  SealedIdentity sealed;
  const auto trials = store.read([&sealed](const store::ReadTxn& tx) {
    sealed = {tx.get(store::local, "identity"), tx.get(store::local, "journal_identity")};
    return trials_of(tx);
  });
  if (!trials) return trials.error();
  if (trials->empty()) return StoreErrc::store_damaged;
  for (const auto& trial : *trials) {
    auto keys = open_keys(trial, sealed, proof, profile);
    const std::span rest{&trial + 1, trials->data() + trials->size()};
    if (keys && keys->keychain == keys->newest)
      keys->keychain = keys->newest = foreseen(std::move(keys->keychain), rest, proof);
    if (keys) return keys;
    const bool here = &trial == &trials->front();
    if (here && class_of(keys.error()) != Errc::auth) return as_local(keys.error());
  }
  return Errc::auth;
}

asio::awaitable<Result<Keys>> keys_of(std::shared_ptr<LocalVault> device, std::shared_ptr<const crypto::RootKey> root,
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

asio::awaitable<Result<Keys>> keys_of_code(std::shared_ptr<LocalVault> device,
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

// Returns the seeds of all trials, each once, first the one in force here.
std::vector<LoginTerms> terms_of(const std::vector<Trial>& trials) {
  std::vector<LoginTerms> out;
  for (const auto& trial : trials) {
    const auto terms = login_terms(trial.versions.back());
    if (terms && std::ranges::find(out, terms->seed, &LoginTerms::seed) == out.end()) out.push_back(*terms);
  }
  return out;
}

// Returns the newest version here with another password than the newest one.
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

// Returns why a password opens nothing: people type the former password for a while.
asio::awaitable<boost::system::error_code> why_wrong(std::shared_ptr<LocalVault> device, Secret password) {
  const auto before = device->store->read([](const store::ReadTxn& tx) { return before_the_change(tx); });
  if (!before || !*before) co_return Errc::auth;
  const auto& old = **before;
  LoginTerms terms{old.account, old.suite, old.vault, old.seed};
  const auto root = co_await derive(device->threads, std::move(password), std::move(terms));
  const bool was = root && auth_key(**root, old.vault).public_key() == old.auth;
  if (was) co_return DaemonErrc::password_changed;
  co_return Errc::auth;
}

asio::awaitable<Result<Keys>> try_password(std::shared_ptr<LocalVault> device, Secret password) {
  const auto trials = device->store->read([](const store::ReadTxn& tx) { return trials_of(tx); });
  if (!trials) co_return trials.error();
  const auto all = terms_of(*trials);
  if (all.empty()) co_return StoreErrc::store_damaged;
  for (const auto& terms : all) {
    const auto root = co_await derive(device->threads, Secret::copy_of(password.view()), terms);
    if (!root) co_return root.error();
    auto keys = co_await keys_of(device, *root, terms);
    if (keys || class_of(keys.error()) != Errc::auth) co_return keys;
  }
  const auto why = co_await why_wrong(device, std::move(password));
  co_return why;
}

// Fetches the keyring versions after those here from the server, as the password's AUTH. A device whose own key is
// refused, or that has made a new identity on top of an older version, cannot learn of a new password otherwise. They
// wait like any that were pulled.
class KeyringFetch {
 public:
  KeyringFetch(std::shared_ptr<LocalVault> device, Secret password)
      : device_(std::move(device)), password_(std::move(password)) {}
  asio::awaitable<Result<void>> run();

 private:
  asio::awaitable<Result<void>> log_in();
  asio::awaitable<Result<void>> store_all(std::vector<Sealed> versions);

  std::shared_ptr<LocalVault> device_;
  Secret password_;
  std::optional<HttpClient> http_;
  std::optional<Remote> remote_;
};

asio::awaitable<Result<void>> KeyringFetch::log_in() {
  const auto& profile = device_->profile;
  const auto origin = wire::Origin::parse(profile.origin);
  if (!origin) co_return StoreErrc::store_damaged;
  http_.emplace(device_->executor, *origin, HttpClientOptions{.ca_file = profile.ca_file});
  remote_.emplace(Remote{*http_, profile.account}.within(device_->threads.acts));
  const auto login = co_await remote_->prelogin();
  if (!login) co_return login.error();
  if (login->vault != profile.vault) co_return Errc::auth;
  LoginTerms terms{profile.account, login->suite, profile.vault, login->seed};
  const auto root = co_await derive(device_->threads, std::move(password_), std::move(terms));
  if (!root) co_return root.error();
  auto auth = std::make_shared<const crypto::AuthKey>(auth_key(**root, profile.vault));
  remote_->use_key(profile.vault, wire::KeyId{}, [auth](BytesView message) { return auth->sign_request(message); });
  co_return Result<void>{};
}

asio::awaitable<Result<void>> KeyringFetch::store_all(std::vector<Sealed> versions) {
  const auto good = device_->store->read([&versions](const store::ReadTxn& tx) { return may_wait(tx, versions); });
  if (!good) co_return good.error();
  auto keep = [versions = std::move(versions)](store::WriteTxn& tx) { return keep_waiting(tx, versions); };
  co_return co_await device_->writer.write(std::move(keep));
}

asio::awaitable<Result<void>> KeyringFetch::run() {
  if (const auto in = co_await log_in(); !in) co_return in;
  const auto heads = co_await remote_->heads();
  if (!heads) co_return heads.error();
  auto versions = co_await pull_keyrings(*remote_, device_->keyring.version + 1, heads->keyring);
  if (!versions) co_return versions.error();
  auto storing = store_all(std::move(*versions));
  co_return co_await std::move(storing);
}

// Tries a password again with the server's keyrings: it may be newer than what this device last heard.
asio::awaitable<Result<Keys>> try_newer_password(std::shared_ptr<LocalVault> device, Secret password) {
  auto again = Secret::copy_of(password.view());
  auto keys = co_await try_password(device, std::move(again));
  const bool cut_off = device->standing.roll != IdentityReason::none || device->refusal_checked;
  if (keys || class_of(keys.error()) != Errc::auth || !cut_off) co_return keys;
  KeyringFetch fetch{device, Secret::copy_of(password.view())};
  auto fetching = fetch.run();
  asio::steady_timer timer{device->executor, std::chrono::seconds{30}};
  const auto done = co_await (std::move(fetching) || timer.async_wait(asio::use_awaitable));
  if (done.index() == 1 || !std::get<0>(done)) co_return keys;
  auto trying = try_password(device, std::move(password));
  co_return co_await std::move(trying);
}

// Returns why this device needs a new identity. The anchor is asked last: what is known already may suffice.
asio::awaitable<Result<IdentityReason>> why_new_identity(std::shared_ptr<LocalVault> device, Keys keys) {
  const auto keychain = keys.keychain;
  const auto known = keys.identity ? device->standing.roll : IdentityReason::disk;
  if (known != IdentityReason::none && known != IdentityReason::refused) co_return known;
  if (device->unlocked) co_return is_spent(device->unlocked->own_chain().counter_end) ? IdentityReason::counter : known;
  auto judge = [device, keychain]() -> Result<IdentityReason> {
    const auto anchor = read_anchor(device->folder, *keychain);
    return device->store->read([&](const store::ReadTxn& tx) {
      return judge_own_state(tx, anchor, own_state(tx, device->profile.device, device->fingerprint));
    });
  };
  const auto judged = co_await run_on(device->threads.worker, std::move(judge));
  co_return judged&&* judged == IdentityReason::none ? Result<IdentityReason>{known} : judged;
}

// Checks that the password is the newest: only that may sign a version with a new identity. The one before still opens
// the vault here until this device has followed. Errors: password_changed; auth if the server may never have got the
// password.
Result<void> is_newest(const LocalVault& device, const Keys& keys) {
  const auto trials = device.store->read([](const store::ReadTxn& tx) {
    const auto change = get_unsent_change(tx);
    auto all = trials_of(tx);
    if (change) std::erase_if(all, [&](const Trial& trial) { return trial.versions.back() == change->keyring; });
    return all;
  });
  if (!trials) return trials.error();
  const auto known = terms_of(*trials);
  if (std::ranges::find(known, keys.terms.seed, &LoginTerms::seed) == known.end()) return Errc::auth;
  return known.back().seed == keys.terms.seed ? Result<void>{} : Result<void>{DaemonErrc::password_changed};
}

// Stores the reason before anything is written that would hide it.
asio::awaitable<Result<void>> remember_reason(std::shared_ptr<LocalVault> device, IdentityReason reason) {
  if (device->standing.roll == reason) co_return Result<void>{};
  log::warning("this device's state is not the newest: it takes a new identity",
               {{"reason", static_cast<int>(reason)}});
  co_return co_await device->remember([reason](Standing& s) { s.roll = reason; });
}

// Makes the server show at least what is named here of chains that the disk has lost.
asio::awaitable<Result<void>> expect_what_is_named(std::shared_ptr<LocalVault> device, Ledger read) {
  auto expect = [read = std::move(read)](store::WriteTxn& tx) {
    auto lost = lost_heads(tx);
    for (const auto& [author, chain] : read)
      for (const auto& [id, head] : chain.named)
        if (const auto at = lost.find(id); at != lost.end() && at->second.seq < head.seq) at->second = head;
    put_lost_heads(tx, lost);
  };
  co_return co_await device->writer.write(std::move(expect));
}

asio::awaitable<Result<void>> roll_and_open(std::shared_ptr<LocalVault> device, Sync* sync, Keys keys,
                                            IdentityReason reason) {
  std::optional<Sync::Pause> pause;  // nothing is pulled or pushed meanwhile
  if (sync != nullptr) pause.emplace(co_await sync->pause());
  device->lock();
  co_await device->forgotten();
  if (const auto ok = co_await remember_reason(device, reason); !ok) co_return ok;
  auto again = co_await keys_of(device, keys.root, keys.terms);  // a round may have brought new versions
  if (!again) co_return again.error();
  Contents nothing;
  auto contents = co_await device->read(again->keychain, device->profile.device, std::move(nothing));
  if (!contents) co_return contents.error();
  if (reason == IdentityReason::disk)
    if (const auto noted = co_await expect_what_is_named(device, contents->ledger); !noted) co_return noted;
  const auto rolled = co_await take_new_identity(device, *again, std::move(contents->ledger), reason);
  if (!rolled) log::error("the new identity was not made", {{"error", rolled.error()}});
  if (!rolled && rolled.error() == DaemonErrc::password_changed) co_return rolled;
  if (sync != nullptr) sync->use_acting_key();
  auto now = co_await keys_of(device, keys.root, keys.terms);
  if (!now) co_return now.error();
  if (!now->identity) co_return StoreErrc::store_damaged;
  Contents unread;
  co_return co_await device->open_with(now->keychain, now->identity, std::move(unread));
}

}  // namespace

asio::awaitable<Result<void>> unlock_vault(std::shared_ptr<LocalVault> device, Sync* sync, Secret password,
                                           std::shared_ptr<const crypto::RootKey>* root) {
  const auto keys = co_await try_newer_password(device, std::move(password));
  if (!keys) co_return keys.error();
  if (root != nullptr) *root = keys->root;
  if (!device->unlocked) co_await device->forgotten();  // a write may have been under way when the vault was locked
  const auto reason = co_await why_new_identity(device, *keys);
  if (!reason) co_return reason.error();
  if (*reason != IdentityReason::none && *reason != IdentityReason::refused)
    if (const auto newest = is_newest(*device, *keys); !newest) co_return newest;
  if (*reason != IdentityReason::none) co_return co_await roll_and_open(device, sync, *keys, *reason);
  if (device->unlocked) device->unlocked->keychain = device->unlocked->keychain->foreseeing(*keys->keychain);
  if (device->unlocked) co_return Result<void>{};  // the password was right; what is open stays as it is
  Contents nothing;
  const auto opened = co_await device->open_with(keys->keychain, keys->identity, std::move(nothing));
  if (opened || opened.error() != DaemonErrc::own_damaged) co_return opened;
  if (const auto newest = is_newest(*device, *keys); !newest) co_return newest;
  co_return co_await roll_and_open(device, sync, *keys, IdentityReason::disk);
}

asio::awaitable<Result<void>> unlock_with_code(std::shared_ptr<LocalVault> device,
                                               std::shared_ptr<const crypto::RecoveryKeys> code) {
  const auto keys = co_await keys_of_code(device, code);
  if (!keys) co_return class_of(keys.error()) == Errc::auth ? make_error_code(DaemonErrc::code_refused) : keys.error();
  if (!device->unlocked) co_await device->forgotten();
  const auto reason = co_await why_new_identity(device, *keys);
  if (!reason) co_return reason.error();
  if (*reason != IdentityReason::none && *reason != IdentityReason::refused) co_return DaemonErrc::roll_pending;
  if (device->unlocked) co_return Result<void>{};
  Contents nothing;
  co_return co_await device->open_with(keys->keychain, keys->identity, std::move(nothing));
}

}  // namespace vault::daemon

#include "daemon/unlock.hpp"

#include "crypto/local.hpp"
#include "daemon/roll.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

std::vector<Sealed> known_keyrings(const store::ReadTxn& tx) {
  std::vector<Sealed> versions;
  tx.scan(store::keyrings, store::Range<std::uint32_t>::all(),
          [&versions](std::uint32_t, Sealed version) { versions.push_back(std::move(version)); });
  if (auto journal = tx.get(store::local, "journal")) versions.push_back(std::move(*journal));
  return versions;
}

// The local half: cached keyrings and the sealed identity. On the worker.
Result<Keys> open_keys(const store::Store& store, std::shared_ptr<const crypto::RootKey> root, LoginTerms terms,
                       const Profile& profile) {
  std::optional<Sealed> sealed;
  const auto versions = store.read([&sealed](const store::ReadTxn& tx) {
    sealed = tx.get(store::local, "identity");
    return known_keyrings(tx);
  });
  if (!versions) return versions.error();
  auto keychain = Keychain::accept(*versions, *root, terms);
  if (!keychain) return class_of(keychain.error()) == Errc::auth ? keychain.error() : as_local(keychain.error());
  if (!sealed) return Errc::store_damaged;
  const auto* key = (*keychain)->vault_key(crypto::local_generation(sealed->view()));
  if (key == nullptr) return Errc::store_damaged;
  auto identity = crypto::open_identity(key->local(profile.vault), sealed->view(), profile.vault, profile.device,
                                        crypto::RequestSigner::from_seed(profile.net));
  if (!identity) return Errc::store_damaged;
  return Keys{std::move(root), std::move(terms), std::move(*keychain),
              std::make_shared<const crypto::Identity>(std::move(*identity))};
}

asio::awaitable<Result<Keys>> keys_of(std::shared_ptr<Device> device, std::shared_ptr<const crypto::RootKey> root,
                                      LoginTerms terms) {
  auto open = [device, root, terms = std::move(terms)] {
    return open_keys(*device->store, root, terms, device->profile);
  };
  co_return co_await run_on(device->threads.worker, std::move(open));
}

asio::awaitable<Result<Keys>> try_password(std::shared_ptr<Device> device, Secret password) {
  const auto newest = device->store->read([](const store::ReadTxn& tx) { return known_keyrings(tx); });
  if (!newest) co_return newest.error();
  if (newest->empty()) co_return Errc::store_damaged;
  const auto terms = login_terms(newest->back());
  if (!terms) co_return terms.error();
  const auto root = co_await derive(device->threads, std::move(password), *terms);
  if (!root) co_return root.error();
  co_return co_await keys_of(device, *root, *terms);
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

asio::awaitable<Result<void>> unlock_vault(std::shared_ptr<Device> device, Sync* sync, Secret password) {
  const auto keys = co_await try_password(device, std::move(password));
  if (!keys) co_return keys.error();
  if (!device->unlocked) co_await device->forgotten();  // a write that was under way when the vault was locked
  const auto reason = co_await why_roll(device, keys->keychain);
  if (!reason) co_return reason.error();
  if (*reason != RollReason::none) co_return co_await roll_and_open(device, sync, *keys, *reason);
  if (device->unlocked) co_return Result<void>{};  // the password was right; what is open stays as it is
  Contents nothing;
  co_return co_await device->open_with(keys->keychain, keys->identity, std::move(nothing));
}

}  // namespace vault::daemon

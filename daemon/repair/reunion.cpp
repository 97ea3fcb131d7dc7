// SPDX-License-Identifier: Apache-2.0
#include "daemon/repair/reunion.hpp"

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/keyring/next_keyring.hpp"
#include "daemon/remote/pull.hpp"
#include "daemon/state/unverified.hpp"
#include "daemon/state/waiting_keyrings.hpp"
#include "daemon/vault/pending_change.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr std::uint64_t attempts = 16;  // tries against a keyring that others change at the same moment

using Accepted = Result<std::shared_ptr<const Keychain>>;

Accepted accept(const std::vector<Sealed>& versions, const crypto::RootKey& root) {
  if (versions.empty()) return Errc::gap;
  const auto terms = login_terms(versions.back());
  if (!terms) return terms.error();
  auto accepted = Keychain::accept(versions, root, *terms);
  if (!accepted && accepted.error() == Errc::auth) return DaemonErrc::branches_apart;  // made with another password
  return accepted;
}

std::uint32_t last_common(const Keychain& a, const Keychain& b) {
  std::uint32_t version = 0;
  while (!a.hash_of(version + 1).is_zero() && a.hash_of(version + 1) == b.hash_of(version + 1)) ++version;
  return version;
}

}  // namespace

Reunion::Reunion(LocalVault& device, HttpClient& http, std::shared_ptr<const crypto::RootKey> root)
    : device_(device),
      root_(std::move(root)),
      remote_(Remote{http, device.profile.account}.within(device.threads.acts)) {
  auto auth = std::make_shared<const crypto::AuthKey>(auth_key(*root_, device.profile.vault));
  remote_.use_key(device.profile.vault, wire::KeyId{},
                  [auth](BytesView message) { return auth->sign_request(message); });
}

asio::awaitable<Result<Reunion::Sides>> Reunion::compare() {
  const auto heads = co_await remote_.heads();
  if (!heads) co_return class_of(heads.error()) == Errc::auth ? DaemonErrc::branches_apart : heads.error();
  auto theirs = co_await pull_keyrings(remote_, 1, heads->keyring);
  if (!theirs) co_return theirs.error();
  auto work = [store = device_.store, root = root_, theirs = std::move(*theirs)]() mutable -> Result<Sides> {
    const auto ours = store->read([](const store::ReadTxn& tx) { return stored_keyrings(tx); });
    if (!ours) return ours.error();
    auto their_keys = accept(theirs, *root);
    if (!their_keys) return their_keys.error();
    auto our_keys = accept(*ours, *root);
    if (!our_keys) return our_keys.error();
    const auto common = last_common(**their_keys, **our_keys);
    if (common == 0) return DaemonErrc::branches_apart;
    return Sides{std::move(theirs), std::move(*their_keys), std::move(*our_keys), common};
  };
  co_return co_await run_on(device_.threads.worker, std::move(work));
}

// Returns the server's next version, which replaces ours. It must have the same generation as `ours`, or what was
// written under ours would no longer count.
Result<Sealed> Reunion::next(const Sides& sides, std::uint32_t ours) const {
  const auto& theirs = *sides.their_keys;
  const auto there = std::min(ours, theirs.head().version);
  if (theirs.generation_of(there) != sides.our_keys->generation_of(ours)) return DaemonErrc::branches_apart;
  KeyringChange change{.author = device_.profile.device, .root = *root_};
  for (const auto& device : sides.our_keys->body().devices) {
    if (device.joined_version != ours || theirs.device(device.id) != nullptr) continue;
    if (!device.active) return DaemonErrc::branches_apart;
    change.adopts.push_back(device);
  }
  change.sibling = sides.our_keys->hash_of(ours);
  return next_keyring(theirs, change);
}

asio::awaitable<Result<Ledger>> Reunion::known(const Sides& sides) const {
  if (device_.unlocked) co_return device_.unlocked->ledger;
  Contents nothing;
  auto contents = co_await device_.read(sides.our_keys, device_.profile.device, std::move(nothing));
  if (!contents) co_return contents.error();
  co_return std::move(contents->ledger);
}

// Fetches and verifies the chains up to the heads that the newest version of the server's history names. They must be
// here before that version is: else the vault would not open.
asio::awaitable<Result<Verified>> Reunion::fetch_named(const Sides& sides) {
  const auto& self = device_.profile.device;
  auto ledger = co_await known(sides);
  if (!ledger) co_return ledger.error();
  auto until = named_beyond(*sides.their_keys, *ledger, self);
  Pull pull{remote_, device_.writer, device_.store, device_.threads, device_.profile.vault};
  auto verified = heads_of(*ledger);
  const auto cleared = co_await pull.drop_unverified(std::move(verified), self);
  if (!cleared) co_return cleared.error();
  const auto fetched = co_await pull.chains(until, signers_of(*sides.their_keys));
  if (!fetched) co_return fetched.error();
  auto work = [store = device_.store, keychain = sides.their_keys, ledger = std::move(*ledger),
               until = std::move(until), self] { return verify(*store, *keychain, ledger, until, self); };
  co_return co_await run_on(device_.threads.worker, std::move(work));
}

// Replaces keyrings above the common one by those of the server's history. Nothing else ever replaces one.
asio::awaitable<Result<void>> Reunion::adopt(Sides sides) {
  auto verified = co_await fetch_named(sides);
  if (!verified) co_return verified.error();
  auto standing = device_.standing;
  if (standing.distrust == Errc::fork) standing.distrust = Errc::rollback;
  auto work = [standing, theirs = sides.theirs, common = sides.common, keychain = sides.their_keys,
               heads = heads_of(verified->ledger), self = device_.profile.device](store::WriteTxn& tx) -> Result<void> {
    tx.remove(store::keyrings, store::Range<std::uint32_t>::from(common + 1));
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    for (std::uint32_t v = common + 1; v <= theirs.size(); ++v) tx.put(store::keyrings, v, theirs[v - 1]);
    for (const auto& [id, head] : heads)
      if (id != self) tx.put(store::heads, id, head);
    settle_unverified(tx);
    LocalVault::put_standing(tx, standing);
    return settle_keyring(tx, *keychain);
  };
  const auto stored = co_await device_.writer.write(std::move(work));
  fault_point("reunion.stored");
  if (!stored) co_return stored.error();
  device_.standing.distrust = standing.distrust;
  device_.take_keyring(sides.their_keys->head(), sides.their_keys->head_hash());
  if (const auto vault = device_.unlocked) co_await device_.install(vault, sides.their_keys, std::move(*verified));
  co_return Result<void>{};
}

asio::awaitable<Result<std::uint64_t>> Reunion::run() {
  std::uint64_t made = 0;
  for (std::uint64_t lost = 0; lost < attempts;) {
    auto sides = co_await compare();
    if (!sides) co_return sides.error();
    auto ours = sides->common + 1;
    while (sides->their_keys->replaces(sides->our_keys->hash_of(ours))) ++ours;
    if (ours > sides->our_keys->head().version) {
      const auto adopted = co_await adopt(std::move(*sides));
      if (!adopted) co_return adopted.error();
      co_return made;
    }
    auto version = next(*sides, ours);
    if (!version) co_return version.error();
    fault_point("reunion.before-send");
    std::optional<wire::KeyringHead> other;
    const auto put = co_await remote_.put_keyring(std::move(*version), other);
    fault_point("reunion.answered");
    if (!put && !other) co_return put.error();
    ++(put ? made : lost);
  }
  co_return Errc::conflict;
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/enrol/enrolment.hpp"

#include "base/fault_point.hpp"
#include "base/input_errc.hpp"
#include "crypto/local.hpp"
#include "crypto/rules.hpp"
#include "daemon/os/fingerprint.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/commit_rows.hpp"
#include "store/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

Profile Enrolment::make_profile(const VaultId& vault, const Identity* identity) const {
  Profile out{
      .account = request_.account, .origin = http_->origin().text(), .ca_file = request_.ca_file, .vault = vault};
  if (identity != nullptr) out.device = identity->id;
  out.net = identity != nullptr ? identity->net.seed() : Secret{32};
  return out;
}

asio::awaitable<Result<void>> Enrolment::prepare() {
  if (!wire::is_account(request_.account)) co_return InputErrc::account_bad;
  if (const auto ok = crypto::check_device_name(request_.device_name); !ok) co_return ok;
  const auto origin = wire::Origin::parse(request_.server);
  if (!origin) co_return origin.error();
  http_.emplace(executor_, *origin, HttpClientOptions{.ca_file = request_.ca_file});
  remote_.emplace(Remote{*http_, request_.account}.within(threads_.acts));
  co_return co_await http_->ready();
}

namespace {

// Makes a database, and gives it its name when it is complete and marked as enrolling: never half made.
Result<void> make_database(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / "data.mdb", error)) return {};
  const auto alone = store::lock_folder(folder);
  if (!alone) return alone.error();
  const auto fresh = folder / "fresh";
  std::filesystem::remove_all(fresh, error);
  {
    const store::Migration begun = [](store::WriteTxn& tx) { put_number(tx, meta::enrolling, 1); };
    const auto made =
        store::Store::open(fresh, {.tables = store::vault_tables, .oldest = store::vault_schema, .prepare = begun});
    if (!made) return made.error();
  }
  std::filesystem::rename(fresh / "data.mdb", folder / "data.mdb", error);
  if (error) return boost::system::error_code{error};
  std::filesystem::remove_all(fresh, error);
  return store::sync_folder(folder);
}

}  // namespace

// Opens the database on the worker: making a file waits for the disk, which the loop never does.
asio::awaitable<Result<void>> Enrolment::open_store() {
  auto open = [folder = folder_]() -> Result<store::Store> {
    if (const auto made = make_database(folder); !made) return made.error();
    return store::Store::open(folder, {.tables = store::vault_tables, .oldest = store::vault_schema});
  };
  auto store = co_await run_on(threads_.worker, std::move(open));
  if (!store) co_return store.error();
  store_ = std::make_shared<store::Store>(std::move(*store));
  writer_ = std::make_unique<Writer>(executor_, threads_, store_, [] {});
  co_return Result<void>{};
}

Result<std::optional<Journal>> Enrolment::journal() const {
  return store_->read([this](const store::ReadTxn& tx) -> std::optional<Journal> {
    auto profile = get_profile(tx);
    const auto keyring = tx.last(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    const auto identity = tx.get(store::local, "identity");
    if (!profile || !keyring || !identity) return std::nullopt;
    if (profile->account != request_.account || profile->origin != http_->origin().text()) return std::nullopt;
    return Journal{std::move(*profile), keyring->first, keyring->second, *identity};
  });
}

asio::awaitable<Result<void>> Enrolment::begin(const VaultId& vault) {
  auto profile = std::make_shared<Profile>(make_profile(vault, nullptr));
  return writer_->write([profile](store::WriteTxn& tx) {
    const auto before = get_profile(tx);
    if (!before || before->vault != profile->vault) {
      remove_commits(tx, store::Range<store::Place>::all());
      tx.remove(store::heads, store::Range<DeviceId>::all());
    }
    tx.remove(store::keyrings, store::Range<std::uint32_t>::all());
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    tx.remove(store::local, store::Range<std::string>::all());
    remove_number(tx, meta::counter);
    put_number(tx, meta::enrolling, 1);
    put_profile(tx, *profile);
  });
}

namespace {

Sealed local_identity(const Keychain& keychain, const Identity& identity) {
  const auto& head = keychain.head();
  return seal_identity(keychain.newest_vault_key().local(head.vault), head.suite, head.vault, head.generation,
                       identity);
}

}  // namespace

asio::awaitable<Result<void>> Enrolment::keep(const Identity& identity, std::uint32_t version, const Sealed& keyring) {
  auto profile = std::make_shared<Profile>(make_profile(terms_.vault, &identity));
  auto local = local_identity(*keychain_, identity);
  return writer_->write([profile, version, keyring, local = std::move(local)](store::WriteTxn& tx) {
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    tx.put(store::inbox_keyrings, version, keyring);
    tx.put(store::local, "identity", local);
    put_profile(tx, *profile);
  });
}

asio::awaitable<Result<Enrolment::Root>> Enrolment::derive_for(const LoginTerms& terms) {
  co_return co_await derive(threads_, Secret::copy_of(request_.password.view()), terms);
}

void Enrolment::use_password_key() {
  auto auth = std::make_shared<const crypto::AuthKey>(auth_key(*root_, terms_.vault));
  remote_->use_key(terms_.vault, wire::KeyId{}, [auth](BytesView message) { return auth->sign_request(message); });
}

void Enrolment::discard() {
  writer_.reset();
  store_.reset();
  std::error_code ignored;
  for (const auto* name : {"anchor", "data.mdb", "data.mdb-lock", "lock.mdb", "lock"})  // an anchor alone means a vault
    std::filesystem::remove(folder_ / name, ignored);
  std::filesystem::remove(folder_, ignored);  // if nothing else is in it
}

Identity Enrolment::fresh_identity(const crypto::VaultKey& key, const VaultId& vault, const Hash& keyring_hash) const {
  for (;;) {
    auto identity = crypto::new_identity({.vault_key = key,
                                          .vault = vault,
                                          .previous = {},
                                          .previous_counter = 0,
                                          .keyring_hash = keyring_hash,
                                          .fingerprint = machine_fingerprint(folder_),
                                          .time_ms = wall_time()});
    if (!keychain_ || keychain_->device(identity.id) == nullptr) return identity;
  }
}

crypto::KeyringDevice Enrolment::entry_of(const Identity& identity) const {
  return {.id = identity.id,
          .name = request_.device_name,
          .sig = identity.sig.public_key(),
          .box = identity.box.public_key(),
          .net = identity.net.public_key(),
          .joined = wall_time(),
          .joined_version = 1};
}

Result<void> Enrolment::resume(const Journal& journal) {
  const auto* key = keychain_->vault_key(crypto::local_generation(journal.identity.view()));
  if (key == nullptr) return StoreErrc::store_damaged;
  auto identity = open_identity(key->local(terms_.vault), journal.identity.view(), terms_.vault, journal.profile.device,
                                crypto::RequestSigner::from_seed(journal.profile.net));
  if (!identity) return identity.error();
  identity_ = std::make_shared<const Identity>(std::move(*identity));
  return {};
}

asio::awaitable<Enrolled> Enrolment::finish(bool joined) {
  auto plan = std::make_shared<CommitPlan>();
  plan->keys = identity_;
  plan->keychain = keychain_;
  plan->kind = wire::CommitKind::epoch;
  plan->seq = 1;
  const crypto::SeenVector seen = heads_of(pulled_.ledger);
  const auto encoded = crypto::encode_seen(seen);
  plan->content = Secret::copy_of(encoded);
  const Standing standing{.last_success = wall_time(), .heard = wall_time(), .unconfirmed = joined && !request_.expect};
  auto work = [plan, standing, versions = versions_, seen](store::WriteTxn& tx) -> Result<void> {
    for (std::uint32_t i = 0; i < versions.size(); ++i) tx.put(store::keyrings, i + 1, versions[i]);
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    for (const auto& [device, head] : seen) tx.put(store::heads, device, head);
    LocalVault::put_standing(tx, standing);
    put_self_key(tx, plan->keys->sig.public_key());
    tx.put(store::local, "identity", local_identity(*plan->keychain, *plan->keys));
    remove_number(tx, meta::enrolling);
    put_number(tx, meta::unverified, 0);
    const auto written = write_commit(tx, *plan);
    fault_point("enrol.before-commit");
    return written ? Result<void>{} : Result<void>{written.error()};
  };
  // Makes the anchor before the database has a commit: a device without an anchor was robbed of it.
  auto witness = [folder = folder_, plan] {
    return Anchor{folder}.settle(*plan->keychain, {plan->keys->id, {}, 0, machine_fingerprint(folder)});
  };
  if (const auto settled = co_await run_on(threads_.writer, std::move(witness)); !settled) co_return settled.error();
  const auto stored = co_await writer_->write(std::move(work));
  if (!stored) co_return stored.error();
  fault_point("enrol.committed");
  auto device = LocalVault::of(executor_, threads_, store_, folder_);
  if (!device) co_return device.error();
  const auto opened = co_await (*device)->open_with(keychain_, identity_, std::move(pulled_));
  if (!opened) co_return opened.error();
  co_return *device;
}

}  // namespace vault::daemon

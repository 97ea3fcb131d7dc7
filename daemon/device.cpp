#include "daemon/device.hpp"

#include "crypto/local.hpp"
#include "crypto/verify.hpp"
#include "daemon/verifier.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

std::vector<Sealed> all_keyrings(const store::ReadTxn& tx) {
  std::vector<Sealed> versions;
  tx.scan(store::keyrings, store::Range<std::uint32_t>::all(),
          [&versions](std::uint32_t, Sealed version) { versions.push_back(std::move(version)); });
  return versions;
}

std::map<DeviceId, Head> all_heads(const store::ReadTxn& tx) {
  std::map<DeviceId, Head> heads;
  tx.scan(store::heads, store::Range<DeviceId>::all(),
          [&heads](const DeviceId& device, const Head& head) { heads[device] = head; });
  return heads;
}

// What was verified when it was stored and does not verify now was changed on the disk.
boost::system::error_code as_local(const boost::system::error_code& error) {
  const auto klass = class_of(error);
  const bool about_data = klass == Errc::tamper || klass == Errc::gap || klass == Errc::fork ||
                          klass == Errc::rollback || klass == Errc::keystate;
  return about_data ? make_error_code(Errc::store_damaged) : error;
}

struct Opened {
  std::shared_ptr<const Keychain> keychain;
  std::shared_ptr<const crypto::Identity> identity;
};

// The local half of an unlock: cached keyrings and the sealed identity. On the worker.
Result<Opened> open_keys(const store::Store& store, const crypto::RootKey& root, const LoginTerms& terms,
                         const Profile& profile) {
  std::optional<Sealed> sealed;
  const auto versions = store.read([&sealed](const store::ReadTxn& tx) {
    sealed = tx.get(store::local, "identity");
    return all_keyrings(tx);
  });
  if (!versions) return versions.error();
  auto keychain = Keychain::accept(*versions, root, terms);
  if (!keychain) return class_of(keychain.error()) == Errc::auth ? keychain.error() : as_local(keychain.error());
  if (!sealed) return Errc::store_damaged;
  const auto* key = (*keychain)->vault_key(crypto::local_generation(sealed->view()));
  if (key == nullptr) return Errc::store_damaged;
  auto identity = crypto::open_identity(key->local(profile.vault), sealed->view(), profile.vault, profile.device,
                                        crypto::RequestSigner::from_seed(profile.net));
  if (!identity) return Errc::store_damaged;
  return Opened{std::move(*keychain), std::make_shared<const crypto::Identity>(std::move(*identity))};
}

struct Contents {
  Ledger ledger;
  Index index;
};

Result<Contents> read_contents(const store::Store& store, const Keychain& keychain,
                               const std::map<DeviceId, Head>& heads, const DeviceId& self) {
  auto verified = verify(store, keychain, {}, heads, self);
  if (!verified) return as_local(verified.error());
  Contents out{std::move(verified->ledger), {}};
  for (auto& [name, version] : verified->findings.versions) out.index.add(name, std::move(version));
  return out;
}

}  // namespace

Device::Device(asio::any_io_executor executor_, Threads& threads_, std::shared_ptr<store::Store> store_,
               Profile profile_)
    : executor(executor_),
      threads(threads_),
      store(store_),
      writer(executor_, threads_, store_,
             [this] {
               if (unlocked) unlocked->plans_failed();
             }),
      profile(std::move(profile_)) {}

Result<std::shared_ptr<Device>> Device::open(asio::any_io_executor executor, Threads& threads,
                                             const std::filesystem::path& folder) {
  auto store = store::Store::open(folder, {.tables = store::vault_tables});
  if (!store) return store.error();
  return of(std::move(executor), threads, std::make_shared<store::Store>(std::move(*store)));
}

Result<std::shared_ptr<Device>> Device::of(asio::any_io_executor executor, Threads& threads,
                                           std::shared_ptr<store::Store> store) {
  std::optional<Profile> profile;
  const auto unfinished = store->read([&profile](const store::ReadTxn& tx) {
    profile = get_profile(tx);
    return get_number(tx, meta::enrolling).value_or(0) != 0;
  });
  if (!unfinished) return unfinished.error();
  if (*unfinished || !profile) return Errc::vault_absent;
  auto device = std::make_shared<Device>(std::move(executor), threads, std::move(store), std::move(*profile));
  if (const auto loaded = device->load(); !loaded) return loaded.error();
  return device;
}

Result<void> Device::load() {
  return store->read([this](const store::ReadTxn& tx) -> Result<void> {
    const auto number = [&tx](std::string_view name) { return get_number(tx, name).value_or(0); };
    standing = {.acked = number(meta::acked),
                .last_success = number(meta::last_success),
                .unconfirmed = number(meta::unconfirmed) != 0,
                .roll = number(meta::roll) != 0};
    if (const auto distrust = number(meta::distrust)) standing.distrust = static_cast<Errc>(distrust);
    const auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
    if (!newest) return Errc::store_damaged;
    const auto decoded = wire::decode_keyring_header(newest->second.view());
    if (!decoded) return Errc::store_damaged;
    keyring = {newest->first, crypto::keyring_hash(newest->second.view())};
    generation = decoded->header.generation;
    devices = decoded->header.devices;
    return {};
  });
}

void Device::put_standing(store::WriteTxn& tx, const Standing& standing) {
  const auto put = [&tx](std::string_view name, std::uint64_t value) {
    if (value != 0) put_number(tx, name, value);
    else remove_number(tx, name);
  };
  put(meta::acked, standing.acked);
  put(meta::last_success, standing.last_success);
  put(meta::distrust, standing.distrust ? static_cast<std::uint64_t>(*standing.distrust) : 0);
  put(meta::unconfirmed, standing.unconfirmed ? 1 : 0);
  put(meta::roll, standing.roll ? 1 : 0);
}

Result<std::map<DeviceId, Head>> Device::heads() const {
  return store->read([](const store::ReadTxn& tx) { return all_heads(tx); });
}

asio::awaitable<Result<void>> Device::unlock(Secret password) {
  const auto newest = store->read(
      [](const store::ReadTxn& tx) { return tx.last(store::keyrings, store::Range<std::uint32_t>::all()); });
  if (!newest) co_return newest.error();
  if (!*newest) co_return Errc::store_damaged;
  const auto terms = login_terms((*newest)->second);
  if (!terms) co_return terms.error();
  const auto root = co_await derive(threads, std::move(password), *terms);
  if (!root) co_return root.error();
  auto open = [this, root = *root, terms = *terms] { return open_keys(*store, *root, terms, profile); };
  auto opened = co_await run_on(threads.worker, std::move(open));
  if (!opened) co_return opened.error();
  if (unlocked) co_return Result<void>{};  // the password was right; what is open stays as it is
  co_await writer.idle();                  // a write that was under way when the vault was locked
  co_return co_await open_with(opened->keychain, opened->identity);
}

asio::awaitable<Result<void>> Device::open_with(std::shared_ptr<const Keychain> keychain,
                                                std::shared_ptr<const crypto::Identity> identity) {
  const auto known = heads();
  if (!known) co_return known.error();
  auto read = [this, keychain, heads = *known, self = identity->id] {
    return read_contents(*store, *keychain, heads, self);
  };
  auto contents = co_await run_on(threads.worker, std::move(read));
  if (!contents) co_return contents.error();
  unlocked = std::make_shared<Unlocked>(keychain, identity, std::move(contents->ledger), std::move(contents->index));
  co_return Result<void>{};
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

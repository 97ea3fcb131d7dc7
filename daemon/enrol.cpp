#include "daemon/enrol.hpp"

#include "base/limits.hpp"
#include "crypto/fresh.hpp"
#include "crypto/rules.hpp"
#include "crypto/slot.hpp"
#include "crypto/suite.hpp"
#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "daemon/fingerprint.hpp"
#include "daemon/verifier.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using crypto::Identity;
using Root = std::shared_ptr<const crypto::RootKey>;

enum class Done { no, yes };  // not a bool: an error converts to one

constexpr int attempts = 16;  // at a keyring that others change at the same moment

// What an earlier try left: a device that may be enrolled already.
struct Journal {
  Profile profile;
  std::uint32_t version = 0;
  Sealed keyring;  // names the device
  Sealed identity;
};

// One try: everything it needs, and the database that it fills.
class Enrolment {
 public:
  Enrolment(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder, EnrolRequest request)
      : executor_(executor), threads_(threads), folder_(std::move(folder)), request_(std::move(request)) {}

  asio::awaitable<Enrolled> create();
  asio::awaitable<Enrolled> join();

 private:
  Result<void> prepare();
  asio::awaitable<Result<void>> open_store();
  Result<std::optional<Journal>> journal() const;
  asio::awaitable<Result<void>> begin(const VaultId& vault);
  asio::awaitable<Result<void>> keep(const Identity& identity, std::uint32_t version, const Sealed& keyring);
  asio::awaitable<Result<Root>> derive_for(const LoginTerms& terms);

  asio::awaitable<Result<void>> make_vault();
  asio::awaitable<Result<Done>> resume_create();
  asio::awaitable<Result<void>> is_ours_there();
  asio::awaitable<Result<void>> pull_keychain();
  asio::awaitable<Result<void>> pull_chains();
  bool has_code(const Findings& findings) const;
  asio::awaitable<Result<Done>> enrol_self();
  Result<Sealed> next_keyring(const Identity& identity) const;
  Identity fresh_identity(const crypto::VaultKey& key, const VaultId& vault, const Hash& keyring_hash) const;
  asio::awaitable<Enrolled> finish(bool joined);
  void discard();
  void use_password_key();

  asio::any_io_executor executor_;
  Threads& threads_;
  std::filesystem::path folder_;
  EnrolRequest request_;
  std::optional<HttpClient> http_;
  std::optional<Remote> remote_;
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<Writer> writer_;

  LoginTerms terms_;
  Root root_;
  std::vector<Sealed> versions_;
  std::shared_ptr<const Keychain> keychain_;
  std::shared_ptr<const Identity> identity_;
  wire::Heads heads_;
  Ledger ledger_;
};

crypto::KeyringDevice entry_of(const Identity& identity, const std::string& name, std::uint32_t version) {
  return {.id = identity.id,
          .name = name,
          .sig = identity.sig.public_key(),
          .box = identity.box.public_key(),
          .net = identity.net.public_key(),
          .joined = wall_time(),
          .joined_version = version};
}

void insert_sorted(std::vector<wire::PublicDevice>& devices, wire::PublicDevice device) {
  const auto at = std::lower_bound(devices.begin(), devices.end(), device,
                                   [](const auto& a, const auto& b) { return a.id < b.id; });
  devices.insert(at, device);
}

Profile profile_of(const EnrolRequest& request, const std::string& origin, const VaultId& vault,
                   const Identity* identity) {
  Profile profile{.account = request.account, .origin = origin, .ca_file = request.ca_file, .vault = vault};
  if (identity != nullptr) profile.device = identity->id;
  profile.net = identity != nullptr ? identity->net.seed() : Secret{32};
  return profile;
}

Result<void> Enrolment::prepare() {
  if (!wire::is_account(request_.account)) return Errc::account_bad;
  if (const auto ok = crypto::check_device_name(request_.device_name); !ok) return ok;
  const auto origin = wire::Origin::parse(request_.server);
  if (!origin) return origin.error();
  auto http = HttpClient::open(executor_, *origin, {.ca_file = request_.ca_file});
  if (!http) return http.error();
  http_ = std::move(*http);
  remote_.emplace(*http_, request_.account);
  return {};
}

asio::awaitable<Result<void>> Enrolment::open_store() {
  auto store = store::Store::open(folder_, {.tables = store::vault_tables});
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

// From here on this folder belongs to an enrolment in that vault; what is here of another one goes.
asio::awaitable<Result<void>> Enrolment::begin(const VaultId& vault) {
  auto profile = std::make_shared<Profile>(profile_of(request_, http_->origin().text(), vault, nullptr));
  return writer_->write([profile](store::WriteTxn& tx) {
    const auto before = get_profile(tx);
    if (!before || before->vault != profile->vault) {
      tx.remove(store::chains, store::Range<store::Place>::all());
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

// The journal: written before the keyring is sent, given up only when another version is verified in its place.
asio::awaitable<Result<void>> Enrolment::keep(const Identity& identity, std::uint32_t version, const Sealed& keyring) {
  auto profile = std::make_shared<Profile>(profile_of(request_, http_->origin().text(), terms_.vault, &identity));
  const auto& key = keychain_->newest_vault_key();
  auto local =
      seal_identity(key.local(terms_.vault), terms_.suite, terms_.vault, keychain_->head().generation, identity);
  return writer_->write([profile, version, keyring, local = std::move(local)](store::WriteTxn& tx) {
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    tx.put(store::inbox_keyrings, version, keyring);
    tx.put(store::local, "identity", local);
    put_profile(tx, *profile);
  });
}

asio::awaitable<Result<Root>> Enrolment::derive_for(const LoginTerms& terms) {
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
  for (const auto* name : {"data.mdb", "data.mdb-lock", "lock.mdb", "lock", "anchor"})
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

// --- create

asio::awaitable<Result<void>> Enrolment::make_vault() {
  const auto fingerprint = machine_fingerprint(folder_);
  const auto vault = crypto::new_vault_id(fingerprint, wall_time());
  terms_ = {request_.account, crypto::seams::default_suite(), vault, crypto::new_seed(vault, fingerprint, wall_time())};
  auto root = co_await derive_for(terms_);
  if (!root) co_return root.error();
  root_ = *root;
  if (const auto begun = co_await begin(vault); !begun) co_return begun;

  const auto key = crypto::new_vault_key(*root_, vault);
  identity_ = std::make_shared<const Identity>(fresh_identity(key, vault, {}));
  const auto auth = auth_key(*root_, vault);
  crypto::KeyringBody body{.names = crypto::new_name_key(*root_, vault),
                           .recovery_box = {},
                           .recovery_psk = Secret{32},
                           .older = {},
                           .devices = {entry_of(*identity_, request_.device_name, 1)},
                           .heads = {}};
  wire::KeyringHeader header{
      .suite = terms_.suite, .vault = vault, .author = identity_->id, .version = 1, .generation = 1};
  header.seed = terms_.seed;
  header.auth = auth.public_key();
  header.account = terms_.account;
  header.password_slot =
      seal_password_slot(password_key(*root_, vault), key, {terms_.suite, vault, identity_->id, 1, 1});
  header.devices = {{identity_->id, identity_->net.public_key(), true}};
  auto keyring = seal_keyring(key, key, encode(header), body, {.own = auth});
  if (!keyring) co_return keyring.error();
  auto keychain = Keychain::accept({*keyring}, *root_, terms_);
  if (!keychain) co_return keychain.error();
  keychain_ = *keychain;
  versions_ = {*keyring};
  co_return co_await keep(*identity_, 1, versions_.front());
}

// Whether an earlier try with this password can be taken up where it was cut.
asio::awaitable<Result<Done>> Enrolment::resume_create() {
  auto found = journal();
  if (!found) co_return found.error();
  if (!*found || (*found)->version != 1) co_return Done::no;
  auto& old = **found;
  const auto terms = login_terms(old.keyring);
  if (!terms) co_return Done::no;
  const auto root = co_await derive_for(*terms);
  if (!root) co_return root.error();
  auto keychain = Keychain::accept({old.keyring}, **root, *terms);
  if (!keychain) co_return Done::no;
  auto identity = open_identity((*keychain)->newest_vault_key().local(terms->vault), old.identity.view(), terms->vault,
                                old.profile.device, crypto::RequestSigner::from_seed(old.profile.net));
  if (!identity) co_return Done::no;
  terms_ = *terms;
  root_ = *root;
  keychain_ = *keychain;
  versions_ = {old.keyring};
  identity_ = std::make_shared<const Identity>(std::move(*identity));
  co_return Done::yes;
}

// An account that exists may be the one that an earlier try made, whose answer was lost.
asio::awaitable<Result<void>> Enrolment::is_ours_there() {
  use_password_key();
  const auto page = co_await remote_->keyring(1);
  if (!page) co_return class_of(page.error()) == Errc::auth ? make_error_code(Errc::account_exists) : page.error();
  const bool ours = !page->versions.empty() && page->versions.front() == versions_.front();
  co_return ours ? Result<void>{} : Result<void>{Errc::account_exists};
}

asio::awaitable<Enrolled> Enrolment::create() {
  if (const auto ok = prepare(); !ok) co_return ok.error();
  if (const auto ok = co_await open_store(); !ok) co_return ok.error();
  const auto resumed = co_await resume_create();
  if (!resumed) co_return resumed.error();
  if (*resumed == Done::no)
    if (const auto made = co_await make_vault(); !made) {
      discard();
      co_return made.error();
    }
  crypto::seams::fault_point("create.before-send");
  auto done = co_await remote_->create_account(request_.invitation, versions_.front());
  crypto::seams::fault_point("create.answered");
  if (!done && class_of(done.error()) == Errc::conflict) done = co_await is_ours_there();
  if (done) co_return co_await finish(false);
  if (class_of(done.error()) != Errc::offline) discard();
  if (class_of(done.error()) == Errc::denied)
    co_return request_.invitation.empty() ? Errc::registration_closed : Errc::invite_needed;
  co_return done.error();
}

// --- join

asio::awaitable<Result<void>> Enrolment::pull_keychain() {
  auto heads = co_await remote_->heads();
  if (!heads) co_return heads.error();
  auto versions = co_await pull_keyrings(*remote_, 1, heads->keyring);
  if (!versions) co_return versions.error();
  auto accept = [versions = *versions, root = root_, terms = terms_] {
    return Keychain::accept(versions, *root, terms);
  };
  auto keychain = co_await run_on(threads_.worker, std::move(accept));
  if (!keychain) co_return keychain.error();
  heads_ = std::move(*heads);
  versions_ = std::move(*versions);
  keychain_ = *keychain;
  co_return Result<void>{};
}

// Whether an active device made a checkpoint with the code that was expected. Spaces do not count.
bool Enrolment::has_code(const Findings& findings) const {
  const auto digits = [](std::string text) {
    std::erase(text, ' ');
    return text;
  };
  return std::any_of(findings.checkpoints.begin(), findings.checkpoints.end(), [&](const auto& checkpoint) {
    return keychain_->device(checkpoint.device)->active &&
           digits(crypto::state_code(terms_.vault, checkpoint.head.hash)) == digits(*request_.expect);
  });
}

asio::awaitable<Result<void>> Enrolment::pull_chains() {
  Pull pull{*remote_, *writer_, store_, threads_, terms_.vault};
  std::map<DeviceId, Head> until;
  for (const auto& [device, head] : heads_.chains) until[device] = {head.seq, head.hash};
  const auto fetched = co_await pull.chains(heads_, DeviceId{});
  Result<Verified> verified{fetched ? make_error_code(Errc::gap) : fetched.error()};
  auto work = [store = store_, keychain = keychain_, until] {
    return verify(*store, *keychain, {}, until, DeviceId{});
  };
  if (fetched) verified = co_await run_on(threads_.worker, std::move(work));
  if (!verified) {
    if (class_of(verified.error()) != Errc::offline) (void)co_await pull.drop_unverified({}, DeviceId{});
    co_return verified.error();
  }
  if (request_.expect && !has_code(verified->findings)) co_return Errc::code_unknown;
  ledger_ = std::move(verified->ledger);
  co_return Result<void>{};
}

Result<Sealed> Enrolment::next_keyring(const Identity& identity) const {
  const auto& old = keychain_->head();
  if (old.devices.size() >= limits::devices) return Errc::too_many_devices;
  auto header = old;
  header.author = identity.id;
  header.segments = header.total = 0;
  header.version = old.version + 1;
  header.prev = keychain_->head_hash();
  header.siblings.clear();
  header.device_slots.clear();
  insert_sorted(header.devices, {identity.id, identity.net.public_key(), true});
  auto body = keychain_->body().clone();
  body.devices.push_back(entry_of(identity, request_.device_name, header.version));
  for (const auto& [device, chain] : ledger_)
    if (chain.head.seq > 0) body.heads[device] = chain.head;
  const auto& key = keychain_->newest_vault_key();
  const auto auth = auth_key(*root_, terms_.vault);
  return seal_keyring(key, key, encode(header), body, {.own = auth});
}

// One try at the compare-and-swap; false when somebody else was first.
asio::awaitable<Result<Done>> Enrolment::enrol_self() {
  const auto version = keychain_->head().version + 1;
  if (!identity_)
    identity_ = std::make_shared<const Identity>(
        fresh_identity(keychain_->newest_vault_key(), terms_.vault, keychain_->head_hash()));
  auto keyring = next_keyring(*identity_);
  if (!keyring) co_return keyring.error();
  if (const auto kept = co_await keep(*identity_, version, *keyring); !kept) co_return kept.error();
  crypto::seams::fault_point("join.before-send");
  std::optional<wire::KeyringHead> other;
  const auto put = co_await remote_->put_keyring(*keyring, other);
  crypto::seams::fault_point("join.answered");
  if (!put && other) co_return Done::no;
  if (!put) co_return put.error();
  auto next = keychain_->accept_next(*keyring, identity_->id, identity_->box);
  if (!next) co_return next.error();
  keychain_ = *next;
  versions_.push_back(std::move(*keyring));
  co_return Done::yes;
}

asio::awaitable<Enrolled> Enrolment::join() {
  if (const auto ok = prepare(); !ok) co_return ok.error();
  const auto login = co_await remote_->prelogin();
  if (!login) co_return login.error();
  terms_ = {request_.account, login->suite, login->vault, login->seed};
  const auto root = co_await derive_for(terms_);
  if (!root) co_return root.error();
  root_ = *root;
  use_password_key();
  if (const auto ok = co_await pull_keychain(); !ok) co_return ok.error();
  if (const auto ok = co_await open_store(); !ok) co_return ok.error();

  auto found = journal();
  if (!found) co_return found.error();
  const bool enrolled = *found && (*found)->profile.vault == terms_.vault &&
                        keychain_->hash_of((*found)->version) == crypto::keyring_hash((*found)->keyring.view());
  if (enrolled) {
    const auto& old = **found;
    const auto* key = keychain_->vault_key(keychain_->generation_of(old.version));
    auto identity = open_identity(key->local(terms_.vault), old.identity.view(), terms_.vault, old.profile.device,
                                  crypto::RequestSigner::from_seed(old.profile.net));
    if (!identity) co_return identity.error();
    identity_ = std::make_shared<const Identity>(std::move(*identity));
  } else if (const auto ok = co_await begin(terms_.vault); !ok) {
    co_return ok.error();
  }
  if (const auto ok = co_await pull_chains(); !ok) co_return ok.error();
  for (int i = 0; !enrolled; ++i) {
    const auto done = co_await enrol_self();
    if (!done) co_return done.error();
    if (*done == Done::yes) break;
    if (i == attempts) co_return Errc::conflict;
    if (const auto ok = co_await pull_keychain(); !ok) co_return ok.error();
    if (const auto ok = co_await pull_chains(); !ok) co_return ok.error();
  }
  co_return co_await finish(true);
}

// --- both

asio::awaitable<Enrolled> Enrolment::finish(bool joined) {
  auto plan = std::make_shared<CommitPlan>();
  plan->keys = identity_;
  plan->keychain = keychain_;
  plan->kind = wire::CommitKind::epoch;
  plan->seq = 1;
  crypto::SeenVector seen;
  for (const auto& [device, chain] : ledger_)
    if (chain.head.seq > 0) seen[device] = chain.head;
  const auto encoded = encode_seen(seen);
  plan->content = Secret::copy_of(encoded);
  const Standing standing{.last_success = wall_time(), .unconfirmed = joined};
  auto work = [plan, standing, versions = versions_, seen](store::WriteTxn& tx) -> Result<void> {
    for (std::uint32_t i = 0; i < versions.size(); ++i) tx.put(store::keyrings, i + 1, versions[i]);
    tx.remove(store::inbox_keyrings, store::Range<std::uint32_t>::all());
    for (const auto& [device, head] : seen) tx.put(store::heads, device, {head.seq, head.hash});
    Device::put_standing(tx, standing);
    remove_number(tx, meta::enrolling);
    const auto written = write_commit(tx, *plan);
    crypto::seams::fault_point("enrol.before-commit");
    return written ? Result<void>{} : Result<void>{written.error()};
  };
  const auto stored = co_await writer_->write(std::move(work));
  if (!stored) co_return stored.error();
  auto device = Device::of(executor_, threads_, store_);
  if (!device) co_return device.error();
  const auto opened = co_await (*device)->open_with(keychain_, identity_);
  if (!opened) co_return opened.error();
  co_return *device;
}

}  // namespace

asio::awaitable<Enrolled> create_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                       EnrolRequest request) {
  Enrolment enrolment{std::move(executor), threads, std::move(folder), std::move(request)};
  co_return co_await enrolment.create();
}

asio::awaitable<Enrolled> join_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                     EnrolRequest request) {
  Enrolment enrolment{std::move(executor), threads, std::move(folder), std::move(request)};
  co_return co_await enrolment.join();
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Makes a vault. This is a command of its own, refused if the account exists: no answer of a server leads here.
#include "base/fault_point.hpp"
#include "crypto/fresh.hpp"
#include "crypto/seams.hpp"
#include "crypto/slot.hpp"
#include "daemon/enrol/enrolment.hpp"
#include "daemon/os/fingerprint.hpp"
#include "daemon/os/wall_time.hpp"
#include "wire/errc.hpp"

namespace vault::daemon {
namespace {

class Creation : public Enrolment {
 public:
  using Enrolment::Enrolment;
  asio::awaitable<Enrolled> create();

 private:
  asio::awaitable<Result<void>> make_vault();
  asio::awaitable<Result<Done>> resume_create();
  asio::awaitable<Result<void>> is_ours_there();
};

asio::awaitable<Result<void>> Creation::make_vault() {
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
                           .devices = {entry_of(*identity_)},
                           .heads = {}};
  wire::KeyringHeader header{
      .suite = terms_.suite, .vault = vault, .author = identity_->id, .version = 1, .generation = 1};
  header.seed = terms_.seed;
  header.auth = auth.public_key();
  header.account = terms_.account;
  header.password_slot =
      seal_password_slot(password_key(*root_, vault), key, {terms_.suite, vault, identity_->id, 1, 1});
  header.devices = {{identity_->id, identity_->net.public_key(), identity_->sig.public_key(), true}};
  auto keyring = seal_keyring(key, key, encode(header), body, {.own = auth});
  if (!keyring) co_return keyring.error();
  versions_ = {*keyring};
  auto accept = [versions = versions_, root = root_, terms = terms_] {
    return Keychain::accept(versions, *root, terms);
  };
  auto keychain = co_await run_on(threads_.worker, std::move(accept));
  if (!keychain) co_return keychain.error();
  keychain_ = *keychain;
  co_return co_await keep(*identity_, 1, versions_.front());
}

// Resumes an earlier try with this password where it was cut. Returns Done::no if there is none.
asio::awaitable<Result<Creation::Done>> Creation::resume_create() {
  auto found = journal();
  if (!found) co_return found.error();
  if (!*found || (*found)->version != 1) co_return Done::no;
  const auto& old = **found;
  const auto terms = login_terms(old.keyring);
  if (!terms) co_return Done::no;
  const auto root = co_await derive_for(*terms);
  if (!root) co_return root.error();
  auto keychain = Keychain::accept({old.keyring}, **root, *terms);
  if (!keychain) co_return Done::no;
  terms_ = *terms;
  root_ = *root;
  keychain_ = *keychain;
  versions_ = {old.keyring};
  if (const auto resumed = resume(old); !resumed) co_return Done::no;
  co_return Done::yes;
}

// Checks whether the existing account is the one that an earlier try made, whose answer was lost.
asio::awaitable<Result<void>> Creation::is_ours_there() {
  use_password_key();
  const auto page = co_await remote_->keyring(1);
  if (!page) co_return class_of(page.error()) == Errc::auth ? make_error_code(WireErrc::account_exists) : page.error();
  const bool ours = !page->versions.empty() && page->versions.front() == versions_.front();
  co_return ours ? Result<void>{} : Result<void>{WireErrc::account_exists};
}

asio::awaitable<Enrolled> Creation::create() {
  if (const auto ok = co_await prepare(); !ok) co_return ok.error();
  if (const auto ok = co_await open_store(); !ok) co_return ok.error();
  const auto resumed = co_await resume_create();
  if (!resumed) co_return resumed.error();
  if (*resumed == Done::no)
    if (const auto made = co_await make_vault(); !made) {
      discard();
      co_return made.error();
    }
  fault_point("create.before-send");
  auto done = co_await remote_->create_account(request_.invitation, versions_.front());
  fault_point("create.answered");
  if (!done && class_of(done.error()) == Errc::conflict) done = co_await is_ours_there();
  if (done) co_return co_await finish(false);
  if (class_of(done.error()) != Errc::offline) discard();
  if (class_of(done.error()) == Errc::denied)
    co_return request_.invitation.empty() ? WireErrc::registration_closed : WireErrc::invite_needed;
  co_return done.error();
}

}  // namespace

asio::awaitable<Enrolled> create_vault(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder,
                                       EnrolRequest request) {
  Creation creation{std::move(executor), threads, std::move(folder), std::move(request)};
  co_return co_await creation.create();
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/enrol/recover.hpp"

#include "crypto/fresh.hpp"
#include "daemon/enrol/joining.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/fingerprint.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/vault/trust.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

// True if the version has another recovery code than `code`, as after a recovery.
bool ends_code(const Sealed& keyring, const SignKey& code) {
  const auto decoded = wire::decode_keyring_header(keyring.view());
  return decoded && decoded->header.recovery_auth != code;
}

class Recovering : public Joining {
 public:
  Recovering(asio::any_io_executor executor, Threads& threads, std::filesystem::path folder, RecoverRequest request)
      : Joining(std::move(executor), threads, std::move(folder), std::move(request.enrol)),
        code_(std::move(request.code)) {}
  asio::awaitable<Result<Recovered>> recover();

 private:
  Proof proof() const override;
  KeyringChange change_for(const Identity& identity) const override;
  asio::awaitable<Result<void>> expects(std::vector<Reference> checkpoints, std::map<DeviceId, Head> heads) override;
  asio::awaitable<Result<void>> judge(Sealed journal) override;
  asio::awaitable<Result<void>> prepare_change() override;

  asio::awaitable<Result<void>> begin_with_code();
  asio::awaitable<Enrolled> with_code();
  asio::awaitable<Enrolled> with_new_password();
  bool has_journal() const;
  Recovered result(std::shared_ptr<LocalVault> device) const;

  std::shared_ptr<const crypto::RecoveryCode> code_, next_;
  std::shared_ptr<const crypto::RecoveryKeys> keys_, next_keys_;
  bool by_password_ = false;  // an earlier try may have set it
};

Joining::Proof Recovering::proof() const {
  if (by_password_) return Joining::proof();
  return [keys = keys_, terms = terms_](const std::vector<Sealed>& versions) {
    return Keychain::accept_by_code(versions, *keys, terms);
  };
}

KeyringChange Recovering::change_for(const Identity& identity) const {
  auto change = Joining::change_for(identity);
  if (by_password_) return change;
  change.password.emplace(KeyringChange::Password{*root_, terms_.seed});
  change.code = next_keys_.get();
  change.sheet = &keys_->auth;
  return change;
}

asio::awaitable<Result<void>> Recovering::expects(std::vector<Reference>, std::map<DeviceId, Head> heads) {
  if (!request_.expect) co_return Result<void>{};
  auto look = [store = store_, keychain = keychain_, heads = std::move(heads), code = *request_.expect] {
    return find_sheet_code(*store, *keychain, heads, code);
  };
  co_return co_await run_on(threads_.worker, std::move(look));
}

// Checks that the journaled version, whose bytes are sent again, sets the password that was typed now.
asio::awaitable<Result<void>> Recovering::judge(Sealed journal) {
  if (by_password_) co_return Result<void>{};
  if (!ends_code(journal, keys_->auth.public_key())) co_return Result<void>{};  // from a join, which is finished first
  const auto terms = login_terms(journal);
  const auto header = wire::decode_keyring_header(journal.view());
  if (!terms || !header) co_return StoreErrc::store_damaged;
  const auto root = co_await derive_for(*terms);
  if (!root) co_return root.error();
  if (auth_key(**root, terms->vault).public_key() != header->header.auth) co_return DaemonErrc::recovery_half;
  terms_.seed = terms->seed;
  root_ = *root;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Recovering::prepare_change() {
  if (by_password_) co_return Result<void>{};
  if (!root_) {
    terms_.seed = crypto::new_seed(terms_.vault, machine_fingerprint(folder_), wall_time());
    const auto root = co_await derive_for(terms_);
    if (!root) co_return root.error();
    root_ = *root;
  }
  next_ = std::make_shared<const crypto::RecoveryCode>(
      crypto::RecoveryCode::fresh(keychain_->newest_vault_key(), terms_.vault));
  next_keys_ = std::make_shared<const crypto::RecoveryKeys>(recovery_keys(*next_, terms_.vault));
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Recovering::begin_with_code() {
  const auto login = co_await remote_->prelogin();
  if (!login) co_return login.error();
  terms_ = {request_.account, login->suite, login->vault, login->seed};
  keys_ = std::make_shared<const crypto::RecoveryKeys>(recovery_keys(*code_, terms_.vault));
  remote_->use_key(terms_.vault, wire::sheet_key_id,
                   [keys = keys_](BytesView message) { return keys->auth.sign_request(message); });
  co_return co_await pull_keychain();
}

asio::awaitable<Enrolled> Recovering::with_code() {
  if (const auto ok = co_await begin_with_code(); !ok) co_return ok.error();
  if (const auto ok = co_await open_store(); !ok) co_return ok.error();
  co_return co_await go_on();
}

bool Recovering::has_journal() const {
  std::error_code error;
  return store_ != nullptr || std::filesystem::exists(folder_ / "data.mdb", error);
}

// Goes on with the new password after the sheet was refused, if a recovery was begun here: an earlier try may have
// reached the server, and its answer was lost. Then the new password is the vault's.
asio::awaitable<Enrolled> Recovering::with_new_password() {
  by_password_ = true;
  const auto login = co_await remote_->prelogin();
  if (!login) co_return login.error();
  terms_ = {request_.account, login->suite, login->vault, login->seed};
  const auto root = co_await derive_for(terms_);
  if (!root) co_return root.error();
  root_ = *root;
  use_password_key();
  if (const auto ok = co_await pull_keychain(); !ok) co_return ok.error();
  if (!store_)
    if (const auto ok = co_await open_store(); !ok) co_return ok.error();
  co_return co_await go_on();
}

asio::awaitable<Result<Recovered>> Recovering::recover() {
  if (const auto ok = co_await prepare(); !ok) co_return ok.error();
  auto device = co_await with_code();
  if (!device && class_of(device.error()) == Errc::auth && has_journal()) device = co_await with_new_password();
  if (!device && class_of(device.error()) == Errc::auth) co_return DaemonErrc::code_refused;
  if (!device) co_return device.error();
  co_return result(*device);
}

Recovered Recovering::result(std::shared_ptr<LocalVault> device) const {
  const auto& code = keychain_->head().recovery_auth;
  if (code == keys_->auth.public_key()) return {std::move(device), nullptr, nullptr};
  const bool known = next_keys_ && code == next_keys_->auth.public_key();
  return {std::move(device), root_, known ? next_ : nullptr};
}

}  // namespace

asio::awaitable<Result<Recovered>> recover_vault(asio::any_io_executor executor, Threads& threads,
                                                 std::filesystem::path folder, RecoverRequest request) {
  Recovering recovering{std::move(executor), threads, std::move(folder), std::move(request)};
  co_return co_await recovering.recover();
}

}  // namespace vault::daemon

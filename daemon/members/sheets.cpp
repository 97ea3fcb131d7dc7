// SPDX-License-Identifier: Apache-2.0
#include "daemon/members/sheets.hpp"

#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/sync/state_code.hpp"
#include "daemon/vault/trust.hpp"

namespace vault::daemon {
namespace {

Result<UnsentChange> unsent(const Unlocked& vault, const KeyringChange& change) {
  auto keyring = next_keyring(*vault.keychain, change);
  if (!keyring) return keyring.error();
  return UnsentChange{std::move(*keyring), {}, {}};
}

asio::awaitable<Result<void>> find_expected(std::shared_ptr<LocalVault> device, std::string code) {
  const auto vault = device->unlocked;
  if (!vault) co_return Errc::locked;
  auto look = [store = device->store, keychain = vault->keychain, heads = heads_of(vault->ledger), code] {
    return find_sheet_code(*store, *keychain, heads, code);
  };
  co_return co_await run_on(device->threads.worker, std::move(look));
}

}  // namespace

NewCode new_code(const Unlocked& vault) {
  const auto& id = vault.keychain->head().vault;
  NewCode out{
      std::make_shared<const crypto::RecoveryCode>(crypto::RecoveryCode::fresh(vault.keychain->newest_vault_key(), id)),
      nullptr};
  out.keys = std::make_shared<const crypto::RecoveryKeys>(recovery_keys(*out.code, id));
  return out;
}

bool has_code(const Unlocked& vault) { return !vault.keychain->head().recovery_auth.is_zero(); }

asio::awaitable<Result<void>> nobody_has(std::shared_ptr<LocalVault> device, SignKey code) {
  co_return co_await device->remember([code](Standing& standing) { standing.unseen_sheet = code; });
}

asio::awaitable<Result<void>> somebody_has(std::shared_ptr<LocalVault> device) {
  co_return co_await device->remember([](Standing& standing) { standing.unseen_sheet = {}; });
}

asio::awaitable<Result<MadeSheet>> prepare_sheet(std::shared_ptr<LocalVault> device, Sync& sync) {
  const auto state = co_await mark_state(device, sync);
  if (!state) co_return state.error();
  const auto& vault = *device->unlocked;
  co_return MadeSheet{new_code(vault).code, *state, wall_time(), has_code(vault), false};
}

asio::awaitable<Result<void>> put_in_force(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root,
                                           std::shared_ptr<const crypto::RecoveryCode> code) {
  const auto keys =
      std::make_shared<const crypto::RecoveryKeys>(recovery_keys(*code, device->unlocked->keychain->head().vault));
  const auto noted = co_await nobody_has(device, keys->auth.public_key());
  if (!noted) co_return noted;
  MakeChange make = [device, root, keys](const Unlocked& vault) -> Result<UnsentChange> {
    if (const auto present = is_present(*vault.keychain, *root); !present) return present.error();
    auto change = change_of(*device, vault, *root);
    change.code = keys.get();
    return unsent(vault, change);
  };
  const auto done = co_await change_keyring(device, sync, std::move(make));
  if (!done && done.error() == DaemonErrc::change_unconfirmed) co_return DaemonErrc::code_unsure;
  co_return done;
}

asio::awaitable<Result<void>> create_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root,
                                           std::shared_ptr<MadeSheet> out) {
  auto made = co_await prepare_sheet(device, sync);
  if (!made) co_return made.error();
  const auto done = co_await put_in_force(device, sync, std::move(root), made->code);
  if (!done) co_return done;
  *out = std::move(*made);
  out->in_force = true;
  co_return done;
}

asio::awaitable<Result<void>> use_sheet(std::shared_ptr<LocalVault> device, Sync& sync, SheetUse use,
                                        std::shared_ptr<MadeSheet> out) {
  const auto synced = co_await sync.now(patience_of_a_person());
  if (!synced) co_return synced.error();
  if (use.expect)
    if (const auto found = co_await find_expected(device, *use.expect); !found) co_return found;
  const auto state = co_await mark_state(device, sync);
  if (!state) co_return state.error();
  const auto next = new_code(*device->unlocked);
  const auto fresh = co_await derive_new(device, std::move(use.fresh));
  if (!fresh) co_return fresh.error();
  const auto noted = co_await nobody_has(device, next.keys->auth.public_key());
  if (!noted) co_return noted;
  MakeChange make = [device, code = use.code, next, fresh = *fresh](const Unlocked& vault) -> Result<UnsentChange> {
    if (vault.keychain->head().recovery_auth != code->auth.public_key()) return DaemonErrc::code_refused;
    auto change = change_of(*device, vault, *fresh.root);
    change.password.emplace(KeyringChange::Password{*fresh.root, fresh.seed});
    change.code = next.keys.get();
    change.sheet = &code->auth;
    return unsent(vault, change);
  };
  const auto done = co_await change_keyring(device, sync, std::move(make));
  if (!done) co_return done;
  *out = {next.code, *state, wall_time(), true};
  co_return done;
}

asio::awaitable<Result<void>> fill_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                         std::shared_ptr<const crypto::RecoveryCode> code,
                                         std::shared_ptr<MadeSheet> out) {
  const auto keys = recovery_keys(*code, device->profile.vault);
  const auto noted = co_await nobody_has(device, keys.auth.public_key());
  if (!noted) co_return noted;
  const auto state = co_await mark_state(device, sync);
  if (!state) co_return state.error();
  *out = {std::move(code), *state, wall_time(), true};
  co_return Result<void>{};
}

}  // namespace vault::daemon

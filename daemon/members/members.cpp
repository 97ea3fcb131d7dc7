// SPDX-License-Identifier: Apache-2.0
#include "daemon/members/members.hpp"

#include "base/hex.hpp"
#include "crypto/rules.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/sync/state_code.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t least_digits = 4;  // of an id; fewer can only be a name

Result<UnsentChange> unsent(const Keychain& keychain, const KeyringChange& change) {
  auto keyring = next_keyring(keychain, change);
  if (!keyring) return keyring.error();
  return UnsentChange{std::move(*keyring), {}, {}};
}

// Returns the verified head of a chain; zeros for an empty one.
Head verified_head(const Unlocked& vault, const DeviceId& id) {
  const auto chain = vault.ledger.find(id);
  return chain != vault.ledger.end() ? chain->second.head : Head{};
}

Result<UnsentChange> revocation(const LocalVault& device, const Unlocked& vault, const crypto::RootKey& root,
                                const DeviceId& id, const NewPassword& fresh, const NewCode& code) {
  const auto* entry = vault.keychain->device(id);
  if (entry == nullptr) return DaemonErrc::device_unknown;
  if (!entry->active) return DaemonErrc::device_revoked_already;
  const auto cut = verified_head(vault, id);
  auto change = change_of(device, vault, root);
  change.cuts[id] = cut;
  change.heads.erase(id);
  change.password.emplace(KeyringChange::Password{*fresh.root, fresh.seed});
  if (has_code(vault)) change.code = code.keys.get();
  auto out = unsent(*vault.keychain, change);
  if (!out) return out;
  out->revoked = id;
  out->cut = cut;
  return out;
}

bool has_digits(const DeviceId& id, std::string_view digits) {
  return digits.size() >= least_digits && hex(id).starts_with(digits);
}

}  // namespace

asio::awaitable<Result<void>> change_password(std::shared_ptr<LocalVault> device, Sync& sync, Root root, Secret fresh) {
  const auto next = co_await derive_new(device, std::move(fresh));
  if (!next) co_return next.error();
  MakeChange make = [device, root, next = *next](const Unlocked& vault) -> Result<UnsentChange> {
    if (const auto present = is_present(*vault.keychain, *root); !present) return present.error();
    auto change = change_of(*device, vault, *root);
    change.password.emplace(KeyringChange::Password{*next.root, next.seed});
    return unsent(*vault.keychain, change);
  };
  co_return co_await change_keyring(device, sync, std::move(make));
}

Result<DeviceId> find_device(const Keychain& keychain, std::string_view which) {
  std::optional<DeviceId> found;
  for (const auto& device : keychain.body().devices) {
    if (hex(device.id) == which) return device.id;
    if (device.name != which && !has_digits(device.id, which)) continue;
    if (found) return DaemonErrc::device_ambiguous;
    found = device.id;
  }
  return found ? Result<DeviceId>{*found} : Result<DeviceId>{DaemonErrc::device_unknown};
}

namespace {

// Makes the change whatever the server has of the revoked chain: it is cut where this device has verified it.
MakeChange wherever_it_ends(MakeChange make) {
  return [make = std::move(make)](const Unlocked& vault) {
    auto change = make(vault);
    if (change) change->revoked = {};
    return change;
  };
}

// True if the error means that the server's history is inconsistent. The device to revoke may be the reason, so its
// revocation does not wait: it is made against what was verified before.
bool is_about_history(const boost::system::error_code& error) {
  const auto klass = class_of(error);
  return klass == Errc::tamper || klass == Errc::rollback || klass == Errc::fork || klass == Errc::limit;
}

}  // namespace

asio::awaitable<Result<void>> revoke(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     Secret fresh, std::shared_ptr<Revoked> out) {
  const auto id = find_device(*device->unlocked->keychain, which);
  if (!id) co_return id.error();
  if (*id == device->profile.device) co_return DaemonErrc::device_is_self;
  if (!device->unlocked->keychain->device(*id)->active) co_return DaemonErrc::device_revoked_already;
  const auto next = co_await derive_new(device, std::move(fresh));
  if (!next) co_return next.error();
  Result<std::string> state{""};  // for the new sheet, if there is one
  if (has_code(*device->unlocked)) state = co_await mark_state(device, sync);
  if (!state) co_return state.error();
  const auto code = new_code(*device->unlocked);
  const auto noted = co_await nobody_has(device, code.keys->auth.public_key());
  if (!noted) co_return noted;
  MakeChange make = [device, root, id = *id, next = *next, code](const Unlocked& vault) -> Result<UnsentChange> {
    if (const auto present = is_present(*vault.keychain, *root); !present) return present.error();
    return revocation(*device, vault, *root, id, next, code);
  };
  Result<void> done{DaemonErrc::distrusted};
  if (!device->standing.distrust) {
    auto changing = change_keyring(device, sync, make);
    done = co_await std::move(changing);
  }
  if (!done && (device->standing.distrust || is_about_history(done.error()))) {
    auto changing = change_distrusted(device, sync, wherever_it_ends(std::move(make)));
    done = co_await std::move(changing);
    if (!done && done.error() == DaemonErrc::device_revoked_already)
      done = Result<void>{};  // the first try has arrived
  }
  if (!done) co_return done;
  const auto counts = device->unlocked->index.counts();
  *out = {*device->unlocked->keychain->device(*id), counts.items, counts.versions, std::nullopt};
  if (!has_code(*device->unlocked)) co_return done;
  if (state->empty()) state = co_await mark_state(device, sync);  // somebody has made a sheet meanwhile
  if (!state) co_return DaemonErrc::recovery_sheet;
  out->sheet = MadeSheet{code.code, *state, wall_time(), true};
  co_return done;
}

asio::awaitable<Result<void>> rename(std::shared_ptr<LocalVault> device, Sync& sync, Root root, std::string which,
                                     std::string name, std::shared_ptr<DeviceId> out) {
  if (const auto good = crypto::check_device_name(name); !good) co_return good;
  const auto id = find_device(*device->unlocked->keychain, which);
  if (!id) co_return id.error();
  MakeChange make = [device, root, id = *id, name](const Unlocked& vault) -> Result<UnsentChange> {
    if (const auto present = is_present(*vault.keychain, *root); !present) return present.error();
    auto change = change_of(*device, vault, *root);
    change.names[id] = name;
    return unsent(*vault.keychain, change);
  };
  *out = *id;
  co_return co_await change_keyring(device, sync, std::move(make));
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/members/members.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/api/device.hpp"
#include "ipc/api/vault.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;
using boost::system::error_code;

RevokeResult result_of(const Revoked& revoked) {
  RevokeResult out;
  out.device = {hex(revoked.device.id), revoked.device.name};
  out.joined = time_text(revoked.device.joined);
  out.items = revoked.items;
  out.versions = revoked.versions;
  out.last_commit = revoked.device.revoked_seq;
  return out;
}

asio::awaitable<Result<Nothing>> change(App& app, ChangePasswordParams p, App::Peer peer) {
  if (const auto differ = must_differ(p.old, p.new_); !differ) co_return differ.error();
  const auto fresh = std::make_shared<Secret>(std::move(p.new_));
  App::WithPassword work = [fresh](App::Proven vault) {
    return change_password(std::move(vault.device), *vault.sync, std::move(vault.root), std::move(*fresh));
  };
  const auto done = co_await app.with_password(std::move(p.old), std::move(work), peer);
  app.change_ended(methods::vault_change_password.name, done ? error_code{} : done.error());
  if (!done) co_return done.error();
  co_return Nothing{};
}

asio::awaitable<Result<RevokeResult>> revoke_device(App& app, RevokeParams p, App::Peer peer) {
  if (const auto differ = must_differ(p.password, p.new_password); !differ) co_return differ.error();
  const auto fresh = std::make_shared<Secret>(std::move(p.new_password));
  const auto revoked = std::make_shared<Revoked>();
  App::WithPassword work = [fresh, revoked, which = p.device](App::Proven vault) {
    return revoke(std::move(vault.device), *vault.sync, std::move(vault.root), which, std::move(*fresh), revoked);
  };
  const auto done = co_await app.with_password(std::move(p.password), std::move(work), peer);
  app.change_ended(methods::device_revoke.name, done ? error_code{} : done.error());
  if (!done) co_return done.error();
  auto result = result_of(*revoked);
  const auto device = app.device();
  if (!device || !revoked->sheet) co_return result;
  result.sheet = sheet_result(*revoked->sheet, (*device)->profile);
  app.sheet_given(std::move(*revoked->sheet));
  co_return result;
}

asio::awaitable<Result<DeviceName>> rename_device(App& app, RenameParams p, App::Peer peer) {
  const auto renamed = std::make_shared<DeviceId>();
  App::WithPassword work = [renamed, which = p.device, name = p.name](App::Proven vault) {
    return rename(std::move(vault.device), *vault.sync, std::move(vault.root), which, name, renamed);
  };
  const auto done = co_await app.with_password(std::move(p.password), std::move(work), peer);
  app.change_ended(methods::device_rename.name, done ? error_code{} : done.error());
  if (!done) co_return done.error();
  co_return DeviceName{hex(*renamed), p.name};
}

}  // namespace

void register_keyring_methods(Registry& registry, App& app) {
  registry.on(methods::vault_change_password,
              [&app](ChangePasswordParams p, Call& call) { return change(app, std::move(p), call.peer); });
  registry.on(methods::device_revoke,
              [&app](RevokeParams p, Call& call) { return revoke_device(app, std::move(p), call.peer); });
  registry.on(methods::device_rename,
              [&app](RenameParams p, Call& call) { return rename_device(app, std::move(p), call.peer); });
}

}  // namespace vault::daemon

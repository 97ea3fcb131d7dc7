// SPDX-License-Identifier: Apache-2.0
#include "ipc/api/recovery.hpp"
#include "base/hex.hpp"
#include "crypto/sheet.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/os/wall_time.hpp"

namespace vault::daemon {

using namespace ipc;

RecoverySheet sheet_result(const MadeSheet& made, const Profile& profile) {
  RecoverySheet out;
  out.code = made.code->text();
  out.account = profile.account;
  out.server = profile.origin;
  out.created = time_text(made.created);
  out.state_code = made.state_code;
  out.line = crypto::sheet_line(*made.code, {profile.account, profile.origin, made.state_code});
  out.replaced = made.replaced;
  return out;
}

namespace {

std::optional<std::string> unless_empty(std::string text) {
  return text.empty() ? std::nullopt : std::optional{std::move(text)};
}

Result<RecoveryReadResult> read(const RecoveryReadParams& p) {
  const auto sheet = crypto::read_sheet(p.text);
  if (!sheet) return sheet.error();
  const auto& [account, server, state_code] = sheet->place;
  return RecoveryReadResult{sheet->code.text(), unless_empty(account), unless_empty(server), unless_empty(state_code)};
}

Result<RecoverRequest> request_of(RecoveryUseParams p) {
  auto sheet = crypto::read_sheet(p.code);
  if (!sheet) return sheet.error();
  RecoverRequest out;
  out.code = std::make_shared<const crypto::RecoveryCode>(std::move(sheet->code));
  out.enrol.server = p.server.value_or(sheet->place.server);
  out.enrol.account = p.account.value_or(sheet->place.account);
  out.enrol.password = std::move(p.new_password);
  out.enrol.device_name = p.device_name.value_or(default_device_name());
  out.enrol.ca_file = p.ca_file.value_or("");
  out.enrol.expect = p.expect ? p.expect : unless_empty(sheet->place.state_code);
  return out;
}

asio::awaitable<Result<RecoverySheet>> create(App& app, RecoveryCreateParams p, App::Peer peer) {
  const auto made = std::make_shared<MadeSheet>();
  App::WithPassword work = [made](App::Proven vault) {
    return create_sheet(std::move(vault.device), *vault.sync, std::move(vault.root), made);
  };
  const auto done = co_await app.with_password(std::move(p.password), std::move(work), peer);
  if (!done) co_return done.error();
  const auto device = app.device();
  if (!device) co_return device.error();
  co_return sheet_result(*made, (*device)->profile);
}

asio::awaitable<Result<RecoveryUseResult>> use(App& app, RecoveryUseParams p, Call& call) {
  const auto before = app.device();
  const auto ca_file = before ? (*before)->profile.ca_file : p.ca_file.value_or("");
  auto request = request_of(std::move(p));
  if (!request) co_return request.error();
  const auto made = std::make_shared<MadeSheet>();
  const auto done = co_await app.recover(std::move(*request), made, call.peer);
  if (!done) tell_ca_file(call, done.error(), ca_file);
  if (!done) co_return done.error();
  const auto device = app.device();
  if (!device) co_return device.error();
  const auto& profile = (*device)->profile;
  const auto vault = (*device)->unlocked;
  const auto* entry = vault ? vault->keychain->device(profile.device) : nullptr;
  RecoveryUseResult out;
  out.device = {hex(profile.device), entry != nullptr ? entry->name : ""};
  out.sheet = sheet_result(*made, profile);
  co_return out;
}

}  // namespace

void register_recovery_methods(Registry& registry, App& app) {
  registry.on(methods::recovery_create,
              [&app](RecoveryCreateParams p, Call& call) { return create(app, std::move(p), call.peer); });
  registry.on(methods::recovery_read,
              [](RecoveryReadParams p) -> asio::awaitable<Result<RecoveryReadResult>> { co_return read(p); });
  registry.on(methods::recovery_use, [&app](RecoveryUseParams p, Call& call) { return use(app, std::move(p), call); });
}

}  // namespace vault::daemon

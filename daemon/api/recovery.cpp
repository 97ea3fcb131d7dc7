// SPDX-License-Identifier: Apache-2.0
#include <boost/algorithm/string/predicate.hpp>

#include "base/hex.hpp"
#include "crypto/sheet.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/api/recovery.hpp"

namespace vault::daemon {

using namespace ipc;
using boost::system::error_code;

RecoverySheet sheet_result(const MadeSheet& made, const Profile& profile) {
  RecoverySheet out;
  out.code = made.code->text();
  out.account = profile.account;
  out.server = profile.origin;
  out.created = time_text(made.created);
  out.state_code = made.state_code;
  out.line = crypto::sheet_line(*made.code, {profile.account, profile.origin, made.state_code});
  out.replaced = made.replaced;
  out.in_force = made.in_force;
  return out;
}

namespace {

constexpr std::size_t group_characters = 4;

asio::awaitable<Result<void>> prepare(App::Proven vault, std::shared_ptr<MadeSheet> out) {
  auto made = co_await prepare_sheet(vault.device, *vault.sync);
  if (!made) co_return made.error();
  *out = std::move(*made);
  co_return Result<void>{};
}

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
  App::WithPassword work = [made](App::Proven vault) { return prepare(std::move(vault), made); };
  const auto done = co_await app.with_password(std::move(p.password), std::move(work), peer);
  if (!done) co_return done.error();
  const auto device = app.device();
  if (!device) co_return device.error();
  auto result = sheet_result(*made, (*device)->profile);
  app.sheet_given(std::move(*made));
  co_return result;
}

// True if `text` is the last group of the code, in any case.
bool is_last_group(const Secret& text, const crypto::RecoveryCode& code) {
  const auto whole = code.text();
  return boost::algorithm::iequals(text.text(), whole.text().substr(whole.size() - group_characters));
}

// Puts the sheet that was just shown in force. Errors: usage without the password; those of with_password() and of
// put_in_force().
asio::awaitable<Result<void>> put_shown_in_force(App& app, std::shared_ptr<const MadeSheet> sheet,
                                                 std::optional<Secret> password, App::Peer peer) {
  if (!password) co_return Errc::usage;
  App::WithPassword work = [sheet](App::Proven vault) {
    return put_in_force(std::move(vault.device), *vault.sync, std::move(vault.root), sheet->code);
  };
  const auto done = co_await app.with_password(std::move(*password), std::move(work), peer);
  app.change_ended(methods::recovery_create.name, done ? error_code{} : done.error());
  co_return done;
}

asio::awaitable<Result<RecoveryConfirmResult>> confirm_shown(App& app, RecoveryConfirmParams p, App::Peer peer) {
  const auto sheet = app.given_sheet();
  if (!sheet || !is_last_group(p.code, *sheet->code)) co_return DaemonErrc::sheet_unlike;
  if (!sheet->in_force) {
    const auto done = co_await put_shown_in_force(app, sheet, std::move(p.password), peer);
    if (!done) co_return done.error();
  }
  const auto device = app.device();
  if (!device) co_return device.error();
  if (const auto noted = co_await somebody_has(*device); !noted) co_return noted.error();
  app.sheet_confirmed();
  co_return RecoveryConfirmResult{sheet->replaced};
}

// Confirms a sheet by its whole code, at any time.
asio::awaitable<Result<RecoveryConfirmResult>> confirm_whole(App& app, Secret text) {
  const auto sheet = crypto::read_sheet(text);
  if (!sheet) co_return sheet.error();
  const auto device = app.device();
  if (!device) co_return device.error();
  const auto keys = recovery_keys(sheet->code, (*device)->profile.vault);
  if (keys.auth.public_key() != (*device)->sheet) co_return DaemonErrc::sheet_ended;
  if (const auto noted = co_await somebody_has(*device); !noted) co_return noted.error();
  co_return RecoveryConfirmResult{};
}

asio::awaitable<Result<RecoveryConfirmResult>> confirm(App& app, RecoveryConfirmParams p, App::Peer peer) {
  if (p.code.size() == group_characters) return confirm_shown(app, std::move(p), peer);
  return confirm_whole(app, std::move(p.code));
}

asio::awaitable<Result<RecoveryUseResult>> use(App& app, RecoveryUseParams p, Call& call) {
  const auto before = app.device();
  const auto ca_file = before ? (*before)->profile.ca_file : p.ca_file.value_or("");
  auto request = request_of(std::move(p));
  if (!request) co_return request.error();
  const auto made = std::make_shared<MadeSheet>();
  const auto done = co_await app.recover(std::move(*request), made, call.peer);
  app.change_ended(methods::recovery_use.name, done ? error_code{} : done.error());
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
  app.sheet_given(std::move(*made));
  co_return out;
}

}  // namespace

void register_recovery_methods(Registry& registry, App& app) {
  registry.on(methods::recovery_create,
              [&app](RecoveryCreateParams p, Call& call) { return create(app, std::move(p), call.peer); });
  registry.on(methods::recovery_confirm,
              [&app](RecoveryConfirmParams p, Call& call) { return confirm(app, std::move(p), call.peer); });
  registry.on(methods::recovery_read,
              [](RecoveryReadParams p) -> asio::awaitable<Result<RecoveryReadResult>> { co_return read(p); });
  registry.on(methods::recovery_use, [&app](RecoveryUseParams p, Call& call) { return use(app, std::move(p), call); });
}

}  // namespace vault::daemon

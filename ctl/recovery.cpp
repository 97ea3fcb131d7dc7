// SPDX-License-Identifier: Apache-2.0
// Implements the commands for the recovery sheet: create and use.
#include <unistd.h>

#include <filesystem>

#include "base/input_errc.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ctl/sheet.hpp"
#include "ipc/api/recovery.hpp"
#include "ipc/api/status.hpp"

namespace vault::ctl {
namespace {

constexpr int typing_tries = 3;

struct Typed {
  ipc::RecoveryReadResult sheet;
  std::optional<Secret> password;  // set if it came from a file
};

ipc::Reply<Typed> read_code(Session& session, const Secret& text) {
  auto read = session.call(ipc::methods::recovery_read, {Secret::copy_of(text.view())}, "reading");
  if (!read.result) return refused<Typed>(read.failure);
  ipc::Reply<Typed> out;
  out.result = Typed{std::move(*read.result), std::nullopt};
  return out;
}

ipc::Reply<Typed> code_of_file(Session& session) {
  auto lines = read_two_passwords(session.password_source());
  if (!lines.result) return refused<Typed>(lines.failure);
  auto out = read_code(session, lines.result->present);
  if (out.result) out.result->password = std::move(lines.result->fresh);
  return out;
}

// Asks a person for the code, and again after a typing error.
ipc::Reply<Typed> code_of_person(Session& session) {
  for (int left = typing_tries;; --left) {
    const auto typed = read_visibly(session.password_source(), "Recovery code, or the line of its QR code: ");
    if (!typed.result) return refused<Typed>(typed.failure);
    auto out = read_code(session, *typed.result);
    const bool slip = out.failure.klass == Errc::auth || out.failure.klass == Errc::usage;
    if (out.result || !slip || left == 1) return out;
    note(session, printable(out.failure.message) + "\n");
  }
}

bool is_scripted(const PasswordSource& source) { return source.descriptor || !source.file.empty(); }

constexpr std::string_view no_state_code =
    "Going on without the state code: a server that is in league with somebody who was a member of the vault can show "
    "a false one, and nothing here would notice.\n";

// Returns the state code that the sheet gives for its vault.
ipc::Reply<Secret> state_code_of(Session& session, const Typed& typed, const RecoveryOptions& options) {
  ipc::Reply<Secret> out;
  if (!options.expect.empty()) out.result = Secret::copy_of(options.expect);
  else if (typed.sheet.state_code) out.result = Secret::copy_of(*typed.sheet.state_code);
  else if (is_scripted(session.password_source())) out.result = Secret{};
  else out = read_visibly(session.password_source(), "State code of the sheet (empty: go on without): ");
  if (out.result && out.result->empty()) note(session, std::string{no_state_code});
  return out;
}

// Fails early if the server's name is missing, so that nobody types a password first.
std::optional<ipc::Failure> lacks_place(Session& session, const Typed& typed, const RecoveryOptions& options) {
  const bool named = typed.sheet.server || (!options.server.empty() && !options.account.empty());
  if (named) return std::nullopt;
  const auto status = session.call(ipc::methods::vault_status, {});
  if (!status.result) return status.failure;
  if (status.result->vault.state != ipc::VaultState::absent) return std::nullopt;
  return ipc::failure_of(InputErrc::recovery_place);
}

int say_recovered(Session& session, const ipc::RecoveryUseResult& result, const RecoveryOptions& options) {
  if (session.json())
    if (const int code = session.say_json(result); code != 0) return code;
  note(session, "This device is " + printable(result.device.name) + " (" + result.device.id +
                    "). The vault is unlocked and has the new password.\nThe sheet that you used has ended: destroy "
                    "it. This is the new one.\n");
  return keep_sheet(session, result.sheet, {options.text, options.yes, session.json()}, nullptr);
}

ipc::RecoveryUseParams params_of(Typed typed, const Secret& expect, Secret password, const RecoveryOptions& options) {
  ipc::RecoveryUseParams params;
  params.code = std::move(typed.sheet.code);
  params.new_password = std::move(password);
  params.server = options.server.empty() ? typed.sheet.server : unless_empty(options.server);
  params.account = options.account.empty() ? typed.sheet.account : unless_empty(options.account);
  params.device_name = unless_empty(options.device_name);
  if (!options.ca.empty()) params.ca_file = std::filesystem::absolute(options.ca).string();
  params.expect = unless_empty(std::string{expect.text()});
  return params;
}

}  // namespace

int recovery_create(Session& session, const RecoveryOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  const auto reply =
      session.call(ipc::methods::recovery_create, {Secret::copy_of(password.result->view())}, "making a recovery code");
  if (!reply.result) return session.fail(reply.failure);
  if (session.json())
    if (const int code = session.say_json(*reply.result); code != 0) return code;
  return keep_sheet(session, *reply.result, {options.text, options.yes, session.json()}, &*password.result);
}

int recovery_use(Session& session, const RecoveryOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto typed = is_scripted(session.password_source()) ? code_of_file(session) : code_of_person(session);
  if (!typed.result) return session.fail(typed.failure);
  if (auto failure = lacks_place(session, *typed.result, options)) return session.fail(*failure);
  const auto expect = state_code_of(session, *typed.result, options);
  if (!expect.result) return session.fail(expect.failure);
  auto password = std::move(typed.result->password);
  if (!password) {
    auto asked = read_new_password(session.password_source());
    if (!asked.result) return session.fail(asked.failure);
    password = std::move(*asked.result);
  }
  const auto params = params_of(std::move(*typed.result), *expect.result, std::move(*password), options);
  const auto reply = session.change(ipc::methods::recovery_use, params, "recovering",
                                    "the vault has the new password, and the sheet that you used has ended");
  if (!reply.result) return session.fail(reply.failure);
  return say_recovered(session, *reply.result, options);
}

int recovery_confirm(Session& session) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto code = is_scripted(session.password_source())
                  ? read_password(session.password_source(), Ask::once)
                  : read_visibly(session.password_source(), "Recovery code, or the line of its QR code: ");
  if (!code.result) return session.fail(code.failure);
  const auto reply = session.call(ipc::methods::recovery_confirm, {std::move(*code.result), std::nullopt});
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return session.say("This sheet is the one in force.\n");
}

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
// Implements the commands for the vault as a whole: create, join, unlock, lock, passwd, sync, metrics.
#include <chrono>
#include <filesystem>
#include <memory>

#include "ctl/commands.hpp"
#include "ctl/progress.hpp"
#include "ipc/api/status.hpp"
#include "ipc/api/sync.hpp"
#include "ipc/api/vault.hpp"

namespace vault::ctl {
namespace {

// Makes `path` absolute, since the daemon has another working folder.
std::optional<std::string> absolute(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return std::filesystem::absolute(path).string();
}

template <class Params>
void fill(Params& params, const EnrolOptions& options, Secret password) {
  params.server = options.server;
  params.account = options.account;
  params.password = std::move(password);
  params.device_name = unless_empty(options.device_name);
  params.invite = unless_empty(options.invite);
  params.ca_file = absolute(options.ca);
}

int say_enrolled(const Session& session, const ipc::Reply<ipc::EnrolResult>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  const auto& device = reply.result->device;
  return session.say("This device is " + printable(device.name) + " (" + device.id + "). The vault is unlocked.\n");
}

int say_done(const Session& session, const ipc::Reply<ipc::Nothing>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

// Says how far the upload of large values is. Asks over a connection of its own, at most once a second.
class SendLine {
 public:
  explicit SendLine(const Session& session) : look_(session.globals()) {}

  std::string operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return line_;
    next_ = now + std::chrono::seconds{1};
    const auto status = look_.call(ipc::methods::vault_status, {}, "", std::chrono::milliseconds{500});
    const auto left = status.result ? status.result->sync.pending_bytes.value_or(0) : 0;
    if (left > total_) total_ = left, begin_ = now;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - begin_);
    line_ = left > 0 ? progress_line("sending", total_ - left, total_, time, terminal_columns()) : "";
    return line_;
  }

 private:
  Session look_;
  std::string line_;
  std::uint64_t total_ = 0;
  std::chrono::steady_clock::time_point begin_{}, next_{};
};

}  // namespace

int create(Session& session, const EnrolOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::twice);
  if (!password.result) return session.fail(password.failure);
  ipc::CreateParams params;
  fill(params, options, std::move(*password.result));
  return say_enrolled(session, session.change(ipc::methods::vault_create, params, "creating", "the vault was created"));
}

int join(Session& session, const EnrolOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  ipc::JoinParams params;
  fill(params, options, std::move(*password.result));
  params.expect = unless_empty(options.expect);
  return say_enrolled(session,
                      session.change(ipc::methods::vault_join, params, "joining", "this device has joined the vault"));
}

int unlock(Session& session) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  const auto reply = session.call(ipc::methods::vault_unlock, {std::move(*password.result)}, "unlocking");
  const auto now = reply.result ? session.call(ipc::methods::vault_status, {}) : ipc::Reply<ipc::Status>{};
  if (now.result && now.result->device.refused.value_or(false)) note(session, refused_device + "\n");
  return say_done(session, reply);
}

int lock(Session& session) { return say_done(session, session.call(ipc::methods::vault_lock, {}, "locking")); }

int sync(Session& session, std::optional<unsigned> timeout_seconds) {
  ipc::SyncParams params;
  params.timeout_seconds = timeout_seconds;
  const auto line = std::make_shared<SendLine>(session);
  const auto reply = session.call(ipc::methods::sync_now, params, "syncing", {}, [line] { return (*line)(); });
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return session.say(std::to_string(reply.result->pulled) + " pulled, " + std::to_string(reply.result->pushed) +
                     " pushed\n");
}

int passwd(Session& session) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto passwords = read_two_passwords(session.password_source());
  if (!passwords.result) return session.fail(passwords.failure);
  ipc::ChangePasswordParams params{std::move(passwords.result->present), std::move(passwords.result->fresh)};
  const auto reply =
      session.change(ipc::methods::vault_change_password, params, "changing the password", "the password was changed");
  if (!reply.result || session.json()) return say_done(session, reply);
  return session.say(
      "The vault has the new password. Your other devices follow by themselves; until one has, the old password still "
      "opens it there.\n");
}

int metrics(Session& session) {
  const auto reply = session.call(ipc::methods::daemon_metrics, {});
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return session.say(reply.result->openmetrics);
}

}  // namespace vault::ctl

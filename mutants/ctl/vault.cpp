// The commands about the vault as a whole: create, join, unlock, lock, sync, device ls, metrics.
#include <filesystem>

#include "ctl/commands.hpp"

namespace vault::ctl {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

// The daemon has another working folder.
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

std::string text_or_dash(const ipc::Nullable<std::string>& text) { return text ? printable(*text) : "-"; }

}  // namespace

int create(Session& session, const EnrolOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::twice);
  if (!password.result) return session.fail(password.failure);
  ipc::CreateParams params;
  fill(params, options, std::move(*password.result));
  return say_enrolled(session, session.call(ipc::methods::vault_create, params, "creating"));
}

int join(Session& session, const EnrolOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  ipc::JoinParams params;
  fill(params, options, std::move(*password.result));
  params.expect = unless_empty(options.expect);
  return say_enrolled(session, session.call(ipc::methods::vault_join, params, "joining"));
}

int unlock(Session& session) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  return say_done(session, session.call(ipc::methods::vault_unlock, {std::move(*password.result)}, "unlocking"));
}

int lock(Session& session) { return say_done(session, session.call(ipc::methods::vault_lock, {}, "locking")); }

int sync(Session& session, std::optional<unsigned> timeout_seconds) {
  ipc::SyncParams params;
  params.timeout_seconds = timeout_seconds;
  const auto reply = session.call(ipc::methods::sync_now, params, "syncing");
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return session.say(std::to_string(reply.result->pulled) + " pulled, " + std::to_string(reply.result->pushed) +
                     " pushed\n");
}

int metrics(Session& session) {
  const auto reply = session.call(ipc::methods::daemon_metrics, {});
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return session.say(reply.result->openmetrics);
}

int device_list(Session& session) {
  const auto reply = session.call(ipc::methods::device_list, {});
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  std::vector<std::vector<std::string>> rows{{"ID", "STATUS", "JOINED", "LAST SEEN", "LAST CONFIRMED", "SEQ", "NAME"}};
  for (const auto& device : reply.result->devices)
    rows.push_back({device.id, device.status == ipc::DeviceStatus::active ? "active" : "revoked",
                    text_or_dash(device.joined), text_or_dash(device.last_seen), text_or_dash(device.last_confirmed),
                    device.seq ? std::to_string(*device.seq) : "-",
                    text_or_dash(device.name) + (device.this_device ? " (this device)" : "")});
  return session.say(aligned(rows));
}

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
// Implements the commands that check and restore trust in the server: verify, repair.
#include "ipc/api/trust.hpp"
#include "ctl/commands.hpp"

namespace vault::ctl {

void note(const Session& session, const std::string& text) {
  if (!session.json()) (void)write_all(2, text);
}

namespace {

int say_code(const Session& session, const ipc::VerifyResult& made) {
  if (!made.sent.value_or(false))
    note(session, "The server cannot be reached. This is the newest code that it has acknowledged, at " +
                      made.acknowledged.value_or("") + ": what was written since is not in it.\n");
  return session.say(made.code + "\n");
}

int say_yes(const Session& session, const ipc::VerifyResult& found) {
  return session.say("Yes: this device has all that " + printable(found.device.name) + " (" + found.device.id +
                     ") had when it made this code.\n");
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string{n == 1 ? one : many};
}

std::string amount(const ipc::RepairResult& loss) {
  return counted(loss.keyrings, "keyring version", "keyring versions") + " and " +
         counted(loss.commits, "commit", "commits") + " of " + counted(loss.chains, "device", "devices");
}

bool is_nothing(const ipc::RepairResult& loss) { return loss.keyrings == 0 && loss.commits == 0; }

// Describes what a repair would send, before anything is sent.
std::string plan(const ipc::RepairResult& loss) {
  const std::string all = "They are sent as they are here, byte for byte.\n";
  if (loss.account)
    return "The server does not have this account. It is made again, with all that this device has: " + amount(loss) +
           ". " + all;
  if (loss.device)
    return "The server does not know this device, so it may lack anything up to " + amount(loss) + ". " + all;
  if (loss.siblings > 0)
    return "The server has another keyring version in the place of one that this device has: both were made with the "
           "password. One more is signed that names both and has the devices of both, and then it gets what it "
           "lacks.\n";
  if (is_nothing(loss)) return "The server lacks nothing that this device has.\n";
  return "The server lacks " + amount(loss) + ". " + all;
}

std::string outcome(const ipc::RepairResult& sent) {
  const std::string trust = std::string{sent.siblings > 0 ? "The two histories are one. " : ""} +
                            "The server is trusted; other devices find out by themselves.\n";
  if (is_nothing(sent)) return "Nothing had to be sent. " + trust;
  return std::string{sent.account ? "The account was made again. " : ""} + "The server got " + amount(sent) + ". " +
         trust;
}

}  // namespace

int repair(Session& session, const std::string& invite, bool dry_run) {
  ipc::RepairParams params;
  params.dry_run = true;
  const auto before = session.call(ipc::methods::trust_repair, params, "asking what the server has");
  if (!before.result) return session.fail(before.failure);
  if (dry_run && session.json()) return session.say_json(*before.result);
  if (dry_run) return session.say(plan(*before.result));
  note(session, plan(*before.result));
  params.dry_run.reset();
  if (!invite.empty()) params.invite = invite;
  if (before.result->password) {
    auto password = read_password(session.password_source(), Ask::once);
    if (!password.result) return session.fail(password.failure);
    params.password = std::move(*password.result);
  }
  auto reply = session.call(ipc::methods::trust_repair, params, "repairing");
  if (!reply.result && !params.password && reply.failure.klass == Errc::locked) {
    auto password = read_password(session.password_source(), Ask::once);
    if (!password.result) return session.fail(password.failure);
    params.password = std::move(*password.result);
    reply = session.call(ipc::methods::trust_repair, params, "repairing");
  }
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : session.say(outcome(*reply.result));
}

int verify(Session& session, const std::vector<std::string>& code) {
  ipc::VerifyParams params;
  for (const auto& group : code) params.code = params.code.value_or("") + group;
  const auto reply = session.call(ipc::methods::trust_verify, params, code.empty() ? "making a code" : "comparing");
  if (!reply.result) return session.fail(reply.failure);
  if (session.json()) return session.say_json(*reply.result);
  return code.empty() ? say_code(session, *reply.result) : say_yes(session, *reply.result);
}

}  // namespace vault::ctl

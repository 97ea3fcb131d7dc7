// SPDX-License-Identifier: Apache-2.0
// Implements the commands for the vault's devices: ls, revoke, rename.
#include "ipc/api/device.hpp"
#include "ctl/commands.hpp"
#include "ctl/sheet.hpp"

namespace vault::ctl {
namespace {

std::string text_or_dash(const ipc::Nullable<std::string>& text) { return text ? printable(*text) : "-"; }

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string{n == 1 ? one : many};
}

// Returns the day of `time`, which is enough for a person.
std::string day(const std::string& time) { return printable(time.substr(0, 10)); }

std::string what_it_knew(const ipc::RevokeResult& result) {
  return printable(result.device.name) + " (" + result.device.id + ") is no device of this vault any more, and the " +
         "vault has the new password.\n\nSince " + day(result.joined) + " it could read everything, and may have " +
         "kept it: " + counted(result.items, "item", "items") + " in " +
         counted(result.versions, "version", "versions") +
         ", removed ones and earlier values among them. What was a password there should be changed where it is " +
         "used.\nIt cannot read what your other devices write from the moment each has learned of this: this one "
         "has, " +
         "the others do at their next sync.\n";
}

}  // namespace

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

int device_revoke(Session& session, const std::string& device, bool yes) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto passwords = read_two_passwords(session.password_source());
  if (!passwords.result) return session.fail(passwords.failure);
  ipc::RevokeParams params{device, std::move(passwords.result->present), std::move(passwords.result->fresh)};
  const auto reply = session.change(ipc::methods::device_revoke, params, "revoking",
                                    "the device is revoked, and the vault has the new password");
  if (!reply.result) return session.fail(reply.failure);
  const int said = session.json() ? session.say_json(*reply.result) : session.say(what_it_knew(*reply.result));
  if (said != 0 || !reply.result->sheet) return said;
  note(session, "\nThe recovery sheet has ended with it: destroy it. This is the new one.\n\n");
  return keep_sheet(session, *reply.result->sheet, {false, yes, session.json()}, nullptr);
}

int device_rename(Session& session, const std::string& device, const std::string& name) {
  if (auto failure = session.connect()) return session.fail(*failure);
  auto password = read_password(session.password_source(), Ask::once);
  if (!password.result) return session.fail(password.failure);
  ipc::RenameParams params{device, name, std::move(*password.result)};
  const auto reply = session.change(ipc::methods::device_rename, params, "renaming", "the device has the new name");
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

}  // namespace vault::ctl

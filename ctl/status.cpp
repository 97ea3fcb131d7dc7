// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl status: a short text for a person, the whole object for a program.
#include <chrono>
#include <optional>
#include <thread>

#include "ctl/commands.hpp"
#include "ctl/progress.hpp"
#include "ipc/api/status.hpp"

namespace vault::ctl {
namespace {

constexpr std::chrono::seconds watch_interval{1};

using Problems = std::vector<std::string>;

std::string count(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string{n == 1 ? one : many};
}

std::string or_unknown(const ipc::Nullable<std::string>& text) { return text ? printable(*text) : "unknown"; }

std::string reason_sentence(const ipc::StatusTrust& trust) {
  const auto* klass = trust.reason ? error_class_named(*trust.reason) : nullptr;
  return klass          ? std::string{klass->sentence}
         : trust.reason ? printable(*trust.reason)
                        : "its history does not hold together";
}

// Says why this device became another one, or will, in terms of what happened to the person.
std::string roll_cause(const ipc::StatusIdentity& identity) {
  static const std::map<std::string_view, std::string_view> causes{
      {"anchor", "the file beside the database that says how far this device had come is gone"},
      {"behind", "its database is older than it was: a backup was put back, or a disk lost what it had kept"},
      {"fingerprint", "its folder was copied, or moved to another disk or machine"},
      {"server",
       "the server has writes of this device that are not here: a backup was put back, or a copy of it writes too"},
      {"revoked", "a copy of this device has taken a new identity before it"},
      {"refused", "the server refuses this device, perhaps because a copy of it has taken a new identity"},
      {"superseded", "the vault's keyring changed before the server had this device's new identity"},
      {"counter", "it has used up the numbers under which it may seal"},
      {"disk", "its database was damaged"}};
  const auto at = identity.reason ? causes.find(*identity.reason) : causes.end();
  return std::string{at != causes.end() ? at->second : "its state is not the newest"};
}

Problems change_problems(const ipc::StatusVault& vault) {
  if (vault.change == ipc::ChangeState::unsent)
    return {
        "A change of the password or the devices is not confirmed by the server: it is sent again by itself. Until "
        "then "
        "the vault opens here with the password before and with the new one."};
  if (vault.change == ipc::ChangeState::superseded)
    return {
        "A change of the password or the devices was not made: the server had moved on before it came. Do it again."};
  return {};
}

Problems refusal_problems(const ipc::StatusDevice& device) {
  if (!device.refused.value_or(false)) return {};
  return {refused_device};
}

Problems identity_problems(const ipc::StatusIdentity& identity) {
  Problems out;
  if (identity.state == ipc::IdentityState::roll_waits)
    out.push_back(
        "This device needs a new identity: " + roll_cause(identity) +
        (identity.reason == std::string{"disk"} ? ". Run" : ". Nothing is lost, and reads and writes go on; run") +
        " vaultctl unlock, and it is made.");
  if (identity.state == ipc::IdentityState::roll_unsent)
    out.push_back("This device has a new identity, which the server has not got yet: " + roll_cause(identity) +
                  ". It is sent by itself.");
  if (identity.proofs.value_or(0) > 0)
    out.push_back(
        "There is proof that two copies of one device wrote at once: vaultctl export --sealed has it, in proofs/.");
  return out;
}

Problems disk_problems(const ipc::StatusDisk& disk) {
  if (!disk.salvaged) return {};
  const auto lost = disk.lost.value_or(0);
  const auto what = lost == 0 ? "Nothing is lost that was written here: what the server has comes back from there."
                              : "Lost are " + count(lost, "commit", "commits") +
                                    " of this device that the server had not got, number " +
                                    printable(disk.lost_seqs.value_or("?")) +
                                    ": what was written last may be among it. The rest is here, or comes back from the "
                                    "server.";
  return {"The database was damaged, on " + printable(disk.salvaged->substr(0, 10)) +
          ": what was good of it was saved. " + what + " The damaged file is kept, " +
          printable(or_unknown(disk.folder) + "/" + or_unknown(disk.file)) +
          "; remove it when you miss nothing, and look whether the disk is failing."};
}

// Says why there is no vault any more, and what to do.
std::string no_vault_text(const ipc::Status& status) {
  const auto folder = or_unknown(status.disk.folder);
  const bool gone = status.vault.state == ipc::VaultState::missing;
  return std::string{gone ? "The vault's database is gone from " + folder + ", where other files of the vault are.\n"
                          : "The vault's database in " + folder +
                                " is damaged, and too little is left of it to go on with.\n"} +
         "Nothing is written there, so that nothing more is lost. What the server has comes back when this device\n"
         "joins anew; what was written here and had not been sent is in that folder or nowhere.\n"
         "  1. Stop vaultd.\n"
         "  2. If you have the file data.mdb as it was last, put it there, and start vaultd: it looks at it first.\n"
         "  3. Else move the folder away and keep it:  mv " +
         folder + " " + folder +
         ".old\n"
         "  4. Start vaultd, and vaultctl join --server URL --account NAME\n";
}

// Lists the problems that need a person, the worst first, each with what to do about it.
Problems problems(const ipc::Status& status) {
  Problems out;
  if (status.trust.state == ipc::TrustState::distrusted)
    out.push_back(
        "The server is distrusted: " + reason_sentence(status.trust) +
        ". Nothing is uploaded; reads and writes here go on. If it was restored from a backup, vaultctl repair "
        "sends it what it has lost.");
  for (auto& line : disk_problems(status.disk)) out.push_back(std::move(line));
  if (status.sync.error)
    out.push_back("The last sync failed: " + printable(*status.sync.error) +
                  ". It is tried again by itself; vaultctl sync tries now.");
  for (auto& line : refusal_problems(status.device)) out.push_back(std::move(line));
  if (!status.vault.recovery_confirmed.value_or(true))
    out.push_back(
        "Nobody has confirmed the recovery sheet in force: if you have it, vaultctl recovery confirm; if not, "
        "vaultctl recovery create.");
  for (auto& line : change_problems(status.vault)) out.push_back(std::move(line));
  for (auto& line : identity_problems(status.identity)) out.push_back(std::move(line));
  if (status.vault.state == ipc::VaultState::locked) out.push_back("The vault is locked: run vaultctl unlock.");
  if (status.conflicts.value_or(0) > 0)
    out.push_back(count(*status.conflicts, "item has", "items have") + " more than one head: see vaultctl conflicts.");
  return out;
}

std::string sync_line(const ipc::StatusSync& sync) {
  static constexpr std::string_view words[] = {"offline", "idle", "syncing", "stopped, the server is distrusted"};
  std::string out{sync.state ? words[static_cast<std::size_t>(*sync.state)] : "unknown"};
  out += sync.last_success ? ", last success " + printable(*sync.last_success) : ", no success yet";
  if (sync.pending.value_or(0) > 0) out += ", " + count(*sync.pending, "commit waits", "commits wait");
  if (sync.pending_bytes.value_or(0) > 0) out += ", " + size_text(*sync.pending_bytes) + " of large values to send";
  return out;
}

std::string trust_line(const ipc::StatusTrust& trust) {
  static constexpr std::string_view words[] = {"ok", "unconfirmed", "distrusted"};
  const bool alone = trust.state == ipc::TrustState::unconfirmed;
  return std::string{trust.state ? words[static_cast<std::size_t>(*trust.state)] : "unknown"} +
         (alone ? " by another device so far, or for thirty days: see vaultctl verify" : "") +
         (trust.code ? ", state code " + printable(*trust.code) : "");
}

// Says what became of what somebody asked for here, who may not have waited for it.
std::string last_change_line(const ipc::LastChange& last) {
  static constexpr std::pair<std::string_view, std::string_view> words[] = {{"vault.change_password", "passwd"},
                                                                            {"device.revoke", "device revoke"},
                                                                            {"device.rename", "device rename"},
                                                                            {"recovery.create", "recovery create"},
                                                                            {"recovery.use", "recovery use"}};
  std::string what = printable(last.what);
  for (const auto& [method, command] : words)
    if (last.what == method) what = command;
  const auto time = printable(last.at.substr(0, 16));
  if (!last.error) return what + ", made at " + time;
  return what + ", not known to be made, at " + time + ": " + printable(*last.error);
}

std::string recovery_line(const ipc::StatusVault& vault) {
  if (!vault.recovery) return "no sheet: print one with vaultctl recovery create";
  if (!vault.recovery_confirmed.value_or(true)) return "a sheet that nobody has confirmed";
  return "a sheet, since " + printable(vault.recovery->substr(0, 10));
}

std::string items_line(const ipc::Status& status) {
  return status.items ? std::to_string(*status.items) : "unknown while locked";
}

std::optional<std::size_t> active_devices(const ipc::Status& status) {
  if (!status.devices) return std::nullopt;
  return static_cast<std::size_t>(std::count_if(status.devices->begin(), status.devices->end(), [](const auto& device) {
    return device.status == ipc::DeviceStatus::active;
  }));
}

// Describes the vault's state. Leaves out the fraction of a second.
std::string vault_state(const ipc::StatusVault& vault) {
  if (vault.state == ipc::VaultState::locked) return "locked";
  return vault.lock_at ? "unlocked, locks itself at " + printable(vault.lock_at->substr(0, 19)) + "Z" : "unlocked";
}

int show(const Session& session, const ipc::Status& status) {
  return session.json() ? session.say_json(status) : session.say(status_text(status));
}

int watch_changes(Session& session) {
  std::string shown;
  for (;;) {
    const auto reply = session.call(ipc::methods::vault_status, {});
    if (!reply.result) return session.fail(reply.failure);
    const auto text = status_text(*reply.result);
    if (text != shown)
      if (const int code = show(session, *reply.result); code != 0) return code;
    shown = text;
    std::this_thread::sleep_for(watch_interval);
  }
}

}  // namespace

const std::string refused_device =
    "The server refuses this device: it was revoked, or the server does not know it any more. What is here stays "
    "readable with the password that opens it here, and nothing is uploaded. To sync again, join with another "
    "--profile "
    "and the vault's present password.";

std::string status_text(const ipc::Status& status) {
  if (status.vault.state == ipc::VaultState::absent)
    return "There is no vault on this device.\n"
           "  vaultctl create --server URL --account NAME   makes a new one\n"
           "  vaultctl join --server URL --account NAME     joins one that another device made\n";
  if (status.vault.state == ipc::VaultState::damaged || status.vault.state == ipc::VaultState::missing)
    return no_vault_text(status);
  std::string out;
  for (const auto& problem : problems(status)) out += strong(problem, 1) + "\n";
  if (!out.empty()) out += "\n";
  const auto devices = active_devices(status);
  auto rows = std::vector<std::vector<std::string>>{
      {"vault",
       or_unknown(status.vault.account) + " at " + or_unknown(status.vault.server) + ", " + vault_state(status.vault)},
      {"device", (status.device.name ? printable(*status.device.name) + ", " : "") + or_unknown(status.device.id)},
      {"sync", sync_line(status.sync)},
      {"trust", trust_line(status.trust)},
      {"recovery", recovery_line(status.vault)},
      {"items", items_line(status)},
      {"devices", devices ? std::to_string(*devices) : "unknown"},
  };
  if (status.vault.last_change) rows.push_back({"last change", last_change_line(*status.vault.last_change)});
  return out + aligned(rows);
}

int status(Session& session, bool watch) {
  if (watch) return watch_changes(session);
  const auto reply = session.call(ipc::methods::vault_status, {});
  return reply.result ? show(session, *reply.result) : session.fail(reply.failure);
}

}  // namespace vault::ctl

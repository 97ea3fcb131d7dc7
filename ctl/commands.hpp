// SPDX-License-Identifier: Apache-2.0
// What each command of vaultctl does, once its options are read. Every function returns an exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/session.hpp"

namespace vault::ctl {

// An option as a parameter of a method: nullopt if it was not given.
inline std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

struct EnrolOptions {
  std::string server, account, device_name, invite, ca, expect;
};
int create(Session& session, const EnrolOptions& options);
int join(Session& session, const EnrolOptions& options);
int unlock(Session& session);
int lock(Session& session);

int status(Session& session, bool watch);
extern const std::string refused_device;             // what to say on one that the server refuses
std::string status_text(const ipc::Status& status);  // for a person: what is wrong first, and what to do

struct PutOptions {
  std::string name, file, type, if_version;
  std::vector<std::string> attributes;  // K=V
};
int put(Session& session, const PutOptions& options);
struct GetOptions {
  std::string name, version, output;
  std::optional<std::uint64_t> offset, length;  // bytes
};
int get(Session& session, const GetOptions& options);
int list(Session& session, const std::string& prefix, bool details);
int remove(Session& session, const std::string& name);
int history(Session& session, const std::string& name);
int restore(Session& session, const std::string& name, const std::string& version);
int conflicts(Session& session, const std::string& name, bool differences);  // of all items if the name is empty

struct ResolveOptions {
  std::string name, version;  // without one it is asked for
  bool merge = false;
  std::vector<std::string> if_heads;
};
int resolve(Session& session, const ResolveOptions& options);
int put_many(Session& session);

int sync(Session& session, std::optional<unsigned> timeout_seconds);
int passwd(Session& session);
int device_list(Session& session);
int device_revoke(Session& session, const std::string& device);
int device_rename(Session& session, const std::string& device, const std::string& name);
int verify(Session& session, const std::vector<std::string>& code);  // groups of digits; none: make one
int repair(Session& session, const std::string& invite, bool dry_run);
int metrics(Session& session);
struct ExportOptions {
  std::string folder;
  bool resume = false;         // the folder has an export that was cut short, or is to be brought up to date
  bool without_large = false;  // no large values, for which the vault must be unlocked
};
int export_sealed(Session& session, const ExportOptions& options);

struct RecoveryOptions {
  std::string server, account, device_name, ca, expect;
  bool text = false;  // no QR code, no frame
};
int recovery_create(Session& session, const RecoveryOptions& options);
int recovery_use(Session& session, const RecoveryOptions& options);

void note(const Session& session, const std::string& text);  // beside the result, for a person

std::string exit_codes();  // a line for each, with the kinds that lead to it

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
// Declares what each command of vaultctl does once its options are read. Every such function returns an exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/session.hpp"
#include "ipc/api/status.hpp"

namespace vault::ctl {

// Returns an option as a parameter of a method: nullopt if it was not given.
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
// Tells a person what to do on a device that the server refuses.
extern const std::string refused_device;
// Describes the status to a person: first what is wrong and what to do about it.
std::string status_text(const ipc::Status& status);

struct PutOptions {
  std::string name, file, if_version;
  std::optional<std::string> type;
  std::vector<std::string> attributes;  // K=V, K-
  bool fresh = false;                   // only if there is no such item
  bool empty = false;                   // an empty input is meant
};
int put(Session& session, const PutOptions& options);
struct GetOptions {
  std::string name, version, output;
  std::optional<std::uint64_t> offset, length;  // bytes
  bool force = false;                           // replace a file that is there
  bool details = false;                         // show what is known of the item instead of its value
};
int get(Session& session, const GetOptions& options);
int list(Session& session, const std::string& prefix, bool details);
int remove(Session& session, const std::string& name);
int history(Session& session, const std::string& name);
int restore(Session& session, const std::string& name, const std::string& version);
// Shows the conflicts of one item, or of all if `name` is empty.
int conflicts(Session& session, const std::string& name, bool differences);

struct ResolveOptions {
  std::string name, version;  // the person is asked for a missing version
  bool merge = false;
  std::vector<std::string> if_heads;
};
int resolve(Session& session, const ResolveOptions& options);
enum class OnDuplicate { refuse, rename, last };
struct PutManyOptions {
  OnDuplicate on_duplicate = OnDuplicate::refuse;  // what becomes of a name that comes twice
  bool check = false;                              // write nothing
};
int put_many(Session& session, const PutManyOptions& options);

int sync(Session& session, std::optional<unsigned> timeout_seconds);
int passwd(Session& session);
int device_list(Session& session);
int device_revoke(Session& session, const std::string& device, bool yes);
int device_rename(Session& session, const std::string& device, const std::string& name);
// Checks a state code given as groups of digits, or makes one if there are none.
int verify(Session& session, const std::vector<std::string>& code);
int repair(Session& session, const std::string& invite, bool dry_run);
int metrics(Session& session);
struct ExportOptions {
  std::string folder;
  bool resume = false;         // complete an export that was cut short, or bring it up to date
  bool without_large = false;  // leave out large values, for which the vault must be unlocked
};
int export_sealed(Session& session, const ExportOptions& options);

struct RecoveryOptions {
  std::string server, account, device_name, ca, expect;
  bool text = false;  // plain text: no QR code, no frame
  bool yes = false;   // the new sheet is kept: do not ask
};
int recovery_create(Session& session, const RecoveryOptions& options);
int recovery_use(Session& session, const RecoveryOptions& options);
int recovery_confirm(Session& session);

// Tells a person something beside the result.
void note(const Session& session, const std::string& text);

// Returns a line for each exit code, with the kinds of errors that lead to it.
std::string exit_codes();

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl export --sealed: writes keyring versions, commits and chunks of large values as they are stored,
// a file for each, still sealed. The daemon names the files; ctl/export_folder.hpp decides where they may be.
#include <unistd.h>

#include <set>

#include "base/file.hpp"
#include "ctl/commands.hpp"
#include "ctl/errc.hpp"
#include "ctl/export_folder.hpp"
#include "ctl/files.hpp"
#include "ctl/progress.hpp"
#include "ipc/api/large_value.hpp"
#include "ipc/api/vault.hpp"

namespace vault::ctl {
namespace {

// Exports keyring versions and commits.
std::optional<ipc::Failure> export_history(Session& session, ExportFolder& folder, const std::string& path,
                                           std::optional<ipc::ExportManifest>& manifest) {
  ipc::ExportParams params;
  do {
    auto reply = session.call(ipc::methods::vault_export, params, "exporting");
    if (!reply.result) return reply.failure;
    if (const auto ours = params.cursor ? Result<void>{} : folder.check_vault(reply.result->objects); !ours)
      return file_failure("write", path, ours.error());
    if (reply.result->manifest) manifest = std::move(reply.result->manifest);
    for (const auto& object : reply.result->objects)
      if (const auto added = folder.add(object); !added) return file_failure("write", path, added.error());
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  return {};
}

// Exports the large values of all versions. Names on stderr what it cannot get, and goes on with the rest.
class LargeExport {
 public:
  LargeExport(Session& session, ExportFolder& folder) : session_(session), folder_(folder) {}

  std::optional<ipc::Failure> run() {
    ipc::ExportListParams params;
    do {
      auto reply = session_.call(ipc::methods::blob_list, params, "exporting");
      if (!reply.result) return reply.failure;
      for (const auto& value : reply.result->values)
        if (auto failure = one(value)) return failure;
      params.cursor = std::move(reply.result->cursor);
    } while (params.cursor);
    return {};
  }

  const std::vector<std::string>& missing() const { return missing_; }

 private:
  std::optional<ipc::Failure> one(const ipc::ExportLarge& value) {
    if (!done_.insert(value.blob).second) return {};
    const auto path = "blobs/" + value.blob;
    const auto to = folder_.folder_at(path);
    if (!to) return file_failure("write", path, to.error());
    Progress progress{"exporting", 0, session_.json()};
    const ipc::ExportBlobParams params{value.name, value.version};
    const auto reply = session_.call_with(to->get(), ipc::methods::blob_export, params, [&] { progress.show(0); });
    if (!reply.result) return not_to_be_had(path, value, reply.failure);
    folder_.count(reply.result->files, reply.result->bytes);
    for (const auto index : reply.result->missing) lacks(path + "/" + std::to_string(index) + ".bin", value, "missing");
    return {};
  }

  // Returns a failure that ends the export, such as a full disk or a lock. Otherwise reports the value: the server has
  // lost or changed it, or it cannot be fetched now.
  std::optional<ipc::Failure> not_to_be_had(const std::string& path, const ipc::ExportLarge& value,
                                            const ipc::Failure& failure) {
    const auto klass = failure.klass;
    if (klass != Errc::gap && klass != Errc::tamper && klass != Errc::offline && klass != Errc::busy) return failure;
    lacks(path, value, failure.message);
    return {};
  }

  void lacks(const std::string& path, const ipc::ExportLarge& value, const std::string& why) {
    missing_.push_back(path);
    (void)write_all(STDERR_FILENO, "vaultctl: " + path + ", of " + printable(value.name) + ": " + why + "\n");
  }

  Session& session_;
  ExportFolder& folder_;
  std::set<std::string> done_;
  std::vector<std::string> missing_;
};

struct ExportSummary {
  std::uint64_t files = 0, bytes = 0;
  std::vector<std::string> missing;
  bool without_large = false;
  std::optional<ipc::ExportManifest> manifest;
};
BOOST_DESCRIBE_STRUCT(ExportSummary, (), (files, bytes, missing, without_large, manifest))

// Returns what a person can compare with another export, or with another device.
std::string summary_text(const ExportSummary& summary) {
  std::string out = std::to_string(summary.files) + " files, " + std::to_string(summary.bytes) + " bytes\n";
  if (!summary.manifest) return out;
  out += std::to_string(summary.manifest->commits) + " commits\n";
  for (const auto& head : summary.manifest->heads)
    out += "up to " + std::to_string(head.seq) + " of device " + printable(head.device) + "\n";
  if (summary.manifest->state_code) out += "state code " + printable(*summary.manifest->state_code) + "\n";
  return out;
}

}  // namespace

int export_sealed(Session& session, const ExportOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  ExportFolder folder;
  if (const auto opened = folder.open(options.folder, options.resume); !opened)
    return session.fail(file_failure("write", options.folder, opened.error()));
  std::optional<ipc::ExportManifest> manifest;
  if (auto failure = export_history(session, folder, options.folder, manifest)) return session.fail(*failure);
  LargeExport large{session, folder};
  std::optional<ipc::Failure> failure;
  bool without_large = options.without_large;
  if (!without_large) failure = large.run();
  if (failure && failure->klass == Errc::locked) {  // locked, so nobody can tell if there are any
    failure.reset();
    without_large = true;
    note(session,
         "The vault is locked: large values, if there are any, are not in the export. Unlock, and give --resume.\n");
  }
  if (const auto durable = folder.finish(); !durable)
    return session.fail(file_failure("write", options.folder, durable.error()));
  if (failure) return session.fail(*failure);
  const ExportSummary done{folder.files(), folder.bytes(), large.missing(), without_large, std::move(manifest)};
  if (session.json()) session.say_json(done);
  else session.say(summary_text(done));
  return large.missing().empty() ? 0 : session.fail(CtlErrc::export_incomplete);
}

}  // namespace vault::ctl

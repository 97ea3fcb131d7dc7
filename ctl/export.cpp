// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl export --sealed: writes keyring versions, commits and chunks of large values as they are stored,
// a file for each, still sealed. The daemon names the files; this code decides where they may be.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "base/input_errc.hpp"
#include "ctl/commands.hpp"
#include "ctl/errc.hpp"
#include "ctl/files.hpp"
#include "ctl/progress.hpp"
#include "ipc/api/large_value.hpp"
#include "ipc/api/vault.hpp"

namespace vault::ctl {
namespace {

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= 255 && !is_dots(name) && printable(name) == name;
}

bool is_empty_folder(int folder) {
  DIR* all = fdopendir(dup(folder));
  if (all == nullptr) return false;
  bool empty = true;
  while (const auto* entry = readdir(all)) empty = empty && is_dots(entry->d_name);
  closedir(all);
  return empty;
}

// Takes files below a folder and follows no symbolic link. Each file must be new, unless an export is resumed.
class ExportFolder {
 public:
  ExportFolder() = default;
  ExportFolder(const ExportFolder&) = delete;
  ~ExportFolder() {
    if (file_ >= 0) close(file_);
    if (folder_ >= 0) close(folder_);
  }

  Result<void> open(const std::string& path, bool resume) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return last_error();
    folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) return last_error();
    if (!resume && !is_empty_folder(folder_)) return CtlErrc::export_folder_taken;
    how_ = resume ? O_TRUNC : O_EXCL;
    return {};
  }

  Result<void> add(const ipc::ExportObject& object) {
    const auto bytes = unbase64(object.base64);
    if (!bytes) return InputErrc::base64_bad;
    if (object.offset.value_or(0) == 0) {
      if (const auto begun = begin_file(object.path); !begun) return begun.error();
    } else if (file_ < 0 || object.path != path_ || *object.offset != size_) {
      return CtlErrc::export_path_bad;
    }
    if (!write_all(file_, text_of(*bytes))) return last_error();
    size_ += bytes->size();
    bytes_ += bytes->size();
    return {};
  }

  // Opens a folder below this one, for the daemon to put files into.
  Result<File> folder_at(const std::string& path) const {
    const auto made = make_folders(path);
    if (!made) return made.error();
    return File{*made};
  }

  void count(std::uint64_t files, std::uint64_t bytes) {
    files_ += files;
    bytes_ += bytes;
  }

  Result<void> make_durable() const {
    if (syncfs(folder_) != 0) return last_error();
    return {};
  }

  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Result<void> begin_file(const std::string& path) {
    if (file_ >= 0) close(std::exchange(file_, -1));
    const auto slash = path.rfind('/');
    const auto parent = slash == std::string::npos ? Result<int>{dup(folder_)} : make_folders(path.substr(0, slash));
    if (!parent) return parent.error();
    const auto name = path.substr(slash + 1);  // the whole path, if it has no slash
    if (is_plain(name))
      file_ = openat(*parent, name.c_str(), O_WRONLY | O_CREAT | how_ | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    else errno = EINVAL;
    const auto error = why();
    close(*parent);
    if (file_ < 0) return error;
    path_ = path;
    size_ = 0;
    ++files_;
    return {};
  }

  // Opens the folder at `path` below this one and makes every folder on the way. The caller closes it.
  Result<int> make_folders(std::string_view path) const {
    int at = dup(folder_);
    for (bool more = true; more;) {
      const auto slash = path.find('/');
      const int next = step_into(at, std::string{path.substr(0, slash)});
      const auto error = why();
      close(at);
      if (next < 0) return error;
      at = next;
      more = slash != std::string_view::npos;
      path.remove_prefix(more ? slash + 1 : path.size());
    }
    return at;
  }

  static int step_into(int parent, const std::string& name) {
    if (!is_plain(name)) {
      errno = EINVAL;
      return -1;
    }
    if (mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return -1;
    return openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }

  // Returns export_path_bad if the path is at fault, else the system's error.
  static boost::system::error_code why() {
    for (const int path_fault : {EINVAL, EEXIST, ENOTDIR, ELOOP, ENAMETOOLONG})
      if (errno == path_fault) return CtlErrc::export_path_bad;
    return last_error();
  }

  int folder_ = -1, file_ = -1, how_ = O_EXCL;
  std::string path_;  // of the file that is being written
  std::uint64_t size_ = 0, files_ = 0, bytes_ = 0;
};

// Exports keyring versions and commits.
std::optional<ipc::Failure> export_history(Session& session, ExportFolder& folder, const std::string& path) {
  ipc::ExportParams params;
  do {
    auto reply = session.call(ipc::methods::vault_export, params, "exporting");
    if (!reply.result) return reply.failure;
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
};
BOOST_DESCRIBE_STRUCT(ExportSummary, (), (files, bytes, missing, without_large))

}  // namespace

int export_sealed(Session& session, const ExportOptions& options) {
  if (auto failure = session.connect()) return session.fail(*failure);
  ExportFolder folder;
  if (const auto opened = folder.open(options.folder, options.resume); !opened)
    return session.fail(file_failure("write", options.folder, opened.error()));
  if (auto failure = export_history(session, folder, options.folder)) return session.fail(*failure);
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
  if (const auto durable = folder.make_durable(); !durable)
    return session.fail(file_failure("write", options.folder, durable.error()));
  if (failure) return session.fail(*failure);
  if (session.json()) session.say_json(ExportSummary{folder.files(), folder.bytes(), large.missing(), without_large});
  else session.say(std::to_string(folder.files()) + " files, " + std::to_string(folder.bytes()) + " bytes\n");
  return large.missing().empty() ? 0 : session.fail(CtlErrc::export_incomplete);
}

}  // namespace vault::ctl

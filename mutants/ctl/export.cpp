// vaultctl export --sealed: the keyring versions, commits and blobs as stored, a file each, still sealed. The daemon
// names the files; where they may lie is decided here.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/hex.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"

namespace vault::ctl {
namespace {

bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." && printable(name) == name;
}

bool is_empty_folder(int folder) {
  DIR* all = fdopendir(dup(folder));
  if (all == nullptr) return false;
  bool empty = true;
  while (const auto* entry = readdir(all))
    empty = empty && (!std::strcmp(entry->d_name, ".") || !std::strcmp(entry->d_name, ".."));
  closedir(all);
  return empty;
}

// A folder that takes files, each of which is new, and reached through no symlink.
class ExportFolder {
 public:
  ExportFolder() = default;
  ExportFolder(const ExportFolder&) = delete;
  ~ExportFolder() {
    if (file_ >= 0) close(file_);
    if (folder_ >= 0) close(folder_);
  }

  Result<void> open_new(const std::string& path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return last_error();
    folder_ = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) return last_error();
    if (!is_empty_folder(folder_)) return Errc::export_folder_taken;
    return {};
  }

  Result<void> add(const ipc::ExportObject& object) {
    const auto bytes = unbase64(object.base64);
    if (!bytes) return Errc::base64_bad;
    if (object.offset.value_or(0) == 0) {
      if (const auto begun = begin_file(object.path); !begun) return begun.error();
    } else if (file_ < 0 || object.path != path_ || *object.offset != size_) {
      return Errc::export_path_bad;
    }
    if (!write_all(file_, text_of(*bytes))) return last_error();
    size_ += bytes->size();
    bytes_ += bytes->size();
    return {};
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
    const auto name = path.substr(slash + 1);  // all of it, if there is no slash
    if (is_plain(name))
      file_ = openat(*parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    else errno = EINVAL;
    const auto error = why();
    close(*parent);
    if (file_ < 0) return error;
    path_ = path;
    size_ = 0;
    ++files_;
    return {};
  }

  // Opens the folder at `path` below this one, with every folder on the way. The caller closes it.
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

  static boost::system::error_code why() {  // a path that cannot be right, or the system's trouble
    for (const int path_fault : {EINVAL, EEXIST, ENOTDIR, ELOOP, ENAMETOOLONG})
      if (errno == path_fault) return Errc::export_path_bad;
    return last_error();
  }

  int folder_ = -1, file_ = -1;
  std::string path_;  // of the file that is being written
  std::uint64_t size_ = 0, files_ = 0, bytes_ = 0;
};

struct ExportSummary {
  std::uint64_t files = 0, bytes = 0;
};
BOOST_DESCRIBE_STRUCT(ExportSummary, (), (files, bytes))

}  // namespace

int export_sealed(Session& session, const std::string& path) {
  if (auto failure = session.connect()) return session.fail(*failure);
  ExportFolder folder;
  if (const auto opened = folder.open_new(path); !opened)
    return session.fail(file_failure("write", path, opened.error()));
  ipc::ExportParams params;
  do {
    auto reply = session.call(ipc::methods::vault_export, params, "exporting");
    if (!reply.result) return session.fail(reply.failure);
    for (const auto& object : reply.result->objects)
      if (const auto added = folder.add(object); !added)
        return session.fail(file_failure("write", path, added.error()));
    params.cursor = std::move(reply.result->cursor);
  } while (params.cursor);
  if (const auto durable = folder.make_durable(); !durable)
    return session.fail(file_failure("write", path, durable.error()));
  if (session.json()) return session.say_json(ExportSummary{folder.files(), folder.bytes()});
  return session.say(std::to_string(folder.files()) + " files, " + std::to_string(folder.bytes()) + " bytes\n");
}

}  // namespace vault::ctl

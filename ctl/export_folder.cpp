// SPDX-License-Identifier: Apache-2.0
#include "ctl/export_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/hex.hpp"
#include "base/input_errc.hpp"
#include "ctl/errc.hpp"
#include "ctl/files.hpp"
#include "ctl/output.hpp"

namespace vault::ctl {
namespace {

constexpr const char* part = ".part";  // the file that will take another one's place
constexpr int reading = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

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

int step_into(int parent, const std::string& name) {
  if (!is_plain(name)) {
    errno = EINVAL;
    return -1;
  }
  if (mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return -1;
  return openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) close(std::exchange(descriptor, -1));
}

// Returns export_path_bad if the path is at fault, else the system's error.
boost::system::error_code why() {
  for (const int path_fault : {EINVAL, EEXIST, ENOTDIR, ELOOP, ENAMETOOLONG})
    if (errno == path_fault) return CtlErrc::export_path_bad;
  return last_error();
}

}  // namespace

ExportFolder::~ExportFolder() {
  if (file_ >= 0 && resumes_) unlinkat(folder_, part, 0);
  for (int* each : {&file_, &parent_, &folder_}) close_if_open(*each);
}

Result<void> ExportFolder::open(const std::string& path, bool resume) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return last_error();
  folder_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) return last_error();
  empty_ = is_empty_folder(folder_);
  resumes_ = resume;
  if (!resume && !empty_) return CtlErrc::export_folder_taken;
  return {};
}

Result<void> ExportFolder::check_vault(const std::vector<ipc::ExportObject>& first_page) const {
  if (empty_) return {};
  const auto first = std::ranges::find(first_page, "keyring/1.bin", &ipc::ExportObject::path);
  if (first == first_page.end()) return CtlErrc::export_folder_taken;
  const auto bytes = unbase64(first->base64);
  if (!bytes) return InputErrc::base64_bad;
  if (bytes->empty() || beginning_of_first_keyring(bytes->size()) != text_of(*bytes))
    return CtlErrc::export_folder_taken;
  return {};
}

std::string ExportFolder::beginning_of_first_keyring(std::size_t bytes) const {
  const File keyrings{openat(folder_, "keyring", reading | O_DIRECTORY)};
  const File first{keyrings ? openat(keyrings.get(), "1.bin", reading) : -1};
  std::string out(bytes, '\0');
  const auto got = first ? pread(first.get(), out.data(), out.size(), 0) : -1;
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

Result<void> ExportFolder::add(const ipc::ExportObject& object) {
  const auto bytes = unbase64(object.base64);
  if (!bytes) return InputErrc::base64_bad;
  if (object.offset.value_or(0) == 0) {
    if (const auto ended = end_file(); !ended) return ended;
    if (const auto begun = begin_file(object.path); !begun) return begun;
  } else if (file_ < 0 || object.path != path_ || *object.offset != size_) {
    return CtlErrc::export_path_bad;
  }
  if (!write_all(file_, text_of(*bytes))) return last_error();
  size_ += bytes->size();
  bytes_ += bytes->size();
  return {};
}

Result<File> ExportFolder::folder_at(const std::string& path) const {
  const auto made = make_folders(path);
  if (!made) return made.error();
  return File{*made};
}

Result<void> ExportFolder::finish() {
  if (const auto ended = end_file(); !ended) return ended;
  if (syncfs(folder_) != 0) return last_error();
  return {};
}

Result<void> ExportFolder::begin_file(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto parent = slash == std::string::npos ? Result<int>{dup(folder_)} : make_folders(path.substr(0, slash));
  if (!parent) return parent.error();
  parent_ = *parent;
  name_ = path.substr(slash + 1);  // the whole path, if it has no slash
  file_ = open_new(parent_, name_);
  if (file_ < 0) return why();
  path_ = path;
  size_ = 0;
  ++files_;
  return {};
}

int ExportFolder::open_new(int parent, const std::string& name) const {
  constexpr int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  if (!is_plain(name)) {
    errno = EINVAL;
    return -1;
  }
  if (!resumes_) return openat(parent, name.c_str(), how, 0600);
  unlinkat(folder_, part, 0);
  return openat(folder_, part, how, 0600);
}

Result<void> ExportFolder::end_file() {
  if (file_ < 0) {
    close_if_open(parent_);
    return {};
  }
  const bool placed = !resumes_ || renameat(folder_, part, parent_, name_.c_str()) == 0;
  const auto error = why();
  close_if_open(file_);
  close_if_open(parent_);
  return placed ? Result<void>{} : Result<void>{error};
}

// Opens the folder at `path` below this one and makes every folder on the way. The caller closes it.
Result<int> ExportFolder::make_folders(std::string_view path) const {
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

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
#include "ctl/output_place.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "ctl/files.hpp"

namespace vault::ctl {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;  // as the kernel has it

ipc::Failure is_there(const fs::path& path) {
  return ipc::malformed(0, path.string() + " is there already: --force replaces it");
}

ipc::Failure cannot_write(const fs::path& path, int error) {
  return file_failure("write", path.string(), {error, boost::system::system_category()});
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path{"."}; }

// True unless somebody else may have put the link there for us to follow: fs.protected_symlinks of proc(5).
bool may_follow(const fs::path& link, const struct stat& info) {
  struct stat folder {};
  if (stat(folder_of(link).c_str(), &folder) != 0) return false;
  const bool everybodys = (folder.st_mode & S_ISVTX) != 0 && (folder.st_mode & S_IWOTH) != 0;
  return !everybodys || info.st_uid == geteuid() || info.st_uid == folder.st_uid;
}

// Returns the path behind symbolic links, where there may be nothing.
ipc::Reply<fs::path> behind_links(fs::path path) {
  for (int links = 0; links < most_links; ++links) {
    struct stat info {};
    const bool there = lstat(path.c_str(), &info) == 0;
    if (!there && errno != ENOENT) return refused<fs::path>(cannot_write(path, errno));
    if (!there || !S_ISLNK(info.st_mode)) {
      ipc::Reply<fs::path> out;
      out.result = std::move(path);
      return out;
    }
    if (!may_follow(path, info)) return refused<fs::path>(cannot_write(path, EACCES));
    std::error_code error;
    const auto target = fs::read_symlink(path, error);
    if (error) return refused<fs::path>(cannot_write(path, error.value()));
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return refused<fs::path>(cannot_write(path, ELOOP));
}

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

bool can_be_written_into(const struct stat& info) {
  return S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode);
}

// Moves without replacing anything. False with errno EEXIST if something is there.
bool move_to_free(const fs::path& from, const fs::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;  // file systems that cannot do it
  return link(from.c_str(), to.c_str()) == 0 && unlink(from.c_str()) == 0;
}

bool keep_mode(int file, const struct stat& old) {
  struct stat now {};
  if (fstat(file, &now) != 0) return false;
  const bool owner = now.st_uid == old.st_uid && now.st_gid == old.st_gid;
  if (!owner && fchown(file, old.st_uid, old.st_gid) != 0) return true;  // then nobody else reads it
  return fchmod(file, old.st_mode & 0777) == 0;
}

}  // namespace

ipc::Reply<OutputPlace> place_at(const std::string& path, bool force) {
  ipc::Reply<OutputPlace> out;
  out.result = OutputPlace{.path = path, .force = force};
  struct stat info {};
  const bool there = stat(path.c_str(), &info) == 0;
  if (!there && errno != ENOENT) return refused<OutputPlace>(cannot_write(path, errno));
  out.result->is_stream = there && can_be_written_into(info);
  if (out.result->is_stream) return out;
  if (there && S_ISDIR(info.st_mode)) return refused<OutputPlace>(cannot_write(path, EISDIR));
  if (there && !S_ISREG(info.st_mode)) return refused<OutputPlace>(cannot_write(path, ENXIO));
  auto own = behind_links(path);
  if (!own.result) return refused<OutputPlace>(own.failure);
  if (there && !force) return refused<OutputPlace>(is_there(path));
  struct stat now {};
  const bool still = lstat(own.result->c_str(), &now) == 0;
  if (still != there || (there && !same_file(info, now))) return refused<OutputPlace>(cannot_write(path, ESTALE));
  out.result->path = std::move(*own.result);
  if (there) out.result->old = info;
  return out;
}

ipc::Reply<File> open_stream(const OutputPlace& place) {
  File file{open(place.path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)};
  if (!file) return refused<File>(cannot_write(place.path, errno));
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !can_be_written_into(info))
    return refused<File>(cannot_write(place.path, ESTALE));
  ipc::Reply<File> out;
  out.result = std::move(file);
  return out;
}

std::optional<ipc::Failure> put_in_place(const File& file, const fs::path& part, const OutputPlace& place) {
  if (place.old && !keep_mode(file.get(), *place.old)) return cannot_write(place.path, errno);
  if (fsync(file.get()) != 0) return cannot_write(place.path, errno);
  const bool moved = place.force ? std::rename(part.c_str(), place.path.c_str()) == 0 : move_to_free(part, place.path);
  if (moved) return std::nullopt;
  return errno == EEXIST ? is_there(place.path) : cannot_write(place.path, errno);
}

}  // namespace vault::ctl

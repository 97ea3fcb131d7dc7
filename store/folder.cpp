// SPDX-License-Identifier: Apache-2.0
#include "store/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "store/errc.hpp"
#include "store/error.hpp"

namespace vault::store {
namespace {

// Lists numbers of linux/magic.h and statfs(2); those of out-of-tree filesystems are from their sources. All of FUSE
// counts as remote, since sshfs cannot be told from a local filesystem.
constexpr std::array<unsigned long, 16> remote{
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x65735546,  // FUSE
    0x564C,      // NCP
    0x5346414F,  // AFS
    0x6B414653,  // kAFS
    0x73757245,  // Coda
    0x00C36400,  // Ceph
    0x01021997,  // 9p
    0x786F4256,  // VirtualBox shared folder
    0x01161970,  // GFS2
    0x7461636F,  // OCFS2
    0x0BD00BD0,  // Lustre
    0x47504653,  // GPFS
};

Result<File> open_checked(const std::filesystem::path& path) {
  File dir{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!dir && (errno == ELOOP || errno == ENOTDIR)) return StoreErrc::state_unsafe;
  if (!dir) return errno_error();
  struct stat info {};
  if (::fstat(dir.get(), &info) != 0) return errno_error();
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) return StoreErrc::state_unsafe;
  struct statfs system {};
  if (::fstatfs(dir.get(), &system) != 0) return errno_error();
  if (is_remote_filesystem(static_cast<unsigned long>(system.f_type))) return StoreErrc::state_remote;
  return dir;
}

// Removes a slash at the end, because opening "state/" would follow a symbolic link and opening "state" does not.
std::filesystem::path without_slash(const std::filesystem::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

bool is_remote_filesystem(unsigned long type) {
  return std::find(remote.begin(), remote.end(), type & 0xFFFFFFFF) != remote.end();
}

Result<void> check_folder(const std::filesystem::path& folder) {
  const auto dir = open_checked(without_slash(folder));
  if (!dir) return dir.error();
  return {};
}

Result<File> lock_folder(const std::filesystem::path& folder) {
  const auto path = without_slash(folder);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error();
  auto dir = open_checked(path);
  if (!dir) return dir.error();
  if (::flock(dir->get(), LOCK_EX | LOCK_NB) == 0) return dir;
  if (errno == EWOULDBLOCK) return StoreErrc::state_in_use;
  return errno_error();
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const File dir{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!dir || ::fsync(dir.get()) != 0) return errno_error();
  return {};
}

}  // namespace vault::store

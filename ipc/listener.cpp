// SPDX-License-Identifier: Apache-2.0
#include "ipc/listener.hpp"

#include "ipc/errc.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vault::ipc {
namespace {

constexpr int backlog = 128;  // above the 64 connections, so that the 65th gets its answer

boost::system::error_code system_error() { return {errno, boost::system::system_category()}; }

// Requires: `path` fits, see socket_path().
sockaddr_un address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

bool somebody_answers(const std::string& path) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto to = address(path);
  const bool refused = connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno == ECONNREFUSED;
  close(probe);
  return !refused;
}

Result<int> open_folder(const SocketPath& where, const std::string& folder) {
  if (where.in_runtime_folder && mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return system_error();
  auto opened = open_private_folder(folder);
  if (opened && where.in_runtime_folder && fchmod(*opened, 0700) != 0) {
    close(*opened);
    return system_error();
  }
  return opened;
}

}  // namespace

Result<Listener> Listener::open(const SocketPath& where) {
  const auto slash = where.path.rfind('/');
  const auto folder = slash == std::string::npos ? "." : slash == 0 ? "/" : where.path.substr(0, slash);
  const auto opened = open_folder(where, folder);
  if (!opened) return opened.error();
  Listener out;
  out.folder_ = *opened;
  out.name_ = slash == std::string::npos ? where.path : where.path.substr(slash + 1);
  // Keeps two daemons that start at the same time from taking each other's new socket for a stale one.
  if (flock(out.folder_, LOCK_EX) != 0) return system_error();
  const auto bound = out.prepare_and_bind(where.path);
  flock(out.folder_, LOCK_UN);
  if (!bound) {
    out.name_.clear();
    return bound.error();
  }
  return out;
}

Result<void> Listener::clear_stale(const std::string& path) const {
  struct stat is {};
  if (fstatat(folder_, name_.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return system_error();
  }
  if (!S_ISSOCK(is.st_mode) || is.st_uid != geteuid()) return IpcErrc::socket_path_taken;
  if (somebody_answers(path)) return IpcErrc::daemon_running;
  if (unlinkat(folder_, name_.c_str(), 0) != 0) return system_error();
  return {};
}

Result<int> Listener::prepare_and_bind(const std::string& path) {
  if (const auto clear = clear_stale(path); !clear) return clear.error();
  descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return system_error();
  // Sets the mode before bind(). Linux gives the file the mode of the socket's inode, less the umask, so that it never
  // has more.
  if (fchmod(descriptor_, 0600) != 0) return system_error();
  const auto at = address(path);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return system_error();
  if (fchmodat(folder_, name_.c_str(), 0600, 0) != 0) return system_error();
  if (fstatat(folder_, name_.c_str(), &identity_, AT_SYMLINK_NOFOLLOW) != 0) return system_error();
  if (!S_ISSOCK(identity_.st_mode) || identity_.st_uid != geteuid()) return IpcErrc::socket_path_taken;
  if (listen(descriptor_, backlog) != 0) return system_error();
  return descriptor_;
}

Result<Listener> Listener::adopt(int descriptor) {
  int domain = 0, type = 0, listening = 0;
  socklen_t size = sizeof(int);
  const bool good = getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
                    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
                    getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
  if (!good) return IpcErrc::socket_path_taken;
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  Listener out;
  out.descriptor_ = descriptor;
  return out;
}

Listener& Listener::operator=(Listener&& from) noexcept {
  std::swap(folder_, from.folder_);
  std::swap(descriptor_, from.descriptor_);
  std::swap(name_, from.name_);
  std::swap(identity_, from.identity_);
  return *this;
}

int Listener::release() { return std::exchange(descriptor_, -1); }

void Listener::remove() {
  struct stat is {};
  const auto name = std::exchange(name_, {});
  if (name.empty() || fstatat(folder_, name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (is.st_dev == identity_.st_dev && is.st_ino == identity_.st_ino) unlinkat(folder_, name.c_str(), 0);
}

Listener::~Listener() {
  remove();
  if (descriptor_ >= 0) close(descriptor_);
  if (folder_ >= 0) close(folder_);
}

}  // namespace vault::ipc

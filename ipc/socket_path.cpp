// SPDX-License-Identifier: Apache-2.0
#include "ipc/socket_path.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {
namespace {

constexpr std::size_t path_bytes = sizeof(sockaddr_un::sun_path) - 1;  // 107, with room for the NUL

std::string first_of(const std::string& given, const Environment& environment, const char* name) {
  if (!given.empty()) return given;
  const char* value = environment(name);
  return value != nullptr ? value : "";
}

Result<SocketPath> checked(SocketPath out) {
  if (out.path.empty() || out.path.size() > path_bytes || out.path.find('\0') != std::string::npos)
    return IpcErrc::socket_path_bad;
  return out;
}

Result<std::string> runtime_folder(const Environment& environment) {
  auto folder = first_of("", environment, "XDG_RUNTIME_DIR");
  if (!folder.starts_with('/')) folder = "/run/user/" + std::to_string(geteuid());  // relative ones must be ignored
  const auto opened = open_private_folder(folder);
  if (!opened) return opened.error();
  close(*opened);
  return folder;
}

}  // namespace

Result<int> open_private_folder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? IpcErrc::runtime_folder_missing : IpcErrc::runtime_folder_unsafe;
  struct stat is {};
  if (fstat(fd, &is) == 0 && is.st_uid == geteuid() && (is.st_mode & (S_IWGRP | S_IWOTH)) == 0) return fd;
  close(fd);
  return IpcErrc::runtime_folder_unsafe;
}

Result<std::string> profile_name(const std::string& given, const Environment& environment) {
  auto name = first_of(given, environment, "VAULTD_PROFILE");
  if (name.empty()) name = "default";
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.size() > limits::profile_bytes || name[0] == '.' || !std::all_of(name.begin(), name.end(), allowed))
    return InputErrc::profile_bad;
  return name;
}

Result<SocketPath> socket_path(const SocketChoice& choice, const Environment& environment) {
  const auto profile = profile_name(choice.profile, environment);
  if (!profile) return profile.error();
  const auto given = first_of(choice.socket, environment, "VAULTD_SOCKET");
  if (!given.empty()) return checked({given, false});
  const auto folder = runtime_folder(environment);
  if (!folder) return folder.error();
  return checked({*folder + "/vaultd/" + *profile + ".sock", true});
}

Result<SocketPath> socket_path(const SocketChoice& choice) {
  return socket_path(choice, [](const char* name) -> const char* { return std::getenv(name); });
}

namespace {

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return std::nullopt;
  return peer;
}

}  // namespace

Result<uid_t> peer_uid(int socket) {
  const auto peer = peer_of(socket);
  return peer ? Result<uid_t>{peer->uid} : Errc::denied;
}

pid_t peer_pid(int socket) {
  const auto peer = peer_of(socket);
  return peer ? peer->pid : 0;
}

}  // namespace vault::ipc

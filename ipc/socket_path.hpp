// SPDX-License-Identifier: Apache-2.0
// Finds the socket's path, by the same rules for the daemon and its clients.
//
// The first of these decides: --socket, VAULTD_SOCKET, $XDG_RUNTIME_DIR/vaultd/<profile>.sock,
// /run/user/<uid>/vaultd/<profile>.sock. A runtime folder must be a folder of this user that nobody else can write to,
// whatever its name. A shared folder is never used: whoever made a predictable name there first would be our daemon.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/errc.hpp"

namespace vault::ipc {

struct SocketChoice {  // from the command line; empty if not given
  std::string socket, profile;
};

struct SocketPath {
  std::string path;
  bool in_runtime_folder = false;  // true if its folder, "vaultd", is ours to make and to set the mode of
};

using Environment = std::function<const char*(const char* name)>;

// Returns "default" if neither `given` nor the environment names another profile.
Result<std::string> profile_name(const std::string& given, const Environment& environment);

Result<SocketPath> socket_path(const SocketChoice& choice, const Environment& environment);
// Uses std::getenv.
Result<SocketPath> socket_path(const SocketChoice& choice);

// Returns an open descriptor of a folder of this user that others cannot write to. The caller closes it. Errors:
// runtime_folder_missing, runtime_folder_unsafe.
Result<int> open_private_folder(const std::string& path);

// Return the user and the process at the other end of a connected Unix socket, as the kernel noted them at connect or
// listen. peer_pid() returns 0 if it is unknown.
Result<uid_t> peer_uid(int socket);
pid_t peer_pid(int socket);

}  // namespace vault::ipc

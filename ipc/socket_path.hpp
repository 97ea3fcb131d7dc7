// SPDX-License-Identifier: Apache-2.0
// Where the socket is, the same for the daemon and its clients.
//
// First of: --socket, VAULTD_SOCKET, $XDG_RUNTIME_DIR/vaultd/<profile>.sock, /run/user/<uid>/vaultd/<profile>.sock.
// A runtime folder is judged by what it is, not by its name: a folder, of this user, that nobody else can write
// to. There is no last resort in a shared folder: whoever made a predictable name first would be our daemon.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/errc.hpp"

namespace vault::ipc {

struct SocketChoice {  // as given on the command line; empty where not
  std::string socket, profile;
};

struct SocketPath {
  std::string path;
  bool in_runtime_folder = false;  // so its folder, "vaultd", is ours to make and to set the mode of
};

using Environment = std::function<const char*(const char* name)>;

Result<std::string> profile_name(const std::string& given,
                                 const Environment& environment);  // "default" if nothing says other

Result<SocketPath> socket_path(const SocketChoice& choice, const Environment& environment);
Result<SocketPath> socket_path(const SocketChoice& choice);  // with std::getenv

// An open descriptor of the folder, if it is one, belongs to this user, and others cannot write to it. The
// caller closes it. Errc::runtime_folder_missing, Errc::runtime_folder_unsafe.
Result<int> open_private_folder(const std::string& path);

// Of the process at the other end of a connected Unix socket, as the kernel noted it at connect or listen.
Result<uid_t> peer_uid(int socket);
pid_t peer_pid(int socket);  // the same; 0 where nobody knows

}  // namespace vault::ipc

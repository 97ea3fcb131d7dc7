// SPDX-License-Identifier: Apache-2.0
// Opens the listening socket, which only this user can reach, and removes it at the end.
//
// Before anything is changed, the folder must be private to this user, and the path free or a stale socket of this
// user. A symbolic link, a FIFO, a file, a socket of somebody else, or one that a live daemon answers on is refused and
// left as it is.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/errc.hpp"
#include "ipc/socket_path.hpp"

namespace vault::ipc {

class Listener {
 public:
  // Errors: runtime_folder_missing, runtime_folder_unsafe, socket_path_taken, daemon_running, or the system's error.
  static Result<Listener> open(const SocketPath& where);

  // Takes a socket that somebody else, such as systemd, made and listens on for us, and that they remove. Errors:
  // socket_path_taken if the descriptor is no listening Unix stream socket.
  static Result<Listener> adopt(int descriptor);

  Listener(Listener&& from) noexcept { *this = std::move(from); }
  Listener& operator=(Listener&& from) noexcept;
  ~Listener();

  // Returns the descriptor, which the caller then owns. This object still removes the path.
  int release();
  // Removes the path if it still is the socket made here.
  void remove();

 private:
  Listener() = default;
  Result<int> prepare_and_bind(const std::string& path);
  Result<void> clear_stale(const std::string& path) const;

  int folder_ = -1, descriptor_ = -1;
  std::string name_;         // name of the socket in the folder; empty if the path is not ours
  struct stat identity_ {};  // of the socket made here
};

}  // namespace vault::ipc

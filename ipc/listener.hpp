// SPDX-License-Identifier: Apache-2.0
// The listening socket, made so that nobody but this user can reach it, and removed when it goes.
//
// Before anything is touched, the folder must be private to this user, and the path free or a stale socket of
// this user's. A symlink, a FIFO, a file, a foreign socket, or one that a live daemon answers on is refused and
// left as it is.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/errc.hpp"
#include "ipc/socket_path.hpp"

namespace vault::ipc {

class Listener {
 public:
  // Errc::runtime_folder_missing, runtime_folder_unsafe, socket_path_taken, daemon_running, or the system's error.
  static Result<Listener> open(const SocketPath& where);

  // A socket that somebody made and listens on for us, as systemd does. It is theirs to remove.
  // Errc::socket_path_taken if the descriptor is no listening Unix stream socket.
  static Result<Listener> adopt(int descriptor);

  Listener(Listener&& from) noexcept { *this = std::move(from); }
  Listener& operator=(Listener&& from) noexcept;
  ~Listener();

  int release();  // the descriptor, now the caller's; removing the path stays ours
  void remove();  // the path, if it still is the socket made here

 private:
  Listener() = default;
  Result<int> prepare_and_bind(const std::string& path);
  Result<void> clear_stale(const std::string& path) const;

  int folder_ = -1, descriptor_ = -1;
  std::string name_;         // in the folder; empty if the path is not ours
  struct stat identity_ {};  // of the socket made here
};

}  // namespace vault::ipc

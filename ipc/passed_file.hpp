// SPDX-License-Identifier: Apache-2.0
// Passes files that a client sends with a request: SCM_RIGHTS, unix(7).
//
// A file belongs to the frame that has the last of the bytes it came with. So a client sends it with any bytes of its
// frame, in a sendmsg(2) without bytes of the next frame. A frame has one file; the kernel closes any others. A file
// that nobody asked for is closed when its frame has been read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "base/errc.hpp"
#include "base/file.hpp"

namespace vault::ipc {

// Says what a method takes besides its params.
enum class Takes { nothing, readable_file, writable_file, folder };

struct Received {
  ssize_t size = 0;  // as recv(2) returns it; if negative, errno is set
  File file;         // closed on exec
};

// Receives the bytes that are there, and at most one file. Never waits.
Received receive(int socket, std::span<char> into);

// Sends like send(2) with MSG_NOSIGNAL and MSG_DONTWAIT, and passes `file` unless it is negative.
ssize_t send_with_file(int socket, std::string_view bytes, int file);

// Checks that `file` can be used without holding up anybody who does not want to wait: a regular file or a pipe, open
// in the direction that the method needs; or a folder. Errors: fd_unexpected, fd_bad.
Result<void> check_file(const File& file, Takes takes);

}  // namespace vault::ipc

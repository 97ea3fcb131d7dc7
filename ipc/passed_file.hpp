// SPDX-License-Identifier: Apache-2.0
// Files that a client hands over with a request: SCM_RIGHTS, unix(7).
//
// The file belongs to the frame that has the last of the bytes with which it was received. So a client sends it with
// any bytes of its frame, in a sendmsg(2) that holds nothing of the next one. A frame has one file: the kernel
// closes what else comes with it. One that nobody asked for is closed when its frame has been read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "base/errc.hpp"
#include "base/file.hpp"

namespace vault::ipc {

// What a method takes besides its params.
enum class Takes { nothing, readable_file, writable_file, folder };

struct Received {
  ssize_t size = 0;  // as of recv(2); errno is set if it is negative
  File file;         // close-on-exec
};

// Takes bytes that are there, and at most one file; never waits.
Received receive(int socket, std::span<char> into);

// As send(2) with MSG_NOSIGNAL and MSG_DONTWAIT, and with the file, unless it is negative.
ssize_t send_with_file(int socket, std::string_view bytes, int file);

// Whether it is of a kind that can be read or written to its end without holding up anybody who does not want to
// wait: a regular file or a pipe, open in the direction that the method takes; or a folder. Errors: fd_unexpected,
// fd_bad.
Result<void> check_file(const File& file, Takes takes);

}  // namespace vault::ipc

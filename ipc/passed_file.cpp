// SPDX-License-Identifier: Apache-2.0
#include "ipc/passed_file.hpp"

#include "base/input_errc.hpp"
#include "ipc/errc.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>

namespace vault::ipc {
namespace {

// Has space for one descriptor, by CMSG_LEN: CMSG_SPACE of one has room for two, and CMSG_LEN tells the kernel.
union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int))];
};

File file_of(msghdr& message) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
    return File{fd};
  }
  return File{};
}

}  // namespace

Received receive(int socket, std::span<char> into) {
  Control control{};
  iovec bytes{.iov_base = into.data(), .iov_len = into.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_LEN(sizeof(int));
  Received out;
  out.size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (out.size >= 0) out.file = file_of(message);
  return out;
}

ssize_t send_with_file(int socket, std::string_view text, int file) {
  if (file < 0) return send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  Control control{};
  iovec bytes{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  auto* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(part), &file, sizeof file);
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<void> check_file(const File& file, Takes takes) {
  if (takes == Takes::nothing) return IpcErrc::fd_unexpected;
  struct stat info {};
  const int flags = fcntl(file.get(), F_GETFL);
  if (flags < 0 || fstat(file.get(), &info) != 0) return InputErrc::fd_bad;
  if (takes == Takes::folder)
    return (flags & O_PATH) == 0 && S_ISDIR(info.st_mode) ? Result<void>{} : InputErrc::fd_bad;
  if ((flags & O_PATH) != 0 || !(S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode))) return InputErrc::fd_bad;
  const int other_way = takes == Takes::readable_file ? O_WRONLY : O_RDONLY;
  if ((flags & O_ACCMODE) == other_way) return InputErrc::fd_bad;
  return {};
}

}  // namespace vault::ipc

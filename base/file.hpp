// SPDX-License-Identifier: Apache-2.0
// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace vault {

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  File& operator=(File&& from) noexcept {
    std::swap(fd_, from.fd_);
    return *this;
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }  // to an owner of another type
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace vault

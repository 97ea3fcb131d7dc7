// SPDX-License-Identifier: Apache-2.0
// Holds a file descriptor and closes it at the end.
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
  // Returns the descriptor and stops owning it.
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace vault

// SPDX-License-Identifier: Apache-2.0
// What a power cut would take from a file: writes that no sync has brought to the disk. Beside FOLDER of VAULT_POWER
// stands FOLDER.power, with a journal for each file, named as it:
//
//   'u' at(8) size(8) old size of the file(8) bytes(8) the bytes that stood there     before a write
//   'd' at(8) size(8) 0(8) bytes(8) the bytes that stand there now                    after a write through O_DSYNC
//
// numbers in the machine's order; "bytes" is fewer than "size" at the end of a file. A sync that has returned empties
// the journal. tests/lib/power.py takes back what it names: undone from the last to the first, what lasts written
// again. The journal is on the disk of this machine, and its process may be killed anywhere between two of these steps:
// what it then takes back too much belonged to a call that had not returned.
//
// It sees write, pwrite and writev, and not stores into a mapping: LMDB is opened without MDB_WRITEMAP.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace vault::tests {

class PowerJournal {
 public:
  // Of nothing, unless the file is directly in FOLDER and is not a lock.
  explicit PowerJournal(const std::string& file) : file_(file) {
    const char* folder = std::getenv("VAULT_POWER");
    if (folder == nullptr) return;
    const auto slash = file.rfind('/');
    if (slash == std::string::npos || std::string_view{file}.substr(0, slash) != folder || file.ends_with("lock"))
      return;
    journal_ = std::string{folder} + ".power" + file.substr(slash);
  }
  explicit operator bool() const { return !journal_.empty(); }

  void before_a_write(off_t at, std::size_t size) const { append('u', at, size, size_of_file()); }
  void after_a_lasting_write(off_t at, std::size_t size) const { append('d', at, size, 0); }
  void after_a_sync() const {
    const int fd = open(journal_, O_WRONLY | O_CREAT | O_TRUNC);
    syscall(SYS_close, fd);
  }

 private:
  // By system calls: what stands in preload.cpp is not to be asked about itself.
  static int open(const std::string& path, int flags) {
    const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0600));
    if (fd < 0) std::abort();
    return fd;
  }
  std::uint64_t size_of_file() const {
    struct stat info {};
    return ::stat(file_.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }
  void append(char what, off_t at, std::size_t size, std::uint64_t old_size) const {
    const int fd = open(file_, O_RDONLY);
    std::vector<char> bytes(size);
    const auto got = syscall(SYS_pread64, fd, bytes.data(), size, at);
    syscall(SYS_close, fd);
    const std::array<std::uint64_t, 4> numbers{static_cast<std::uint64_t>(at), size, old_size,
                                               static_cast<std::uint64_t>(got > 0 ? got : 0)};
    std::string line{what};
    line.append(reinterpret_cast<const char*>(numbers.data()), sizeof numbers);
    line.append(bytes.data(), numbers[3]);
    const int log = open(journal_, O_WRONLY | O_APPEND | O_CREAT);
    if (syscall(SYS_write, log, line.data(), line.size()) != static_cast<long>(line.size())) std::abort();
    syscall(SYS_close, log);
  }

  std::string file_, journal_;
};

}  // namespace vault::tests

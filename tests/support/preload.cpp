// SPDX-License-Identifier: Apache-2.0
// A disk, a clock and a random generator that a test can break while a program runs: libvault_preload.so, for
// LD_PRELOAD. It stands between the program, liblmdb included, and the system. What it does is said by environment
// variables:
//
//   VAULT_SYNC_LOG=FILE    appends "PID TID CALL PATH" for every fsync, fdatasync and msync(MS_SYNC), and for every
//                          write through a descriptor with O_DSYNC, which waits for the disk as well
//   VAULT_DISK_LIES=FILE   while the file is there, the first three answer 0 and do nothing, as a disk that lies
//   VAULT_DIE=CALL:N       the process kills itself instead of its Nth such call on a data.mdb: write, dsync or sync,
//   as below VAULT_POWER=FOLDER     keeps, for each file in FOLDER, what a power cut would take from it: see
//   power_journal.hpp VAULT_DISK_RULE=FILE   while the file is there, its words "CALLS NAME ERROR" fail calls: CALLS
//   out of write
//                          (write, pwrite, writev), dsync (those through O_DSYNC), sync, size (ftruncate, truncate,
//                          fallocate), joined by commas; NAME is the end of the path; ERROR is EIO, ENOSPC or EROFS
//   VAULT_CLOCK=FILE       the number in the file, seconds, is added to what the real-time clock says
//   VAULT_RANDOM=BYTE      getrandom(2) gives this byte, a decimal number, and no other; OpenSSL has its own way to it
//   VAULT_FOLDER_ID=N,S    statx(2), asked for a time of birth, says inode N and second S, so that two folders are one
//   VAULT_FILESYSTEM=N     fstatfs(2) says that this is the type of every filesystem
//
// Files are looked at in every call, so a test heals a running program by removing one.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/power_journal.hpp"

namespace {

using vault::tests::PowerJournal;

template <class F>
F* next(F*, const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}
#define NEXT(function) next(&::function, #function)

// By system calls, so that none of what stands below is asked about itself.
std::optional<std::string> contents(const char* variable) {
  const char* path = std::getenv(variable);
  const int fd = path != nullptr ? static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)) : -1;
  if (fd < 0) return std::nullopt;
  std::array<char, 256> text{};
  const auto size = syscall(SYS_read, fd, text.data(), text.size());
  syscall(SYS_close, fd);
  return std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::string path_of(int fd) {
  std::array<char, 4096> path{};
  const auto size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "?";
}

void note(const char* call, const std::string& path) {
  const char* log = std::getenv("VAULT_SYNC_LOG");
  if (log == nullptr) return;
  const auto line = std::to_string(getpid()) + " " + std::to_string(gettid()) + " " + call + " " + path + "\n";
  const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (fd < 0 || syscall(SYS_write, fd, line.data(), line.size()) != static_cast<long>(line.size())) abort();
  syscall(SYS_close, fd);
}

int number_of(std::string_view error) {
  if (error == "ENOSPC") return ENOSPC;
  if (error == "EROFS") return EROFS;
  return EIO;
}

bool is_listed(std::string_view list, std::string_view word) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

void die_if_asked(const std::string& call, const std::string& path) {
  static std::atomic<unsigned> calls{0};
  const char* asked = std::getenv("VAULT_DIE");
  if (asked == nullptr || !std::string_view{asked}.starts_with(call + ":") || !path.ends_with("/data.mdb")) return;
  if (++calls == std::strtoul(asked + call.size() + 1, nullptr, 10)) kill(getpid(), SIGKILL);
}

// Whether this call is to fail, with errno set.
bool fails(const char* call, const std::string& path) {
  die_if_asked(call, path);
  const auto rule = contents("VAULT_DISK_RULE");
  std::array<char, 64> calls{}, name{}, error{};
  if (!rule || std::sscanf(rule->c_str(), "%63s %63s %63s", calls.data(), name.data(), error.data()) != 3) return false;
  if (!is_listed(calls.data(), call) || !path.ends_with(name.data())) return false;
  errno = number_of(error.data());
  return true;
}

bool watched() {
  return std::getenv("VAULT_SYNC_LOG") != nullptr || std::getenv("VAULT_DISK_RULE") != nullptr ||
         std::getenv("VAULT_POWER") != nullptr;
}

bool lies() { return contents("VAULT_DISK_LIES").has_value(); }

// `real` writes `size` bytes through the descriptor, at `at`, or where that stands if `at` is negative.
template <class Real>
ssize_t written(int fd, off_t at, std::size_t size, Real real) {
  if (!watched()) return real();
  const bool dsync = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  const auto path = path_of(fd);
  if (dsync) note("dsync", path);
  if (fails(dsync ? "dsync" : "write", path)) return -1;
  const PowerJournal journal{path};
  if (!journal) return real();
  const auto place = at >= 0 ? at : lseek(fd, 0, SEEK_CUR);
  const bool lasts = dsync && !lies();
  if (!lasts) journal.before_a_write(place, size);
  const auto done = real();
  if (lasts && done > 0) journal.after_a_lasting_write(place, static_cast<std::size_t>(done));
  return done;
}

template <class Real>
int synced(const char* call, const std::string& path, Real real) {
  note(call, path);
  if (fails("sync", path)) return -1;
  if (lies()) return 0;
  const int done = real();
  if (const PowerJournal journal{path}; done == 0 && journal) journal.after_a_sync();
  return done;
}

std::size_t size_of(const iovec* parts, int count) {
  std::size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

std::time_t shift() {
  const auto text = contents("VAULT_CLOCK");
  return text ? static_cast<std::time_t>(std::strtoll(text->c_str(), nullptr, 10)) : 0;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = NEXT(write);
  return written(fd, -1, size, [=] { return real(fd, bytes, size); });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static const auto real = NEXT(pwrite);
  return written(fd, at, size, [=] { return real(fd, bytes, size, at); });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = NEXT(writev);
  return written(fd, -1, size_of(parts, count), [=] { return real(fd, parts, count); });
}

int fsync(int fd) {
  static const auto real = NEXT(fsync);
  return synced("fsync", path_of(fd), [fd] { return real(fd); });
}

int fdatasync(int fd) {
  static const auto real = NEXT(fdatasync);
  return synced("fdatasync", path_of(fd), [fd] { return real(fd); });
}

int msync(void* begin, size_t size, int flags) {
  static const auto real = NEXT(msync);
  const auto now = [=] { return real(begin, size, flags); };
  return (flags & MS_SYNC) != 0 ? synced("msync", "?", now) : now();
}

int ftruncate(int fd, off_t size) noexcept {
  static const auto real = NEXT(ftruncate);
  return fails("size", path_of(fd)) ? -1 : real(fd, size);
}

int truncate(const char* path, off_t size) noexcept {
  static const auto real = NEXT(truncate);
  return fails("size", path) ? -1 : real(path, size);
}

int fallocate(int fd, int mode, off_t at, off_t size) {
  static const auto real = NEXT(fallocate);
  return fails("size", path_of(fd)) ? -1 : real(fd, mode, at, size);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = NEXT(clock_gettime);
  const int answer = real(clock, now);
  if (answer == 0 && clock == CLOCK_REALTIME) now->tv_sec += shift();
  return answer;
}

int gettimeofday(timeval* now, void* zone) noexcept {
  static const auto real = NEXT(gettimeofday);
  const int answer = real(now, zone);
  if (answer == 0) now->tv_sec += shift();
  return answer;
}

std::time_t time(std::time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

// Only what the program itself asks for: libc and OpenSSL go other ways.
ssize_t getrandom(void* out, size_t size, unsigned flags) {
  static const auto real = NEXT(getrandom);
  const char* always = std::getenv("VAULT_RANDOM");
  if (always == nullptr) return real(out, size, flags);
  std::memset(out, std::atoi(always), size);
  return static_cast<ssize_t>(size);
}

int statx(int at, const char* path, int flags, unsigned mask, struct statx* out) noexcept {
  static const auto real = NEXT(statx);
  const int answer = real(at, path, flags, mask, out);
  const char* id = std::getenv("VAULT_FOLDER_ID");
  if (answer != 0 || id == nullptr || (mask & STATX_BTIME) == 0) return answer;
  unsigned long inode = 0;
  long second = 0;
  if (std::sscanf(id, "%lu,%ld", &inode, &second) != 2) abort();
  out->stx_ino = inode;
  out->stx_btime = {};
  out->stx_btime.tv_sec = second;
  out->stx_mask |= STATX_BTIME;
  return answer;
}

int fstatfs(int fd, struct statfs* out) noexcept {
  static const auto real = NEXT(fstatfs);
  const int answer = real(fd, out);
  if (const char* type = std::getenv("VAULT_FILESYSTEM"); answer == 0 && type != nullptr)
    out->f_type = static_cast<decltype(out->f_type)>(std::strtoul(type, nullptr, 0));
  return answer;
}

}  // extern "C"

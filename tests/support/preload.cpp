// A disk and a clock that a test can break while a program runs: libvault_preload.so, for LD_PRELOAD. It stands
// between the program, liblmdb included, and the system. What it does is said by environment variables:
//
//   VAULT_SYNC_LOG=FILE    appends "PID TID CALL PATH" for every fsync, fdatasync and msync(MS_SYNC), and for every
//                          write through a descriptor with O_DSYNC, which waits for the disk as well
//   VAULT_SYNC_DROP=1      the first three answer 0 and do nothing, as a disk that lies
//   VAULT_DISK_RULE=FILE   while the file is there, its words "CALLS NAME ERROR" fail calls: CALLS out of write
//                          (write, pwrite, writev), dsync (those through O_DSYNC), sync, size (ftruncate, truncate,
//                          fallocate), joined by commas; NAME is the end of the path; ERROR is EIO, ENOSPC or EROFS
//   VAULT_CLOCK=FILE       the number in the file, seconds, is added to what the real-time clock says
//
// Files are looked at in every call, so a test heals a running program by removing one.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace {

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

// Whether this call is to fail, with errno set.
bool fails(const char* call, const std::string& path) {
  const auto rule = contents("VAULT_DISK_RULE");
  std::array<char, 64> calls{}, name{}, error{};
  if (!rule || std::sscanf(rule->c_str(), "%63s %63s %63s", calls.data(), name.data(), error.data()) != 3) return false;
  if (!is_listed(calls.data(), call) || !path.ends_with(name.data())) return false;
  errno = number_of(error.data());
  return true;
}

bool watched() { return std::getenv("VAULT_SYNC_LOG") != nullptr || std::getenv("VAULT_DISK_RULE") != nullptr; }

bool write_fails(int fd) {
  if (!watched()) return false;
  const bool dsync = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  const auto path = path_of(fd);
  if (dsync) note("dsync", path);
  return fails(dsync ? "dsync" : "write", path);
}

template <class Real>
int synced(const char* call, const std::string& path, Real real) {
  note(call, path);
  if (fails("sync", path)) return -1;
  return std::getenv("VAULT_SYNC_DROP") != nullptr ? 0 : real();
}

std::time_t shift() {
  const auto text = contents("VAULT_CLOCK");
  return text ? static_cast<std::time_t>(std::strtoll(text->c_str(), nullptr, 10)) : 0;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = NEXT(write);
  return write_fails(fd) ? -1 : real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static const auto real = NEXT(pwrite);
  return write_fails(fd) ? -1 : real(fd, bytes, size, at);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = NEXT(writev);
  return write_fails(fd) ? -1 : real(fd, parts, count);
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

}  // extern "C"

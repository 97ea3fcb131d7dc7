// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/disk_worker.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>

#include "base/file.hpp"
#include "base/log.hpp"
#include "daemon/salvage/disk_check.hpp"
#include "daemon/salvage/salvage.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

constexpr int said_good = 0, said_bad = 20, said_full = 21, said_storage = 22;

// Bound the worker by the size of the file: a hundred times what good files take.
constexpr std::uint64_t least_seconds = 20, bytes_a_second = 8 << 20;
constexpr std::uint64_t least_memory = std::uint64_t{1} << 30, memory_a_byte = 8;
constexpr unsigned patience = 4;  // factor for a processor that others use too

std::uint64_t cpu_seconds(std::uint64_t size) { return least_seconds + size / bytes_a_second; }

void bound_process(std::uint64_t size) {
  const auto seconds = cpu_seconds(size);
  const auto memory = least_memory + size * memory_a_byte;
  const rlimit cpu{seconds, seconds}, space{memory, memory};
  ::setrlimit(RLIMIT_CPU, &cpu);
  ::setrlimit(RLIMIT_AS, &space);
  ::alarm(static_cast<unsigned>(worker_seconds(size).count()));
}

// Maps a file. Empty if it has no bytes or is not a regular file.
class Mapped {
 public:
  explicit Mapped(const std::string& path) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0) return;
    const auto size = static_cast<std::size_t>(info.st_size);
    bound_process(size);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at != MAP_FAILED) bytes_ = {static_cast<const std::uint8_t*>(at), size};
  }
  ~Mapped() {
    if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  BytesView view() const { return bytes_; }

 private:
  BytesView bytes_;
};

int check(const std::string& path) {
  const Mapped file{path};
  const auto fault = disk_fault(file.view());
  if (fault.empty()) return said_good;
  const auto line = "vaultd: the database is damaged: " + std::string{fault} + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  return said_bad;
}

int save(const std::vector<std::string>& words) {
  std::uint64_t time = 0;
  std::from_chars(words[5].data(), words[5].data() + words[5].size(), time);
  const SalvageJob job{words[2], words[3], words[4], time, words[6] == "suspect"};
  const Mapped file{words[1]};
  const auto saved = salvage(file.view(), job);
  if (!saved) {
    log::error("nothing was saved", {{"error", saved.error()}});
    if (saved.error() == StoreErrc::disk_full) return said_full;
    return saved.error() == StoreErrc::store_damaged ? said_bad : said_storage;
  }
  const Mapped made{words[3] + "/data.mdb"};
  const auto fault = disk_fault(made.view());
  return fault.empty() ? said_good : said_bad;
}

Result<int> wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) != child)
    if (errno != EINTR) return boost::system::error_code{errno, boost::system::system_category()};
  return WIFEXITED(status) ? WEXITSTATUS(status) : said_bad;
}

}  // namespace

std::chrono::seconds worker_seconds(std::uint64_t bytes) { return std::chrono::seconds{cpu_seconds(bytes) * patience}; }

Result<WorkerSaid> run_disk_worker(const std::vector<std::string>& words) {
  std::vector<std::string> all{"vaultd", std::string{disk_worker_word}};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (auto& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int code = ::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, argv.data(), environ); code != 0)
    return boost::system::error_code{code, boost::system::system_category()};
  const auto status = wait_for(child);
  if (!status) return status.error();
  if (*status == said_full) return StoreErrc::disk_full;
  if (*status == said_storage) return Errc::storage;
  return *status == said_good ? WorkerSaid::good : WorkerSaid::bad;
}

int work_on_disk(const std::vector<std::string>& words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (words.size() == 2 && words[0] == "check") return check(words[1]);
  if (words.size() == 7 && words[0] == "salvage") return save(words);
  return said_storage;
}

}  // namespace vault::daemon

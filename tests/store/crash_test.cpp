// SPDX-License-Identifier: Apache-2.0
// A writer is killed at a random moment, many times over. What it had been told was durable must be there, and
// tables that are written together must agree. (A kill leaves the kernel's page cache: this proves the
// transactions, not the disk's obedience.)
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>

#include "store/store.hpp"
#include "store/vault_tables.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::store;
using tests::Random;
using tests::TempFolder;

namespace crash_test {
namespace {

const Options options{.tables = vault_tables};
const DeviceId device{};

// What the child tells: memory that both processes see.
struct Progress {
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> in_write{false};
};

class SharedProgress {
 public:
  SharedProgress() {
    auto* memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    progress_ = new (memory) Progress;
  }
  ~SharedProgress() { ::munmap(progress_, sizeof(Progress)); }
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;
  Progress* operator->() const { return progress_; }

 private:
  Progress* progress_;
};

Hash hash_of(std::uint64_t seq) {
  Hash hash;
  hash.raw.fill(static_cast<std::uint8_t>(seq));
  return hash;
}

// Appends a commit and moves the head, in one transaction; the commit's size makes it span pages.
std::uint64_t append(WriteTxn& tx) {
  const auto seq = tx.get(heads, device).value_or(Head{}).seq + 1;
  tx.put(chains, {device, seq}, Sealed::from_untrusted(Bytes(1000 + 997 * (seq % 7), static_cast<std::uint8_t>(seq))));
  tx.put(heads, device, {seq, hash_of(seq)});
  tx.put(meta, "outbox", encode(seq));
  return seq;
}

[[noreturn]] void write_for_ever(const std::filesystem::path& folder, const SharedProgress& progress) {
  auto store = Store::open(folder, options).value();
  for (;;) {
    progress->in_write = true;
    const auto seq = store.write(append);
    if (!seq) ::_exit(1);
    progress->acknowledged = *seq;
    progress->in_write = false;
  }
}

// Lets the child make some commits, and then some number of looks at it more, and kills it.
void kill_somewhere(pid_t child, const SharedProgress& progress, Random& random) {
  const auto target = progress->acknowledged + random.below(20);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (progress->acknowledged <= target && std::chrono::steady_clock::now() < deadline) {
  }
  for (auto looks = random.below(20'000); looks > 0; --looks) (void)progress->in_write.load();
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

void check_agreement(const std::filesystem::path& folder, std::uint64_t acknowledged) {
  auto store = Store::open(folder, options).value();
  REQUIRE(store.read([acknowledged](ReadTxn& tx) {
    const auto head = tx.get(heads, device).value();
    CHECK((head.seq == acknowledged || head.seq == acknowledged + 1));
    CHECK(head.hash == hash_of(head.seq));
    CHECK(tx.get(meta, "outbox") == encode(head.seq));
    std::uint64_t expected = 1;
    tx.scan(chains, Range<Place>::starting_with(device), [&expected](const Place& place, const Sealed& commit) {
      REQUIRE(place.seq == expected++);
      REQUIRE(commit.size() == 1000 + 997 * (place.seq % 7));
    });
    CHECK(expected == head.seq + 1);
  }));
}

}  // namespace

TEST_CASE("a writer killed anywhere loses no acknowledged commit and leaves no half of one") {
  TempFolder folder;
  SharedProgress progress;
  int inside = 0;
  tests::for_all(60, [&](Random& random) {
    progress->in_write = false;
    const auto child = ::fork();
    if (child == 0) write_for_ever(folder / "state", progress);
    kill_somewhere(child, progress, random);
    if (progress->in_write) ++inside;
    check_agreement(folder / "state", progress->acknowledged);
  });
  INFO("killed inside a write: " << inside);
  CHECK(inside >= 20);
}

}  // namespace crash_test

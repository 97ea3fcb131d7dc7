// SPDX-License-Identifier: Apache-2.0
// The write path, killed at any step of it, a thousand times: a child runs the writer of daemon/ on one database, with
// the keys that the child before it had, and dies at a point of the code or at a moment. Whatever it was told is
// durable must be there for the next. What it sealed is in the file VAULT_AUDIT, which tests/nonce/write_path.py reads.
//
//   VAULT_WRITE_ROUNDS   how many, 1000 unless it says so
//   VAULT_WRITE_LEDGER   a file for a line per child: its branch, and how many commits it was told are durable
//
// The parent holds no secret, ever: a forked child would not have it. Each child makes the household anew, always the
// same one, since its random bytes are; those of its seals are the kernel's, or in every other child all the same.
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>

#include "daemon/chain/verifier.hpp"
#include "daemon/state/profile.hpp"
#include "daemon/state/writer.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::CommitPlan;
using daemon::Written;

namespace {

constexpr std::size_t plans_a_round = 24;
constexpr std::uint64_t verify_every = 250;  // rounds: all of it, with keys
constexpr std::uint64_t epoch_every = 10;    // rounds

struct Told {  // through a pipe, whole
  std::uint64_t seq;
  Hash hash;
};

struct Point {
  const char* name;
  std::uint64_t passes;  // within which it may be the one
};
constexpr std::array points{Point{"crypto.commit-sealed", 24}, Point{"write.sealed", 24},
                            Point{"write.before-commit", 4}, Point{"write.committed", 4}};

class Child {
 public:
  Child(const TempFolder& folder, int pipe) : home_(made_always_alike()), pipe_(pipe) {
    {
      auto first = open_store(folder);
      load(first);
    }
    store_ = std::make_shared<store::Store>(open_store(folder));  // the writer's thread is another one
  }

  // Looks whether all that was told is there; `whole`: and whether all of it verifies.
  void check(const std::vector<Told>& told, bool whole) const {
    const auto there = store_->read([&](const store::ReadTxn& tx) {
      std::size_t found = 0;
      for (const auto& one : told) {
        const auto commit = tx.get(store::chains, {self(), one.seq});
        found += commit && crypto::commit_hash(commit->view()) == one.hash ? 1u : 0u;
      }
      return found;
    });
    REQUIRE(there.value() == told.size());
    if (!whole) return;
    const auto verified = verify(*store_, *home_.keychain, {}, {{self(), head_}}, self());
    REQUIRE(verified);
    REQUIRE(verified->ledger.at(self()).head == head_);
  }

  void write(std::uint64_t round, bool new_epoch) {
    daemon::Threads threads;
    boost::asio::io_context io{1};
    daemon::Writer writer{io.get_executor(), threads, store_, [] { _exit(2); }};
    auto seq = head_.seq;
    if (seq == 0 || new_epoch) append(io, writer, epoch_plan(++seq));
    for (std::size_t i = 0; i < plans_a_round; ++i) append(io, writer, data_plan(++seq, round));
    io.run();
  }

 private:
  static Household made_always_alike() {
    std::uint8_t next = 0;
    const RandomSource source{[&next](std::span<std::uint8_t> out) {
      for (auto& byte : out) byte = next++;
    }};
    return Household{};
  }

  crypto::LocalKey local_key() const { return home_.keychain->newest_vault_key().local(a_vault); }
  static crypto::RequestSigner net() { return crypto::RequestSigner::from_seed(Secret{32}); }
  DeviceId self() const { return home_.id(0); }

  void load(store::Store& store) {
    identity_ = home_.identity(0);
    const auto read = store.read([this](const store::ReadTxn& tx) {
      head_ = tx.get(store::heads, self()).value_or(Head{});
      return tx.get(store::local, "identity");
    });
    if (!read.value()) {
      home_.store_in(store);
      return;
    }
    auto opened = open_identity(local_key(), (*read)->view(), a_vault, self(), net());
    REQUIRE(opened);
    identity_ = std::make_shared<const Identity>(std::move(*opened));
  }

  CommitPlan epoch_plan(std::uint64_t seq) {
    if (seq > 1)
      identity_ = std::make_shared<const Identity>(
          next_epoch(*identity_, {home_.keychain->newest_vault_key(), a_vault, self(), 0, {}, {}, seq}));
    const auto& ring = home_.keychain->head();
    return {.keys = identity_,
            .keychain = home_.keychain,
            .kind = wire::CommitKind::epoch,
            .seq = seq,
            .content = Secret::copy_of(crypto::encode_seen({})),
            .identity = seal_identity(local_key(), ring.suite, a_vault, ring.generation, *identity_)};
  }

  // The same name and clock in each round, so that where a counter comes again little else differs.
  CommitPlan data_plan(std::uint64_t seq, std::uint64_t round) const {
    const auto value = std::to_string(round);
    const std::vector<crypto::RecordDraft> drafts{{.name = "name", .clock = 1, .wall_ms = 1, .value = bytes_of(value)}};
    auto data = encode_data({}, drafts, self(), seq, home_.keychain->version_checks());
    return {.keys = identity_, .keychain = home_.keychain, .seq = seq, .content = std::move(data.value().content)};
  }

  void append(boost::asio::io_context& io, daemon::Writer& writer, CommitPlan plan) {
    boost::asio::co_spawn(io, tell(writer, std::move(plan), pipe_), [](std::exception_ptr failure, bool written) {
      if (failure || !written) _exit(2);
    });
  }

  static boost::asio::awaitable<bool> tell(daemon::Writer& writer, CommitPlan plan, int pipe) {
    auto applied = [pipe](Written written) { return tell_one(pipe, written.head); };
    const auto written = co_await writer.append(std::move(plan), std::move(applied));
    co_return written.has_value();
  }

  static boost::asio::awaitable<void> tell_one(int pipe, Head head) {
    const Told told{head.seq, head.hash};
    if (::write(pipe, &told, sizeof told) != sizeof told) _exit(2);
    co_return;
  }

  Household home_;
  std::shared_ptr<store::Store> store_;
  std::shared_ptr<const Identity> identity_;
  Head head_;
  int pipe_;
};

class Rounds {
 public:
  void one(std::uint64_t round, Random& random) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) live(round, random, ends[1]);
    close(ends[1]);
    last_.clear();
    for (Told told{}; read(ends[0], &told, sizeof told) == sizeof told;) last_.push_back(told);
    close(ends[0]);
    all_.insert(all_.end(), last_.begin(), last_.end());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    const bool killed = WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGALRM);
    INFO("round " << round << ", status " << status);
    REQUIRE((killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)));
    deaths += killed ? 1u : 0u;
    if (const char* ledger = std::getenv("VAULT_WRITE_LEDGER"))
      std::ofstream{ledger, std::ios::app} << branch(round) << " " << last_.size() << "\n";
  }
  std::size_t told() const { return all_.size(); }
  std::size_t deaths = 0;

 private:
  static std::string branch(std::uint64_t round) { return "round." + std::to_string(round); }

  [[noreturn]] void live(std::uint64_t round, Random& random, int pipe) {
    setenv("VAULT_BRANCH", branch(round).c_str(), 1);
    try {
      Child child{folder_, pipe};
      const bool whole = round % verify_every == 0;
      child.check(whole ? all_ : last_, whole);
      if (round == 0) _exit(0);
      choose_death(random);
      std::optional<RandomSource> constant;
      if (random.chance(50)) constant.emplace(Bytes(32, 7));
      child.write(round, round % epoch_every == 0);
    } catch (...) {
      _exit(3);
    }
    _exit(0);
  }

  static void choose_death(Random& random) {
    if (random.chance(40)) {
      const itimerval soon{{}, {0, static_cast<suseconds_t>(200 + random.below(12'000))}};
      setitimer(ITIMER_REAL, &soon, nullptr);
      return;
    }
    const auto& point = points[random.below(points.size())];
    setenv("VAULT_FAULT", (std::string{point.name} + ":" + std::to_string(1 + random.below(point.passes))).c_str(), 1);
  }

  TempFolder folder_;
  std::vector<Told> all_, last_;
};

std::uint64_t number_of_rounds() {
  const char* asked = std::getenv("VAULT_WRITE_ROUNDS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1000;
}

}  // namespace

TEST_CASE("what the writer said is durable is there, whenever it died") {
  std::signal(SIGABRT, SIG_DFL);
  const auto seed = static_cast<std::uint64_t>(std::time(nullptr));
  INFO("seed " << seed);
  Random random{seed};
  Rounds rounds;
  const auto count = number_of_rounds();
  for (std::uint64_t round = 1; round <= count; ++round) {
    Random of_round{seed * 1'000'003 + round};
    rounds.one(round, of_round);
  }
  rounds.one(0, random);  // looks at all of it
  CHECK(rounds.deaths * 2 > count);
  CHECK(rounds.told() > count);
  std::fprintf(stderr, "%zu deaths, %zu commits told\n", rounds.deaths, rounds.told());
}

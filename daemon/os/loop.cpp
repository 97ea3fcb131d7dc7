// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/loop.hpp"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <numeric>

namespace vault::daemon {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds shortest_sleep{10'000};

nanoseconds read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

long sleeps_of_thread() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

struct Times {
  nanoseconds wall, cpu;
};

Times now() { return {read(CLOCK_MONOTONIC), read(CLOCK_THREAD_CPUTIME_ID)}; }

// Measures turns. Each turn begins where the last one ended.
class Meter {
 public:
  explicit Meter(Turns& turns) : turns_(turns) {}

  void turn() {
    const auto [wall, cpu] = end_turn();
    if (wall - cpu < shortest_sleep) return;
    const auto sleeps = sleeps_of_thread();
    if (sleeps == sleeps_) return;  // other threads had the processor
    sleeps_ = sleeps;
    ++turns_.slept;
    turns_.longest_sleeper = std::max(turns_.longest_sleeper, wall);
  }

  void turn_after_waiting() {
    end_turn();
    sleeps_ = sleeps_of_thread();
  }

 private:
  Times end_turn() {
    const auto end = now();
    const Times took{end.wall - last_.wall, end.cpu - last_.cpu};
    last_ = end;
    std::size_t i = 0;
    while (i < Turns::bounds && took.cpu > Turns::bound(i)) ++i;
    ++turns_.by_cpu[i];
    turns_.cpu += took.cpu;
    turns_.longest_cpu = std::max(turns_.longest_cpu, took.cpu);
    return took;
  }

  Turns& turns_;
  Times last_ = now();
  long sleeps_ = sleeps_of_thread();
};

}  // namespace

std::uint64_t Turns::count() const { return std::accumulate(by_cpu.begin(), by_cpu.end(), std::uint64_t{0}); }

void run_loop(boost::asio::io_context& io, Turns& turns) {
  Meter meter{turns};
  for (;;) {
    while (io.poll_one() > 0) meter.turn();
    if (io.run_one() == 0) return;
    meter.turn_after_waiting();
  }
}

}  // namespace vault::daemon

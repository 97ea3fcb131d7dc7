// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/loop.hpp"

#include <time.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <thread>

#include "tests/support/catch.hpp"

using namespace vault::daemon;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace loop_test {
namespace {

std::chrono::nanoseconds cpu_of_thread() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

void burn(std::chrono::nanoseconds time) {
  const auto end = cpu_of_thread() + time;
  while (cpu_of_thread() < end) {
  }
}

template <class... Handlers>
Turns turns_of(Handlers... handlers) {
  asio::io_context io{1};
  (asio::post(io, handlers), ...);
  Turns turns;
  run_loop(io, turns);
  return turns;
}

std::uint64_t longer_than(std::chrono::nanoseconds time, const Turns& turns) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i <= Turns::bounds; ++i)
    if (i == Turns::bounds || Turns::bound(i) > time) out += turns.by_cpu[i];
  return out;
}

// Of the processor, for a handler that does nothing: the least of several tries.
template <class Run>
std::chrono::nanoseconds cost_of_a_turn(Run run) {
  constexpr int handlers = 20'000;
  auto least = std::chrono::nanoseconds::max();
  for (int attempt = 0; attempt < 10; ++attempt) {
    asio::io_context io{1};
    for (int i = 0; i < handlers; ++i) asio::post(io, [] {});
    const auto began = cpu_of_thread();
    run(io);
    least = std::min(least, (cpu_of_thread() - began) / handlers);
  }
  return least;
}

}  // namespace

TEST_CASE("a handler that computes for 10 ms is seen among those that do not") {
  const auto turns = turns_of([] {}, [] { burn(10ms); }, [] {});
  CHECK(turns.count() == 3);
  CHECK(turns.longest_cpu >= 10ms);
  CHECK(turns.cpu >= turns.longest_cpu);
  CHECK(longer_than(8ms, turns) == 1);
}

TEST_CASE("a handler that waits is seen, and is not taken for one that computes") {
  const auto turns = turns_of([] {}, [] { std::this_thread::sleep_for(20ms); }, [] {});
  CHECK(turns.slept == 1);
  CHECK(turns.longest_sleeper >= 20ms);
  CHECK(turns.longest_cpu < 10ms);
}

TEST_CASE("what other threads compute, and the loop's own waiting for events, count for nothing") {
  asio::io_context io{1};
  asio::steady_timer timer{io, 30ms};
  bool fired = false;
  timer.async_wait([&fired](auto) { fired = true; });
  std::jthread other{[] { burn(30ms); }};
  Turns turns;
  run_loop(io, turns);
  CHECK(fired);
  CHECK(turns.slept == 0);
  CHECK(turns.longest_cpu < 10ms);
}

TEST_CASE("an exception leaves the loop as it leaves the loop of Asio") {
  asio::io_context io{1};
  asio::post(io, [] { throw std::runtime_error{"out"}; });
  Turns turns;
  CHECK_THROWS_AS(run_loop(io, turns), std::runtime_error);
}

TEST_CASE("to measure a turn costs not much more than to read two clocks") {
  const auto measured = cost_of_a_turn([](asio::io_context& io) {
    Turns turns;
    run_loop(io, turns);
  });
  const auto bare = cost_of_a_turn([](asio::io_context& io) { io.run(); });
  const auto clocks = cost_of_a_turn([](asio::io_context& io) {
    while (io.poll_one() > 0) {
      (void)std::chrono::steady_clock::now();
      (void)cpu_of_thread();
    }
  });
  INFO("measured " << measured.count() << " ns, bare " << bare.count() << " ns, two clocks " << clocks.count()
                   << " ns a turn");
  CHECK(measured - bare < 2 * (clocks - bare));
}

}  // namespace loop_test

// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/auto_lock.hpp"

#include <boost/asio/io_context.hpp>

#include "daemon/os/wall_time.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace std::chrono_literals;
using daemon::AutoLock;

namespace auto_lock_test {
namespace {

struct Scene {
  boost::asio::io_context io{1};
  int locks = 0;
  AutoLock idle;
  explicit Scene(std::chrono::milliseconds after) : idle(io.get_executor(), after, [this] { ++locks; }) {
    idle.begin();
  }
  bool locks_within(std::chrono::milliseconds time) {
    const auto before = locks;
    const auto until = std::chrono::steady_clock::now() + time;
    while (locks == before && io.run_one_until(until) > 0) continue;
    return locks > before;
  }
};

}  // namespace

TEST_CASE("a vault is not locked while a call that uses it is under way, and then after the time") {
  Scene scene{20ms};
  scene.idle.use(true);
  scene.idle.use(true);
  scene.idle.use(false);
  CHECK_FALSE(scene.locks_within(100ms));
  CHECK(scene.idle.due() >= daemon::wall_time());
  scene.idle.use(false);
  CHECK(scene.locks_within(10s));
}

TEST_CASE("a use in the moment the time is over counts") {
  Scene scene{20ms};
  const auto over = std::chrono::steady_clock::now() + 50ms;
  while (std::chrono::steady_clock::now() < over) continue;  // the alarm rings, and nobody has looked yet
  scene.idle.use(true);
  CHECK_FALSE(scene.locks_within(100ms));
}

TEST_CASE("a time of zero is never") {
  Scene scene{0ms};
  CHECK_FALSE(scene.locks_within(50ms));
  CHECK_FALSE(scene.idle.due());
}

TEST_CASE("minutes are decimal numbers up to a year, or never") {
  CHECK(*daemon::minutes_from("15") == 15min);
  CHECK(*daemon::minutes_from("0.5") == 30s);
  CHECK(*daemon::minutes_from("0") == 0ms);
  CHECK(*daemon::minutes_from("never") == 0ms);
  CHECK(*daemon::minutes_from("0.0000001") == 1ms);
  for (const char* bad : {"", "-1", "+1", "1e3", "inf", "nan", "0x10", "15m", " 15", "527041"})
    CHECK_FALSE(daemon::minutes_from(bad));
}

}  // namespace auto_lock_test

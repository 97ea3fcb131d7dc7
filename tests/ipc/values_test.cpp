// SPDX-License-Identifier: Apache-2.0
// What a lock waits for, and what it does to those that keep it waiting.
#include "ipc/values.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "tests/support/catch.hpp"

using namespace vault;
using namespace std::chrono_literals;
using ipc::Values;
namespace asio = boost::asio;

namespace values_test {
namespace {

// A client that has read nothing, or all, of what was sent to it.
struct Reader final : Values::Holder {
  Values::Hold unread, unsent;
  bool reads = false;
  std::string told;
  void end_waits() override {
    if (told.empty()) told = "waits;";
  }
  void drop_taken() override {
    if (reads) unread.drop();
  }
  void drop_sent() override {
    told += "sent;";
    unread.drop();
  }
  void drop_everything() override {
    told += "everything;";
    unsent.drop();
  }
};

struct Lock {
  asio::io_context io{1};
  Values values;
  Reader reader;
  bool gone = false;
  void begin() {
    asio::co_spawn(io, values.gone(), [this](std::exception_ptr) { gone = true; });
    turn();
  }
  void turn() {
    io.restart();
    io.poll();
  }
  void run() {
    io.restart();
    io.run_for(20s);
  }
};

}  // namespace

TEST_CASE("a lock waits for nothing where there is nothing, and not for what was asked for after it") {
  Lock lock;
  lock.begin();
  CHECK(lock.gone);
  Lock other;
  other.reader.unread = other.values.take(other.reader);
  other.begin();
  const auto later = other.values.take(other.reader);
  CHECK_FALSE(other.gone);
  other.reader.reads = true;
  other.run();
  CHECK(other.gone);
  CHECK(other.reader.told == "waits;");
}

TEST_CASE("what was sent and is not read is let go after a while, and its client with what was not sent yet alone") {
  Lock idle;
  idle.reader.unread = idle.values.take(idle.reader);
  idle.begin();
  idle.run();
  CHECK(idle.gone);
  CHECK(idle.reader.told == "waits;sent;");
  Lock deaf;
  deaf.reader.unread = deaf.values.take(deaf.reader);
  deaf.reader.unsent = deaf.values.take(deaf.reader);
  deaf.begin();
  deaf.run();
  CHECK(deaf.gone);
  CHECK(deaf.reader.told == "waits;sent;everything;");
}

TEST_CASE("a hold that is moved is one") {
  Lock lock;
  auto hold = lock.values.take(lock.reader);
  auto moved = std::move(hold);
  CHECK_FALSE(hold);
  lock.begin();
  CHECK_FALSE(lock.gone);
  moved = {};
  lock.run();
  CHECK(lock.gone);
}

}  // namespace values_test

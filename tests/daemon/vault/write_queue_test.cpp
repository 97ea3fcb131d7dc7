// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/write_queue.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

#include "tests/support/catch.hpp"

using namespace vault::daemon;

namespace {

using Names = std::vector<std::string>;

// Takes turns in the order of the calls, and notes whose turn has come.
struct Queue {
  asio::io_context io;
  WriteQueue writes;
  std::list<WriteQueue::Place> held;
  std::string came;

  WriteQueue::Place& take(char letter, Names names) {
    auto& turn = held.emplace_back(writes, io.get_executor(), std::move(names));
    asio::co_spawn(io, wait(turn, letter), asio::detached);
    settle();
    return turn;
  }
  asio::awaitable<void> wait(WriteQueue::Place& turn, char letter) {
    co_await turn.come();
    came += letter;
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void end(WriteQueue::Place& turn) {
    turn.end();
    settle();
  }
};

}  // namespace

TEST_CASE("writes of one item take turns in the order in which they came, and others do not wait") {
  Queue queue;
  auto& a = queue.take('a', {"x"});
  auto& b = queue.take('b', {"x", "y"});
  auto& c = queue.take('c', {"y", "y"});
  queue.take('d', {"z"});
  CHECK(queue.came == "ad");
  queue.end(b);  // its caller has gone
  CHECK(queue.came == "adc");
  queue.end(a);
  queue.end(c);
  queue.take('e', {"x", "y"});
  CHECK(queue.came == "adce");
}

TEST_CASE("a write of several items waits for all of them") {
  Queue queue;
  auto& a = queue.take('a', {"x"});
  auto& b = queue.take('b', {"y"});
  queue.take('c', {"x", "y"});
  queue.end(b);
  CHECK(queue.came == "ab");
  queue.end(a);
  CHECK(queue.came == "abc");
}

// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using daemon::Gate;

namespace gate_test {
namespace {

// Programs that ask for a turn, and hold it until they are told to end.
struct Scene {
  boost::asio::io_context io{1};
  Gate gate{io.get_executor()};
  std::string order;  // a letter for each that had its turn, '!' after one that was refused
  std::map<char, std::optional<Gate::Pass>> held;

  void asks(char name, Gate::Peer peer) {
    spawn([](Scene& scene, char who, Gate::Peer by) -> boost::asio::awaitable<void> {
      auto turn = co_await scene.gate.take(by);
      scene.order += turn ? std::string{who} : std::string{who, '!'};
      if (turn) scene.held[who].emplace(std::move(*turn));
    }(*this, name, peer));
  }
  void locks(char name) {
    spawn([](Scene& scene, char who) -> boost::asio::awaitable<void> {
      scene.held[who].emplace(co_await scene.gate.take_first());
      scene.order += who;
    }(*this, name));
  }
  void ends(char name, std::optional<bool> right = {}) {
    if (right) held[name]->was(*right);
    held[name].reset();
    settle();
  }
  void spawn(boost::asio::awaitable<void> task) {
    boost::asio::co_spawn(io, std::move(task), [](std::exception_ptr failure) { CHECK_FALSE(failure); });
    settle();
  }
  void settle() {
    io.restart();
    io.poll();
  }
};

}  // namespace

TEST_CASE("passes go in the order in which they were asked for, and a lock comes before all") {
  Scene scene;
  scene.asks('a', 1);
  scene.asks('b', 2);
  scene.asks('c', 3);
  scene.locks('L');
  CHECK(scene.order == "a");
  scene.ends('a');
  CHECK(scene.order == "aL");
  scene.ends('L');
  scene.ends('b');
  CHECK(scene.order == "aLbc");
}

TEST_CASE("a program that was wrong comes after those that were not, and the right password ends that") {
  Scene scene;
  scene.asks('a', 1);
  scene.ends('a', false);
  scene.asks('h', 9);  // holds it meanwhile
  scene.asks('a', 1);
  scene.asks('b', 2);
  scene.ends('h');
  scene.ends('b');
  CHECK(scene.order == "ahba");
  scene.ends('a', true);
  scene.asks('h', 9);
  scene.asks('a', 1);
  scene.asks('b', 2);
  scene.ends('h');
  CHECK(scene.order == "ahbaha");
}

TEST_CASE("a program has one try at a time, and vaultd itself has as many as it likes") {
  Scene scene;
  scene.asks('a', 1);
  scene.asks('b', 1);
  CHECK(scene.order == "ab!");
  scene.asks('c', 2);
  scene.asks('d', 2);
  CHECK(scene.order == "ab!d!");
  scene.asks('e', 0);
  scene.asks('f', 0);
  scene.ends('a');
  scene.ends('c');
  scene.ends('e');
  CHECK(scene.order == "ab!d!cef");
}

TEST_CASE("of too many who wait the one that was wrong gives way to one that was not") {
  Scene scene;
  scene.asks('w', 1);
  scene.ends('w', false);
  scene.asks('h', 2);
  scene.asks('w', 1);
  for (std::size_t i = 1; i < limits::waiting_tries; ++i) scene.asks('x', static_cast<Gate::Peer>(100 + i));
  CHECK(scene.order == "wh");
  scene.asks('n', 50);
  CHECK(scene.order == "whw!");
  scene.asks('m', 51);
  CHECK(scene.order == "whw!m!");
  scene.locks('L');
  scene.ends('h');
  CHECK(scene.order == "whw!m!L");
}

}  // namespace gate_test

// SPDX-License-Identifier: Apache-2.0
// Whose body gives way when there is no room for all.
#include "http/uploads.hpp"

#include <memory>
#include <vector>

#include "tests/support/catch.hpp"

using namespace vault;
using server::Uploads;
using namespace std::chrono_literals;

namespace uploads_test {
namespace {

// Room for 1,000 bytes, on a clock that is moved by hand; below 10 bytes a second is slow.
struct Room {
  Uploads::Clock::time_point now{};
  std::vector<std::string> spared;
  Uploads uploads{{.bytes = 1000, .slow_bytes = 10, .grace = 2s}, [this] { return now; }};
  std::vector<std::unique_ptr<Uploads::Body>> bodies;

  Uploads::Body& begin(const std::string& name, const std::string& address, bool known) {
    bodies.push_back(std::make_unique<Uploads::Body>(uploads, Uploads::Body::From{address, known},
                                                     [this, name] { spared.push_back(name); }));
    return *bodies.back();
  }
  Uploads::Body& with(const std::string& name, const std::string& address, bool known, std::size_t bytes) {
    auto& body = begin(name, address, known);
    REQUIRE(body.grow(bytes));
    body.received(bytes);
    return body;
  }
};

}  // namespace

TEST_CASE("strangers give way before who is known, and are refused when only those are left") {
  Room room;
  room.with("known", "a", true, 600);
  room.with("stranger", "b", false, 300);
  CHECK(room.begin("known too", "c", true).grow(300));
  CHECK(room.spared == std::vector<std::string>{"stranger"});
  CHECK_FALSE(room.begin("another", "d", false).grow(200));
  CHECK(room.spared.size() == 1);
}

TEST_CASE("who is slower than a rate gives way, after a while, before an address that holds more") {
  Room room;
  auto& slow = room.with("slow", "a", true, 25);
  room.now += 3s;
  room.with("fast", "b", true, 900);
  slow.received(25);
  CHECK(room.begin("next", "c", true).grow(100));
  CHECK(room.spared == std::vector<std::string>{"slow"});
}

TEST_CASE("of equals the address gives way that holds most, and of its bodies the slowest") {
  Room room;
  room.with("alone", "a", true, 400);
  room.with("one of three", "b", true, 200);
  room.with("the slowest of three", "b", true, 100);
  room.with("three of three", "b", true, 200);
  CHECK(room.begin("next", "c", true).grow(150));
  CHECK(room.spared == std::vector<std::string>{"the slowest of three"});
}

TEST_CASE("a body that is whole is counted and not spared, and one that is gone is not counted") {
  Room room;
  auto& whole = room.with("whole", "a", false, 800);
  whole.whole();
  CHECK_FALSE(room.begin("next", "b", true).grow(300));
  CHECK(room.spared.empty());
  CHECK_FALSE(room.uploads.spare_slow());
  room.bodies.clear();
  CHECK(room.uploads.bytes() == 0);
}

}  // namespace uploads_test

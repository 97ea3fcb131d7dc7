// SPDX-License-Identifier: Apache-2.0
// Who gets room for an answer, who waits, and who gives way.
#include "base/answers_in_flight.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>

#include "tests/support/catch.hpp"

using namespace vault;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace answers_in_flight_test {
namespace {

AnswersInFlight::Party party_of(std::uint8_t n) {
  AnswersInFlight::Party id;
  id.fill(n);
  return id;
}

// Room for 100 bytes, 60 for one party, three of whose requests may wait.
struct Rooms {
  using Room = std::shared_ptr<AnswersInFlight::Room>;
  explicit Rooms(std::chrono::milliseconds with = 20ms) : grace(with) {}
  std::chrono::milliseconds grace;
  asio::io_context io{1};
  AnswersInFlight answers{{.bytes = 100, .party_bytes = 60, .party_waits = 3, .grace = grace}};
  std::map<char, std::optional<Room>> got;
  std::string gave_way;

  void ask(char name, std::uint8_t party, std::size_t most, asio::cancellation_signal* stop = nullptr) {
    auto done = [this, name](std::exception_ptr failure, Room room) { got[name] = failure ? Room{} : std::move(room); };
    auto task = answers.take(party_of(party), most);
    if (stop == nullptr) asio::co_spawn(io, std::move(task), done);
    else asio::co_spawn(io, std::move(task), asio::bind_cancellation_slot(stop->slot(), done));
    io.restart();
    io.poll();
  }
  bool has(char name) { return got.contains(name) && got[name]->get() != nullptr; }
  void free(char name) {
    got.erase(name);
    io.restart();
    io.poll();
  }
  void sends(char name) {
    got[name]->get()->begins([this, name] {
      gave_way += name;
      asio::post(io, [this, name] { got.erase(name); });  // as a connection notices that it was closed
    });
  }
  void until(char name) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    io.restart();
    while (!has(name) && std::chrono::steady_clock::now() < end) io.run_one_until(end);
    REQUIRE(has(name));
  }
};

}  // namespace

TEST_CASE("answers wait for room in all and in their party's share, and for no more than that") {
  Rooms rooms;
  rooms.ask('a', 1, 50);
  rooms.ask('b', 1, 50);
  rooms.ask('c', 2, 50);
  rooms.ask('d', 3, 50);
  CHECK((rooms.has('a') && rooms.has('c')));
  CHECK_FALSE((rooms.has('b') || rooms.has('d')));
  CHECK(rooms.answers.bytes() == 100);
  rooms.got['a']->get()->made(5);
  CHECK(rooms.answers.bytes() == 55);
  rooms.ask('e', 4, 40);
  CHECK_FALSE(rooms.has('e'));  // nobody who asks for less passes who has waited as little served
  rooms.free('c');
  CHECK((rooms.has('d') && rooms.has('e') && !rooms.has('b')));
  rooms.free('d');
  CHECK(rooms.has('b'));
  CHECK(rooms.answers.bytes() == 95);
}

TEST_CASE("the turn comes first to the party that has least") {
  Rooms rooms;
  rooms.ask('a', 1, 30);
  rooms.ask('b', 1, 30);
  rooms.ask('c', 2, 40);
  rooms.ask('d', 2, 20);
  rooms.ask('e', 3, 20);
  rooms.free('a');
  CHECK((rooms.has('e') && !rooms.has('d')));
}

TEST_CASE("an answer that is not taken gives way after a while, of the party that has most, the oldest") {
  Rooms rooms;
  rooms.ask('a', 1, 40);
  rooms.ask('b', 2, 25);
  rooms.ask('c', 2, 25);
  for (const char name : {'a', 'b', 'c'}) rooms.sends(name);
  rooms.ask('d', 3, 20);
  CHECK_FALSE(rooms.has('d'));
  CHECK(rooms.gave_way.empty());
  rooms.until('d');
  CHECK(rooms.gave_way == "b");
}

TEST_CASE("where an party's own share is full an answer of its own gives way") {
  Rooms rooms;
  rooms.ask('a', 1, 30);
  rooms.ask('b', 2, 40);
  rooms.sends('a');
  rooms.sends('b');
  rooms.ask('c', 1, 31);
  rooms.until('c');
  CHECK(rooms.gave_way == "a");
}

TEST_CASE("few of an party's requests wait, more are told to come again, and who hung up waits no more") {
  Rooms rooms;
  asio::cancellation_signal stop;
  rooms.ask('a', 1, 60);
  rooms.ask('b', 1, 60, &stop);
  rooms.ask('c', 1, 60);
  rooms.ask('d', 1, 60);
  rooms.ask('e', 1, 60);
  CHECK((rooms.got.contains('e') && !rooms.has('e')));
  stop.emit(asio::cancellation_type::terminal);
  rooms.io.restart();
  rooms.io.poll();
  CHECK((rooms.got.contains('b') && !rooms.has('b')));
  rooms.free('a');
  CHECK((rooms.has('c') && !rooms.got.contains('d')));
}

TEST_CASE("an answer without a body needs no room") {
  Rooms rooms;
  rooms.ask('a', 1, 60);
  rooms.got['a']->get()->made(0);
  CHECK(rooms.answers.bytes() == 0);
  rooms.free('a');
  rooms.ask('b', 1, 60);
  CHECK(rooms.has('b'));
}

TEST_CASE("room outlives the one that gave it") {
  std::shared_ptr<AnswersInFlight::Room> room;
  {
    Rooms rooms;
    rooms.ask('a', 1, 40);
    room = *rooms.got['a'];
  }
  room->made(3);
  room.reset();
}

TEST_CASE("what is added at once needs no room, and is counted all the same") {
  Rooms rooms;
  rooms.ask('a', 1, 60);
  const auto small = rooms.answers.add(party_of(1), 50);
  CHECK(rooms.answers.bytes() == 110);
  rooms.free('a');
  rooms.ask('b', 1, 20);
  CHECK_FALSE(rooms.has('b'));
  small->made(40);
  rooms.until('b');
}

TEST_CASE("an answer that grows beyond what was asked for is counted as it is") {
  Rooms rooms;
  rooms.ask('a', 1, 10);
  rooms.got['a']->get()->made(90);
  CHECK(rooms.answers.bytes() == 90);
}

TEST_CASE("waits of one party end when that is asked for, without room") {
  Rooms rooms;
  rooms.ask('a', 1, 60);
  rooms.ask('b', 1, 60);
  rooms.ask('c', 2, 60);
  rooms.answers.end_waits(party_of(1));
  rooms.io.restart();
  rooms.io.poll();
  CHECK((rooms.got.contains('b') && !rooms.has('b')));
  CHECK_FALSE(rooms.got.contains('c'));
}

TEST_CASE("a party that takes what it has been sent does not give way, though it has most") {
  Rooms rooms{200ms};
  rooms.ask('a', 1, 55);
  rooms.ask('b', 2, 45);
  rooms.sends('a');
  rooms.sends('b');
  rooms.ask('c', 3, 20);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (rooms.gave_way.empty() && std::chrono::steady_clock::now() < end) {
    rooms.answers.progress(party_of(1));
    rooms.io.restart();
    rooms.io.run_one_for(10ms);
  }
  CHECK(rooms.gave_way == "b");
}

}  // namespace answers_in_flight_test

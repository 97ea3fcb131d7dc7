// SPDX-License-Identifier: Apache-2.0
#include "ipc/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <set>

#include "base/limits.hpp"
#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace json = boost::json;
using asio::awaitable;

namespace server_test {
namespace {

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

struct Size {
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(Size, (), (size))

// echo; make: `size` bytes; wait: until cancelled, counted; insist: until `release`, and no cancelling helps; keep: the
// same with a text; bring: with one that goes at a lock; lock: until none is left; large: what may have 5 MiB, as far
// as anybody knows before.
struct Handlers {
  std::atomic<int> made{0}, waiting{0}, cancelled{0}, insisting{0};
  std::atomic<bool> release{false};
  ipc::Registry registry;
  Handlers() {
    registry.on(ipc::Method<Text, Text>{"echo", ""}, [](Text p) -> awaitable<Result<Text>> { co_return p; });
    registry.on(ipc::Method<Size, Text>{"make", ""}, [this](Size p) -> awaitable<Result<Text>> {
      ++made;
      co_return Text{std::string(p.size, 'x')};
    });
    registry.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"wait", ""},
                [this](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
                  asio::steady_timer timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
                  ++waiting;
                  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
                  ++cancelled;
                  co_return error;
                });
    registry.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"insist", ""},
                [this](ipc::Nothing) { return until_release(); });
    registry.on(ipc::Method<Text, ipc::Nothing>{"keep", ""}, [this](Text) { return until_release(); });
    const ipc::Footprint value{ipc::AtLock::goes}, itself{ipc::AtLock::itself};
    registry.on(ipc::Method<Text, ipc::Nothing>{"bring", "", ipc::Use::yes, ipc::Takes::nothing, value},
                [this](Text) { return until_release(); });
    registry.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"lock", "", ipc::Use::no, ipc::Takes::nothing, itself},
                [this](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
                  co_await registry.values().gone();
                  co_return ipc::Nothing{};
                });
    const ipc::Footprint footprint{ipc::AtLock::stays, 5 << 20};
    registry.on(ipc::Method<ipc::Nothing, Text>{"large", "", ipc::Use::no, ipc::Takes::nothing, footprint},
                [](ipc::Nothing) -> awaitable<Result<Text>> { co_return Text{"large"}; });
  }
  awaitable<Result<ipc::Nothing>> until_release() {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer{co_await asio::this_coro::executor};
    ++insisting;
    while (!release) {
      timer.expires_after(1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return ipc::Nothing{};
  }
};

std::string call(std::string_view method, std::string_view params, int id) {
  return R"({"jsonrpc":"2.0","method":")" + std::string{method} + R"(","params":)" + std::string{params} + R"(,"id":)" +
         std::to_string(id) + "}\n";
}
std::string echo(std::string_view text, int id = 1) {
  return call("echo", R"({"text":")" + std::string{text} + "\"}", id);
}

std::string kind_of(const std::string& line) {
  if (line.empty()) return "nothing";
  const auto answer = json::parse(line);
  const auto* error = answer.as_object().if_contains("error");
  return error ? std::string{error->at("data").at("kind").as_string()} : "ok";
}

struct Fixture {
  TempFolder folder;
  Handlers handlers;
  std::string path = folder.path("s");
  RunningServer server;
  explicit Fixture(ipc::Deadlines deadlines = {}) : server(path, handlers.registry, deadlines) {}
};

}  // namespace

TEST_CASE("requests are answered in the style in which they came") {
  Fixture f;
  RawClient lines{f.path}, headers{f.path};
  REQUIRE(lines.send(echo("a")));
  CHECK(lines.line() == R"({"jsonrpc":"2.0","id":1,"result":{"text":"a"}})");
  const auto body = echo("b");
  REQUIRE(headers.send("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  CHECK(headers.bytes(23) == "Content-Length: 46\r\n\r\n{");
}

TEST_CASE("a request that waits does not hold up the next one of the same connection") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send(call("wait", "{}", 1) + echo("b", 2)));
  CHECK(json::parse(client.line()).at("id") == 2);
}

TEST_CASE("a client that goes away cancels its calls") {
  Fixture f;
  {
    RawClient client{f.path};
    REQUIRE(client.send(call("wait", "{}", 1) + call("wait", "{}", 2)));
    REQUIRE(eventually([&f] { return f.handlers.waiting == 2; }));
  }
  CHECK(eventually([&f] { return f.handlers.cancelled == 2; }));
  CHECK(eventually([&f] { return f.server.connections() == 0; }));
}

TEST_CASE("a client that goes away cancels its calls when they are so many that it is not read from") {
  Fixture f;
  {
    RawClient client{f.path};
    for (std::size_t i = 0; i < limits::calls + 8; ++i) REQUIRE(client.send(call("wait", "{}", static_cast<int>(i))));
    REQUIRE(eventually([&f] { return f.handlers.waiting == limits::calls; }));
  }
  CHECK(eventually([&f] { return f.handlers.cancelled == limits::calls; }));
  CHECK(eventually([&f] { return f.server.connections() == 0; }));
  CHECK(f.handlers.waiting == limits::calls);
}

TEST_CASE("of a batch no further call begins when the client has gone, though its calls cannot be cancelled") {
  Fixture f;
  const auto one = R"({"jsonrpc":"2.0","method":"insist","id":1})";
  {
    RawClient client{f.path};
    REQUIRE(client.send(call("wait", "{}", 1) + "[" + one + "," + one + "," + one + "]\n"));
    REQUIRE(eventually([&f] { return f.handlers.insisting == 1 && f.handlers.waiting == 1; }));
  }
  REQUIRE(eventually([&f] { return f.handlers.cancelled == 1; }));
  f.handlers.release = true;
  CHECK(eventually([&f] { return f.server.connections() == 0; }));
  CHECK(f.handlers.insisting == 1);
}

TEST_CASE("a batch of notifications is carried out though its client went away") {
  Fixture f;
  const auto one = R"({"jsonrpc":"2.0","method":"make","params":{"size":1}})";
  RawClient{f.path}.send(std::string{"["} + one + "," + one + "]\n");
  CHECK(eventually([&f] { return f.handlers.made == 2; }));
}

TEST_CASE("a client that only ends its sending side gets its answers, and may still go away") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send(echo("a") + call("wait", "{}", 2)));
  client.end_sending();
  CHECK(kind_of(client.line()) == "ok");
  REQUIRE(eventually([&f] { return f.handlers.waiting == 1; }));
  CHECK(f.handlers.cancelled == 0);
  client.close();
  CHECK(eventually([&f] { return f.handlers.cancelled == 1; }));
}

TEST_CASE("a notification of a client that went away is still carried out") {
  Fixture f;
  RawClient{f.path}.send(R"({"jsonrpc":"2.0","method":"make","params":{"size":1}})"
                         "\n");
  CHECK(eventually([&f] { return f.handlers.made == 1; }));
}

TEST_CASE("$/cancelRequest cancels the request of that id alone") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send(call("wait", "{}", 1) + call("wait", "{}", 2)));
  REQUIRE(eventually([&f] { return f.handlers.waiting == 2; }));
  REQUIRE(client.send(R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}})"
                      "\n"));
  const auto line = client.line();
  CHECK(json::parse(line).at("id") == 2);
  CHECK(kind_of(line) == "E_CANCELLED");
  CHECK(f.handlers.cancelled == 1);
}

TEST_CASE("a frame over the limit is answered E_LIMIT, the connection closed, and others served on") {
  Fixture f;
  RawClient honest{f.path}, hostile{f.path}, headers{f.path};
  hostile.send(std::string(limits::frame_bytes + 1, 'x'));
  CHECK(kind_of(hostile.line()) == "E_LIMIT");
  CHECK(hostile.at_end());
  headers.send("Content-Length: 4294967296\r\n\r\n");
  CHECK(headers.bytes(15) == "Content-Length:");
  CHECK(headers.at_end());
  REQUIRE(honest.send(echo(std::string(1'000'000, 'x'))));
  CHECK(kind_of(honest.line()) == "ok");
}

TEST_CASE("an answer over its limit becomes an error, not a frame") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send(call("make", R"({"size":17000000})", 1)));
  const auto line = client.line();
  CHECK(kind_of(line) == "E_LIMIT");
  CHECK(json::parse(line).at("id") == 1);
}

TEST_CASE("in a batch over the limit of answers every request is still answered") {
  Fixture f;
  RawClient client{f.path};
  const auto make = [](int id) { return call("make", R"({"size":9000000})", id); };
  auto batch = "[" + make(1) + "," + make(2) + "," + echo("x", 3) + "]\n";
  batch.erase(std::remove(batch.begin(), batch.end() - 1, '\n'), batch.end() - 1);
  REQUIRE(client.send(batch));
  const auto answers = json::parse(client.line());
  REQUIRE(answers.as_array().size() == 3);
  CHECK(answers.at(0).as_object().contains("result"));
  CHECK(answers.at(1).at("error").at("data").at("kind") == "E_LIMIT");
  CHECK(answers.at(1).at("id") == 2);
  CHECK(answers.at(2).at("result").at("text") == "x");
}

TEST_CASE("the connection after the last allowed one takes the place of one that never asked, then of the idlest") {
  Fixture f;
  std::list<RawClient> clients;
  for (std::size_t i = 0; i < limits::connections; ++i) clients.emplace_back(f.path);
  for (auto& client : clients) {
    if (&client == &clients.back()) continue;
    REQUIRE(client.send(echo("a")));
    CHECK(kind_of(client.line()) == "ok");
  }
  std::list<RawClient> late;
  for (auto* out : {&clients.back(), &clients.front()}) {
    REQUIRE(late.emplace_back(f.path).send(echo("a")));
    CHECK(kind_of(late.back().line()) == "ok");
    CHECK(kind_of(out->line()) == "E_BUSY");
    CHECK(out->at_end());
  }
  REQUIRE(std::next(clients.begin())->send(echo("b")));
  CHECK(kind_of(std::next(clients.begin())->line()) == "ok");
}

TEST_CASE("when all connections have calls at work, the next one is told so, and one that ends makes room") {
  Fixture f;
  std::list<RawClient> clients;
  for (std::size_t i = 0; i < limits::connections; ++i)
    REQUIRE(clients.emplace_back(f.path).send(call("wait", "{}", 1)));
  REQUIRE(eventually([&f] { return f.handlers.waiting == static_cast<int>(limits::connections); }));
  RawClient late{f.path};
  CHECK(kind_of(late.line()) == "E_BUSY");
  CHECK(late.at_end());
  clients.pop_back();
  REQUIRE(eventually([&f] { return f.server.connections() < limits::connections; }));
  RawClient fits{f.path};
  REQUIRE(fits.send(echo("a")));
  CHECK(kind_of(fits.line()) == "ok");
}

TEST_CASE("a client that never begins its first request, or never finishes it or a later one, is closed as late") {
  Fixture f{{.first_request = 100ms, .frame = 100ms}};
  RawClient silent{f.path}, slow{f.path}, later{f.path};
  slow.send("{\"jsonrpc\"");
  REQUIRE(later.send(echo("a") + "{"));
  CHECK(kind_of(later.line()) == "ok");
  for (auto* client : {&silent, &slow, &later}) {
    CHECK(kind_of(client->line()) == "E_BUSY");
    CHECK(client->at_end());
  }
}

TEST_CASE("bytes that trickle in do not put off the deadline of their frame") {
  Fixture f{{.frame = 100ms}};
  RawClient slow{f.path};
  CHECK(eventually([&slow] { return !slow.send("["); }));
  CHECK(kind_of(slow.line()) == "E_BUSY");
}

TEST_CASE("a client that is idle between requests is kept, and so is one whose call takes long") {
  Fixture f{{.first_request = 100ms, .frame = 100ms}};
  RawClient idle{f.path}, waiting{f.path}, clock{f.path};
  REQUIRE(idle.send(echo("a")));
  CHECK(kind_of(idle.line()) == "ok");
  REQUIRE(waiting.send(call("wait", "{}", 1)));
  CHECK(kind_of(clock.line()) == "E_BUSY");  // so the deadline has passed
  REQUIRE(idle.send(echo("b")));
  CHECK(kind_of(idle.line()) == "ok");
  CHECK(f.handlers.cancelled == 0);
}

TEST_CASE("a client that does not read its answers is not read from, and when it reads it gets them all") {
  Fixture f;
  RawClient client{f.path}, honest{f.path};
  constexpr int requests = 2000;
  constexpr std::uint64_t size = 64 * 1024;
  std::thread sender{[&client] {
    for (int i = 0; i < requests; ++i)
      if (!client.send(call("make", R"({"size":)" + std::to_string(size) + "}", i))) return;
  }};
  REQUIRE(eventually([&f] { return f.handlers.made > 10; }));
  REQUIRE(honest.send(echo("a")));
  CHECK(kind_of(honest.line()) == "ok");
  // What is unsent, what was at work when that was too much, and what the kernel holds.
  CHECK(f.handlers.made <= static_cast<int>(limits::unsent_bytes / size + limits::calls + 64));
  std::set<std::int64_t> ids;
  for (int i = 0; i < requests; ++i) ids.insert(json::parse(client.line()).at("id").as_int64());
  sender.join();
  CHECK(ids.size() == requests);
}

TEST_CASE("a client that never reads its answers is closed in the end") {
  Fixture f{{.unread = 100ms}};
  RawClient client{f.path};
  REQUIRE(client.send(call("make", R"({"size":8000000})", 1)));
  CHECK(eventually([&f] { return f.handlers.made == 1 && f.server.connections() == 0; }));
}

TEST_CASE("one connection has bounded requests at work", "[row.B09]") {
  Fixture f;
  RawClient client{f.path}, other{f.path};
  std::atomic<int> sent{0};
  std::thread sender{[&] {
    const auto text = call("keep", R"({"text":")" + std::string(900'000, 'x') + "\"}", 1);
    while (sent < 6 && client.send(text)) ++sent;
  }};
  REQUIRE(eventually([&f] { return f.handlers.insisting == 3; }));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(other.send(echo("a")));
    CHECK(kind_of(other.line()) == "ok");
  }
  CHECK(f.handlers.insisting == 3);
  f.handlers.release = true;
  CHECK(eventually([&f] { return f.handlers.insisting == 6; }));
  sender.join();
}

TEST_CASE("a lock waits for calls that have brought a value, and not for others") {
  Fixture f;
  RawClient brings{f.path}, keeps{f.path}, locks{f.path};
  REQUIRE(keeps.send(call("keep", R"({"text":"a"})", 1)));
  REQUIRE(eventually([&f] { return f.handlers.insisting == 1; }));
  REQUIRE(locks.send(call("lock", "{}", 1) + echo("a", 2)));
  CHECK(json::parse(locks.line()).at("id") == 1);
  CHECK(json::parse(locks.line()).at("id") == 2);
  REQUIRE(brings.send(call("bring", R"({"text":"a"})", 1)));
  REQUIRE(eventually([&f] { return f.handlers.insisting == 2; }));
  REQUIRE(locks.send(call("lock", "{}", 3) + echo("a", 4)));
  CHECK(json::parse(locks.line()).at("id") == 4);
  f.handlers.release = true;
  CHECK(json::parse(locks.line()).at("id") == 3);
}

TEST_CASE("a batch that keeps room for long leaves it to others, and what is left of it and large is refused") {
  Fixture f;
  const auto one = [](std::string_view method) {
    return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string{method} + "\"}";
  };
  const auto batch = "[" + one("insist") + "," + one("large") + "," + one("large") + "," + one("large") + "]\n";
  std::list<RawClient> clients;
  for (int i = 0; i < 4; ++i) REQUIRE(clients.emplace_back(f.path).send(batch));
  REQUIRE(eventually([&f] { return f.handlers.insisting == 4; }));
  RawClient small{f.path}, large{f.path};
  REQUIRE(large.send(one("large") + "\n"));
  REQUIRE(small.send(echo("a")));
  CHECK(kind_of(small.line()) == "ok");
  CHECK(kind_of(large.line()) == "ok");
  f.handlers.release = true;
  int refused = 0;
  for (auto& client : clients) {
    const auto answers = json::parse(client.line()).as_array();
    REQUIRE(answers.size() == 4);
    for (const auto& answer : answers) refused += answer.as_object().contains("error") ? 1 : 0;
  }
  CHECK(refused == 3);
}

TEST_CASE("one connection has a bounded number of calls at work") {
  Fixture f;
  RawClient client{f.path}, other{f.path};
  std::string calls;
  for (std::size_t i = 0; i < 2 * limits::calls; ++i) calls += call("wait", "{}", static_cast<int>(i));
  REQUIRE(client.send(calls));
  REQUIRE(eventually([&f] { return f.handlers.waiting == static_cast<int>(limits::calls); }));
  REQUIRE(other.send(echo("a")));
  CHECK(kind_of(other.line()) == "ok");
  CHECK(f.handlers.waiting == static_cast<int>(limits::calls));
}

TEST_CASE("a server that stops answers what is at work, cancels what does not end, and removes its socket") {
  Fixture f{{.grace = 200ms}};
  RawClient client{f.path}, idle{f.path};
  REQUIRE(client.send(echo("a") + call("wait", "{}", 2)));
  CHECK(kind_of(client.line()) == "ok");
  REQUIRE(eventually([&f] { return f.handlers.waiting == 1; }));
  f.server.stop();
  CHECK(f.handlers.cancelled == 1);
  CHECK(client.at_end());
  CHECK(idle.at_end());
  struct stat is {};
  CHECK(lstat(f.path.c_str(), &is) != 0);
}

TEST_CASE("another user's connection is answered E_DENIED and closed before a byte of it is read") {
  if (!can_change_uid()) {
    WARN("skipped: only root can become another user");
    return;
  }
  Fixture f;
  // Even where the modes would let it in.
  REQUIRE(chmod(f.folder.path().c_str(), 0755) == 0);
  REQUIRE(chmod(f.path.c_str(), 0666) == 0);
  CHECK(as_nobody([&f] {
          RawClient client{f.path};
          client.send(call("make", R"({"size":1})", 1));
          return kind_of(client.line()) == "E_DENIED" && client.at_end() ? 0 : 1;
        }) == 0);
  CHECK(f.handlers.made == 0);
}

TEST_CASE("another user cannot even connect: the modes forbid it, whatever the umask was") {
  if (!can_change_uid()) {
    WARN("skipped: only root can become another user");
    return;
  }
  const auto before = umask(0);
  Fixture f;
  umask(before);
  struct stat is {};
  REQUIRE(lstat(f.path.c_str(), &is) == 0);
  CHECK((is.st_mode & 07777) == 0600);
  REQUIRE(chmod(f.folder.path().c_str(), 0755) == 0);
  const auto connects = [&f] {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, f.path.data(), f.path.size());
    return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 1 : 0;
  };
  CHECK(as_nobody(connects) == 0);
}

TEST_CASE("a call that uses the vault is told of when it begins, and when it has ended, however it does") {
  std::atomic<int> begun{0}, ended{0};
  TempFolder folder;
  Handlers handlers;
  handlers.registry.on(ipc::Method<ipc::Nothing, ipc::Nothing>{"use", "", ipc::Use::yes},
                       [](ipc::Nothing) -> awaitable<Result<ipc::Nothing>> {
                         asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
                         co_await timer.async_wait(asio::use_awaitable);
                         co_return ipc::Nothing{};
                       });
  handlers.registry.on_use([&](bool begins) { ++(begins ? begun : ended); });
  RunningServer server{folder.path("s"), handlers.registry};
  RawClient client{folder.path("s")};
  client.send(call("use", "{}", 1));
  client.send(call("use", R"({"unknown":1})", 2));
  client.line();
  CHECK(begun == 2);
  CHECK(ended == 1);
  client.send(echo("x"));
  client.line();
  CHECK(begun == 2);
  client.close();
  CHECK(eventually([&] { return ended == 2; }));
}

}  // namespace server_test

// SPDX-License-Identifier: Apache-2.0
#include "ipc/passed_file.hpp"
#include "daemon/errc/errc.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "ipc/client.hpp"
#include "tests/ipc/support.hpp"
#include "tests/support/catch.hpp"

using namespace vault;
using namespace vault::tests;
namespace asio = boost::asio;
namespace json = boost::json;
using asio::awaitable;

namespace passed_file_test {
namespace {

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

std::string first_bytes(const File& file) {
  char bytes[64];
  const auto size = file ? ::read(file.get(), bytes, sizeof bytes) : 0;
  return {bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

awaitable<void> until_cancelled() {
  asio::steady_timer timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

const ipc::Method<Text, Text> read_method{"read", "", ipc::Use::no, ipc::Takes::readable_file};

// read: what the file begins with, after the text given; write: the text into the file; plain: takes no file;
// hold: keeps the file until cancelled.
struct Fixture {
  TempFolder folder;
  ipc::Registry registry;
  std::string path = folder.path("s");
  std::atomic<int> held{0};
  std::optional<RunningServer> server;

  Fixture() {
    registry.on(read_method, [](Text p, ipc::Call& call) -> awaitable<Result<Text>> {
      if (!call.file) co_return DaemonErrc::fd_missing;
      co_return Text{p.text + first_bytes(call.file)};
    });
    registry.on(ipc::Method<Text, Text>{"write", "", ipc::Use::no, ipc::Takes::writable_file},
                [](Text p, ipc::Call& call) -> awaitable<Result<Text>> {
                  if (!call.file) co_return DaemonErrc::fd_missing;
                  if (::write(call.file.get(), p.text.data(), p.text.size()) < 0) co_return Errc::storage;
                  co_return p;
                });
    registry.on(ipc::Method<Text, Text>{"plain", ""}, [](Text p) -> awaitable<Result<Text>> { co_return p; });
    registry.on(ipc::Method<Text, Text>{"hold", "", ipc::Use::no, ipc::Takes::readable_file},
                [this](Text p, ipc::Call&) -> awaitable<Result<Text>> {
                  ++held;
                  co_await until_cancelled();
                  co_return p;
                });
    server.emplace(path, registry);
  }

  File with(std::string_view content, int flags = O_RDWR) const {
    const auto name = folder.path(std::to_string(std::hash<std::string_view>{}(content)));
    std::ofstream{name} << content;
    return File{open(name.c_str(), flags | O_CLOEXEC)};
  }
};

std::string call(std::string_view method, std::string_view text, int id) {
  return R"({"jsonrpc":"2.0","method":")" + std::string{method} + R"(","params":{"text":")" + std::string{text} +
         R"("},"id":)" + std::to_string(id) + "}\n";
}

// "1 text" of a result, "1 E_USAGE" of an error.
std::string said(const std::string& line) {
  if (line.empty()) return "nothing";
  const auto answer = json::parse(line);
  const auto id = std::to_string(answer.at("id").as_int64()) + " ";
  const auto* error = answer.as_object().if_contains("error");
  return id +
         std::string{error ? error->at("data").at("kind").as_string() : answer.at("result").at("text").as_string()};
}

std::size_t open_files() {
  std::filesystem::directory_iterator here{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(here), end(here)));
}

}  // namespace

TEST_CASE("a file that comes with a request reaches its method, whatever it is and whichever way it opens") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send_with(call("read", "", 1), {f.with("regular").get()}));
  CHECK(said(client.line()) == "1 regular");
  int pipe_ends[2];
  REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
  const File out{pipe_ends[0]}, in{pipe_ends[1]};
  REQUIRE(client.send_with(call("write", "piped", 2), {in.get()}));
  CHECK(said(client.line()) == "2 piped");
  CHECK(first_bytes(out) == "piped");
}

TEST_CASE("the offset of a regular file is shared: the client sees how far it has been read") {
  Fixture f;
  RawClient client{f.path};
  const auto file = f.with("regular");
  REQUIRE(client.send_with(call("read", "", 1), {file.get()}));
  client.line();
  CHECK(lseek(file.get(), 0, SEEK_CUR) == 7);
}

TEST_CASE("a file belongs to the frame that has the last byte received with it") {
  Fixture f;
  RawClient client{f.path};
  const auto request = call("read", "", 2);
  SECTION("of two that come at once, to the second") {
    REQUIRE(client.send(call("plain", "x", 1)));
    REQUIRE(client.send_with(request, {f.with("file").get()}));
  }
  SECTION("of one that comes in two pieces, whichever of them brings it") {
    const bool first = GENERATE(true, false);
    const auto head = request.substr(0, 9), tail = request.substr(9);
    const auto file = f.with("file");
    REQUIRE(client.send(call("plain", "x", 1)));
    REQUIRE((first ? client.send_with(head, {file.get()}) : client.send(head)));
    REQUIRE((first ? client.send(tail) : client.send_with(tail, {file.get()})));
  }
  CHECK(std::set{said(client.line()), said(client.line())} == std::set<std::string>{"1 x", "2 file"});
}

TEST_CASE("the next request has no file of the one before it") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send_with(call("plain", "x", 1), {f.with("file").get()}));
  CHECK(said(client.line()) == "1 E_USAGE");  // it takes none
  REQUIRE(client.send(call("read", "", 2)));
  CHECK(said(client.line()) == "2 E_USAGE");  // it needs one
  REQUIRE(client.send_with("[" + call("read", "", 3) + "]\n", {f.with("file").get()}));
  CHECK(client.line().find("E_USAGE") != std::string::npos);  // one of a batch has none
  CHECK(eventually([before = open_files()] { return open_files() <= before; }));
}

TEST_CASE("what cannot be read or written to its end without waiting is refused") {
  Fixture f;
  RawClient client{f.path};
  int sockets[2], pipe_ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
  REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
  const File a{sockets[0]}, b{sockets[1]}, out{pipe_ends[0]}, in{pipe_ends[1]};
  const File folder{open(f.folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const File device{open("/dev/null", O_RDWR | O_CLOEXEC)}, write_only = f.with("x", O_WRONLY),
                                                            place = f.with("x", O_PATH);
  for (const auto* file : {&a, &folder, &device, &write_only, &place, &in}) {
    REQUIRE(client.send_with(call("read", "", 1), {file->get()}));
    CHECK(said(client.line()) == "1 E_USAGE");
  }
  const auto read_only = f.with("y", O_RDONLY);
  for (const auto* file : {&read_only, &out}) {
    REQUIRE(client.send_with(call("write", "x", 1), {file->get()}));
    CHECK(said(client.line()) == "1 E_USAGE");
  }
}

TEST_CASE("of ten files with one request one is taken, and of a flood none is kept") {
  Fixture f;
  RawClient client{f.path};
  const auto file = f.with("file"), other = f.with("other");
  REQUIRE(client.send(call("read", "", 0)));
  CHECK(said(client.line()) == "0 E_USAGE");  // the server has taken the connection, so that its own file counts
  const auto before = open_files();
  REQUIRE(client.send_with(call("read", "", 1), {file.get(), 0, 0, 0, 0, 0, 0, 0, 0, other.get()}));
  CHECK(said(client.line()) == "1 file");
  for (int i = 0; i < 500; ++i) REQUIRE(client.send_with(" ", {file.get()}));  // of one frame, which never ends
  CHECK(eventually([before] { return open_files() <= before + 1; }));
  REQUIRE(client.send(call("plain", "x", 2)));
  CHECK(said(client.line()) == "2 E_USAGE");
  CHECK(eventually([before] { return open_files() <= before; }));
}

TEST_CASE("files of calls end with their client") {
  Fixture f;
  const auto file = f.with("file");
  const auto before = open_files();
  {
    RawClient client{f.path};
    for (int i = 0; i < 20; ++i) REQUIRE(client.send_with(call("hold", "", i), {file.get()}));
    REQUIRE(client.send_with("{", {file.get()}));
    REQUIRE(eventually([&f] { return f.held == 20; }));
  }
  CHECK(eventually([before] { return open_files() <= before; }));
}

TEST_CASE("a file alone is no request, and a client that sends it may still be served") {
  Fixture f;
  RawClient client{f.path};
  REQUIRE(client.send_with("\n", {f.with("file").get()}));
  REQUIRE(client.send(call("read", "", 1)));
  CHECK(said(client.line()) == "1 file");  // the empty line is none: it belongs to what follows
}

TEST_CASE("Client hands a file over with a call of any size, and keeps its own") {
  Fixture f;
  auto client = ipc::Client::connect({f.path, false});
  REQUIRE(client);
  const auto file = f.with("file");
  const std::string long_text(700'000, 'x');
  const auto got = client->call_with(file.get(), read_method, Text{long_text});
  REQUIRE(got.result);
  CHECK(got.result->text == long_text + "file");
  CHECK(fcntl(file.get(), F_GETFD) >= 0);
}

}  // namespace passed_file_test

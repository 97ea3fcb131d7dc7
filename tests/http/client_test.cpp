// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;
using namespace asio::experimental::awaitable_operators;

namespace client_test {
namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// One request to a server that answers it with `bytes`.
Result<HttpResponse> answer_to(const std::string& bytes, std::chrono::milliseconds deadline = 5s,
                               std::size_t limit = 1000) {
  Loop loop;
  ScriptedServer server{loop, bytes};
  auto client = client_of(loop, server.origin());
  return loop.run(client.send(get(), deadline, limit));
}

awaitable<void> answer_once_and_close(Raw raw) {
  co_await raw.head();
  co_await raw.send(ok);
}

// Answers the first request, swallows the second and closes.
awaitable<void> answer_one_of_two(Raw raw) {
  co_await raw.head();
  co_await raw.send(ok);
  co_await raw.head();
}

awaitable<void> answer_all(Raw raw) {
  for (;;) {
    const auto head = co_await raw.head();
    if (head.empty()) co_return;
    co_await raw.send(ok);
  }
}

}  // namespace

TEST_CASE("what goes out is the request and nothing that tells more about us") {
  Loop loop;
  std::vector<std::string> seen;
  ScriptedServer server{loop, {[&seen](Raw raw) -> awaitable<void> {
                          seen.push_back(co_await raw.head());
                          co_await raw.send(ok);
                          seen.push_back(co_await raw.until("body"));
                          co_await raw.send(ok);
                        }}};
  auto client = client_of(loop, server.origin());
  CHECK(shown(loop.run(client.send(get("/a?b=%2f"), 5s, 10))) == "200 ok");
  CHECK(shown(loop.run(client.send({"POST", "/c", {{"X-Key", "v"}}, bytes_from("body"), {}}, 5s, 10))) == "200 ok");
  const std::string host{server.origin().authority()};
  CHECK(seen[0] == "GET /a?b=%2f HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: vaultd\r\n\r\n");
  CHECK(seen[1] ==
        "POST /c HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: vaultd\r\nContent-Length: 4\r\nX-Key: v\r\n\r\nbody");
}

TEST_CASE("requests one after the other share a connection, and concurrent ones do not wait for each other") {
  Loop loop;
  asio::steady_timer hold{loop.io, asio::steady_timer::time_point::max()};
  auto server = serve(loop, {}, [&hold](HttpRequest request) -> awaitable<HttpResponse> {
    if (request.target == "/poll") co_await hold.async_wait(as_result);
    co_return co_await echo(std::move(request));
  });
  auto client =
      client_of(loop, *wire::Origin::parse("http://127.0.0.1:" + std::to_string(server.local_endpoint().port())));
  std::string polled;
  loop.start([](HttpClient& c, std::string& out) -> awaitable<void> {
    out = shown(co_await c.send(get("/poll"), patience, 100));
  }(client, polled));
  loop.until([&] { return server.counts().requests == 1; });
  for (int i = 0; i < 5; ++i) CHECK(shown(loop.run(client.send(get("/x"), 5s, 100))) == "200 GET /x ");
  CHECK(polled.empty());
  hold.cancel();
  loop.until([&] { return !polled.empty(); });
  CHECK(polled == "200 GET /poll ");
  CHECK(server.counts().connections == 2);
  CHECK(client.counts().connections == 2);
  CHECK(client.counts().requests == 6);
}

TEST_CASE("a kept connection that the server has closed is replaced without the caller noticing") {
  Loop loop;
  for (auto& first : {&answer_once_and_close, &answer_one_of_two}) {
    ScriptedServer server{loop, {first, answer_all}};
    auto client = client_of(loop, server.origin());
    for (int i = 0; i < 3; ++i) CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a request is repeated once, and never on a fresh connection or after a byte of the answer") {
  Loop loop;
  auto close = [](Raw raw) -> awaitable<void> { co_await raw.head(); };
  auto half = [](Raw raw) -> awaitable<void> {
    co_await raw.head();
    co_await raw.send(ok);
    co_await raw.head();
    co_await raw.send("HTTP/1.1 2");
  };
  {
    ScriptedServer server{loop, {close}};
    auto client = client_of(loop, server.origin());
    CHECK(class_of(loop.run(client.send(get(), 5s, 10)).error()) == Errc::offline);
    CHECK(server.connections() == 1);
  }
  {
    ScriptedServer server{loop, {answer_one_of_two, close}};
    auto client = client_of(loop, server.origin());
    CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
    CHECK(class_of(loop.run(client.send(get(), 5s, 10)).error()) == Errc::offline);
    CHECK(server.connections() == 2);
  }
  {
    ScriptedServer server{loop, {half, answer_all}};
    auto client = client_of(loop, server.origin());
    CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
    CHECK(class_of(loop.run(client.send(get(), 5s, 10)).error()) == Errc::offline);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("a connection kept for too long, or with bytes nobody asked for, is not used again") {
  Loop loop;
  {
    ScriptedServer server{loop, {answer_all}};
    auto client = client_of(loop, server.origin(), {.ca_file = {}, .kept = 4, .idle_time = -1s});
    for (int i = 0; i < 2; ++i) CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
    CHECK(server.connections() == 2);
  }
  ScriptedServer server{loop, ok + "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"};
  auto client = client_of(loop, server.origin());
  for (int i = 0; i < 2; ++i) CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
}

TEST_CASE("an answer that announces or sends more than its limit is refused at once") {
  for (std::string length : {"1001", "10737418240", "18446744073709551615"})
    CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\nbegin").error() == Errc::limit);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(answer_to(chunked + "ffffffffffffffff\r\nbegin").error() == Errc::limit);
  CHECK(answer_to(chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n").error() == Errc::limit);
  CHECK(answer_to(chunked + "1;" + std::string(100'000, 'x')).error() == Errc::limit);
  CHECK(answer_to("HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x')).error() == Errc::limit);
  CHECK(shown(answer_to(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) == "200 abcde");
}

TEST_CASE("an announced length takes no memory before its bytes come") {
  Loop loop;
  ScriptedServer server{loop, "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nbegin"};
  auto client = client_of(loop, server.origin());
  CHECK(loop.run(client.send(get(), 200ms, std::size_t{1} << 41)).error() == Errc::offline);
}

TEST_CASE("a malformed answer is an error of its own") {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const auto& bytes : std::vector<std::string>{
           "SSH-2.0-OpenSSH_9.2\r\n\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "HTTP/1.1 abc OK\r\n\r\n",
           "HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\n\r\n",
           head + "Content-Length: x\r\n\r\n",
           head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
           head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: gzip\r\n\r\nabc",
           head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
           head + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
           head + "\r\nuntil the connection ends",
           [] {
             std::string endless;
             for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
             return endless;
           }(),
       }) {
    INFO(bytes);
    CHECK(shown(answer_to(bytes)) == "E_TAMPER: the server's answer is malformed");
  }
}

TEST_CASE("interim answers and an identity encoding are harmless") {
  CHECK(shown(answer_to("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + ok)) == "200 ok");
  CHECK(shown(answer_to("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nok")) == "200 ok");
}

TEST_CASE("a redirect is an answer and is not followed", "[row.A11]") {
  const auto answer = answer_to("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  CHECK(shown(answer) == "302 ");
  CHECK(*answer->headers.find("location") == "http://127.0.0.1:1/");
}

TEST_CASE("the answers to HEAD and those without content end at their head") {
  Loop loop;
  ScriptedServer server{loop, {[](Raw raw) -> awaitable<void> {
                          co_await raw.head();
                          co_await raw.send("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
                          co_await raw.head();
                          co_await raw.send("HTTP/1.1 204 No Content\r\n\r\n");
                          co_await answer_all(std::move(raw));
                        }}};
  auto client = client_of(loop, server.origin());
  CHECK(shown(loop.run(client.send({"HEAD", "/", {}, {}, {}}, 5s, 10))) == "200 ");
  CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "204 ");
  CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
  CHECK(server.connections() == 1);
}

TEST_CASE("an answer that trickles, stalls or never begins ends at the deadline") {
  for (std::string begin : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}) {
    Loop loop;
    ScriptedServer server{loop, {[begin](Raw raw) -> awaitable<void> {
                            co_await raw.send(begin);
                            co_await raw.drip("A: b\r\n");
                          }}};
    auto client = client_of(loop, server.origin());
    CHECK(loop.run(client.send(get(), 100ms, 1000)).error() == Errc::offline);
    CHECK(answer_to(begin, 100ms).error() == Errc::offline);
  }
}

TEST_CASE("a server that does not read ends at the deadline") {
  Loop loop;
  tcp::acceptor mute{loop.io, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
  auto client =
      client_of(loop, *wire::Origin::parse("http://127.0.0.1:" + std::to_string(mute.local_endpoint().port())));
  CHECK(loop.run(client.send({"PUT", "/", {}, Bytes(32 << 20), {}}, 100ms, 10)).error() == Errc::offline);
}

TEST_CASE("a connection that is refused or breaks is offline") {
  Loop loop;
  const auto nobody = [&] {  // there, any more
    tcp::acceptor acceptor{loop.io, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
    return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }();
  auto client = client_of(loop, *wire::Origin::parse(nobody));
  CHECK(class_of(loop.run(client.send(get(), 5s, 10)).error()) == Errc::offline);
  ScriptedServer server{loop, {[](Raw raw) -> awaitable<void> {
                          co_await raw.head();
                          co_await raw.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                        }}};
  auto other = client_of(loop, server.origin());
  CHECK(class_of(loop.run(other.send(get(), 5s, 100)).error()) == Errc::offline);
}

TEST_CASE("an early refusal is read although the request could not all be sent") {
  Loop loop;
  auto server = serve(loop, {.body_bytes = 1000});
  auto client =
      client_of(loop, *wire::Origin::parse("http://127.0.0.1:" + std::to_string(server.local_endpoint().port())));
  const auto answer = loop.run(client.send({"PUT", "/", {}, Bytes(8'000'000), {}}, 5s, 1000));
  CHECK(shown(answer) == "413 a request body holds up to 1000 bytes\n");
}

TEST_CASE("a name is looked up, and plain http stays on loopback") {
  Loop loop;
  auto server = serve(loop, {});
  auto client =
      client_of(loop, *wire::Origin::parse("http://localhost:" + std::to_string(server.local_endpoint().port())));
  CHECK(shown(loop.run(client.send(get("/x"), 5s, 100))) == "200 GET /x ");
}

TEST_CASE("a request can be cancelled at any point, and the client goes on") {
  Loop loop;
  ScriptedServer server{loop, {[](Raw raw) -> awaitable<void> { co_await raw.rest(); }, answer_all}};
  auto client = client_of(loop, server.origin());
  const auto which = loop.run([](Loop& l, ScriptedServer& s, HttpClient& c) -> awaitable<std::size_t> {
    asio::steady_timer other{l.io, asio::steady_timer::time_point::max()};
    auto soon = [](ScriptedServer& to, asio::steady_timer& tick) -> awaitable<void> {
      while (to.connections() == 0) {
        tick.expires_after(1ms);
        co_await tick.async_wait(as_result);
      }
    };
    const auto winner = co_await (c.send(get(), patience, 10) || soon(s, other));
    co_return winner.index();
  }(loop, server, client));
  CHECK(which == 1);
  CHECK(shown(loop.run(client.send(get(), 5s, 10))) == "200 ok");
}

TEST_CASE("a request outlives its client") {
  Loop loop;
  asio::steady_timer hold{loop.io, asio::steady_timer::time_point::max()};
  auto server = serve(loop, {}, [&hold](HttpRequest request) -> awaitable<HttpResponse> {
    co_await hold.async_wait(as_result);
    co_return co_await echo(std::move(request));
  });
  std::string answer;
  {
    auto client =
        client_of(loop, *wire::Origin::parse("http://127.0.0.1:" + std::to_string(server.local_endpoint().port())));
    loop.start([](awaitable<Result<HttpResponse>> task, std::string& out) -> awaitable<void> {
      out = shown(co_await std::move(task));
    }(client.send(get(), 5s, 100), answer));
    loop.until([&] { return server.counts().requests == 1; });
  }
  hold.cancel();
  loop.until([&] { return !answer.empty(); });
  CHECK(answer == "200 GET / ");
}

}  // namespace client_test

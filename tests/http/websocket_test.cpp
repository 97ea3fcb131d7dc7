// SPDX-License-Identifier: Apache-2.0
// The WebSocket for notices: our two ends against each other, and each against a peer without manners.
#include <atomic>
#include <thread>

#include "http/errc.hpp"
#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;
using server::Notices;
using server::Watched;

namespace websocket_test {
namespace {

const std::string upgrade =
    "GET /v1/watch HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

Bytes notice(char c) { return bytes_from(std::string(16, c)); }

wire::Origin origin_of(const HttpServer& server) {
  return *wire::Origin::parse("http://127.0.0.1:" + std::to_string(server.local_endpoint().port()));
}

// A server that gives the same notices to everybody who asks for a WebSocket.
struct Teller {
  explicit Teller(HttpServerOptions options = {}) {
    options.watch.pause = 1ms;
    auto watch = [this](HttpRequest) -> awaitable<Watched> { co_return notices; };
    auto made = HttpServer::start(loop.io.get_executor(), options, echo, watch);
    REQUIRE(made);
    server.emplace(std::move(*made));
  }
  Raw dial() { return dial_from(loop, server->local_endpoint()); }
  Raw upgraded() {
    auto raw = dial();
    loop.run(raw.send(upgrade));
    const auto head = loop.run(raw.head());
    REQUIRE(head.starts_with("HTTP/1.1 101 "));
    return raw;
  }
  Loop loop;
  std::shared_ptr<Notices> notices = std::make_shared<Notices>(loop.io.get_executor());
  std::optional<HttpServer> server;
};

daemon::WebSocket socket_of(Loop& loop, HttpClient& client) {
  auto opened = loop.run(client.upgrade({.target = "/v1/watch"}, 5s));
  REQUIRE(opened);
  auto* socket = std::get_if<daemon::WebSocket>(&*opened);
  REQUIRE(socket != nullptr);
  return std::move(*socket);
}

enum class Doubt { no, yes };

// What a client makes of `bytes` that come after a good handshake.
Result<Bytes> heard(const std::string& bytes, Doubt doubt = Doubt::no) {
  Loop loop;
  Teller teller;
  ScriptedServer server{loop, {[&bytes, real = teller.server->local_endpoint()](Raw raw) -> awaitable<void> {
                          const auto asked = co_await raw.head();
                          auto other = co_await dial(real);
                          co_await other.send(asked);
                          const auto answer = co_await other.head();
                          co_await raw.send(answer + bytes);
                          co_await raw.rest();
                        }}};
  // The real server runs on a loop of its own, beside this one.
  std::atomic<bool> over = false;
  std::thread beside{[&] {
    while (!over) teller.loop.io.restart(), teller.loop.io.run_for(10ms);
  }};
  auto client = client_of(loop, server.origin());
  auto opened = loop.run(client.upgrade({.target = "/v1/watch"}, 5s));
  Result<Bytes> out = make_error_code(Errc::internal);
  if (auto* socket = opened ? std::get_if<daemon::WebSocket>(&*opened) : nullptr) {
    if (doubt == Doubt::yes) socket->probe();
    out = loop.run(socket->next());
  }
  over = true;
  beside.join();
  return out;
}

}  // namespace

TEST_CASE("a notice reaches the client as it was put, and the same is not said twice") {
  Teller teller;
  teller.notices->put(notice('a'));
  auto client = client_of(teller.loop, origin_of(*teller.server));
  auto socket = socket_of(teller.loop, client);
  CHECK(teller.loop.run(socket.next()).value() == notice('a'));
  teller.notices->put(notice('a'));
  teller.notices->put(notice('b'));
  CHECK(teller.loop.run(socket.next()).value() == notice('b'));
  CHECK(teller.server->counts().watches == 1);
  CHECK(teller.server->counts().notices == 2);
}

TEST_CASE("of notices that nobody has taken only the newest is kept") {
  Loop loop;
  Notices notices{loop.io.get_executor()};
  for (char c = 'a'; c <= 'z'; ++c) notices.put(notice(c));
  CHECK(loop.run(notices.next()) == notice('z'));
  notices.end();
  CHECK_FALSE(loop.run(notices.next()));
}

TEST_CASE("a client that never reads costs a notice, and is closed when it has been silent") {
  Teller teller{{.watch = {.silence = 1s, .handshake = 1s, .pause = 1ms}}};
  auto raw = teller.upgraded();
  for (char c = 'a'; c <= 'z'; ++c) teller.notices->put(notice(c));
  teller.loop.until([&] { return teller.server->counts().open == 0; });
  CHECK(teller.notices->ended());
}

TEST_CASE("a client that says anything, or says it endlessly, is closed") {
  const std::string mask(4, '\0');
  for (const auto& said : {"\x82\x81" + mask + "x", "\x81\x81" + mask + "x", "\x82\xff" + std::string(12, '\x7f'),
                           std::string("\x82\x01x"), std::string(16, '\xff'), std::string("GET / HTTP/1.1\r\n")}) {
    Teller teller{{.watch = {.silence = 60s, .handshake = 1s, .pause = 1ms}}};
    auto raw = teller.upgraded();
    teller.loop.run(raw.send(said));
    teller.loop.until([&] { return teller.server->counts().open == 0; });
  }
}

TEST_CASE("a client that hangs up ends its WebSocket") {
  Teller teller;
  { const auto raw = teller.upgraded(); }
  teller.loop.until([&] { return teller.server->counts().watches == 0 && teller.server->counts().open == 0; });
}

TEST_CASE("a stop ends WebSockets at once, of those who answer and of those who do not") {
  Teller teller;
  auto client = client_of(teller.loop, origin_of(*teller.server));
  auto socket = socket_of(teller.loop, client);
  const auto began = std::chrono::steady_clock::now();
  teller.loop.start([](daemon::WebSocket& s) -> awaitable<void> {
    const auto ended = co_await s.next();
    CHECK(class_of(ended.error()) == Errc::offline);
  }(socket));
  const auto mute = teller.upgraded();
  teller.loop.run(teller.server->stop());
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  CHECK(teller.server->counts().open == 0);
}

TEST_CASE("a WebSocket gives its place to a request") {
  Teller teller{{.connections = 1}};
  auto raw = teller.upgraded();
  const auto answer =
      teller.loop.run(talk(teller.server->local_endpoint(), "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  CHECK(answer.ends_with("GET /x "));
}

TEST_CASE("an answer that is no upgrade comes back as an answer") {
  Loop loop;
  auto plain = serve(loop, {});
  auto client = client_of(loop, origin_of(plain));
  const auto opened = loop.run(client.upgrade({.target = "/v1/watch"}, 5s));
  REQUIRE(opened);
  CHECK(std::get<HttpResponse>(*opened).status == 200);
}

TEST_CASE("what a server says besides notices ends the connection, and takes no memory") {
  CHECK(heard("\x82\x10" + std::string(16, 'n')).value() == notice('n'));
  const std::string nul(1, '\0');
  for (const auto& said :
       {"\x82\x11" + std::string(17, 'x'), "\x81\x10" + std::string(16, 'x'), "\x82\x90" + std::string(20, 'x'),
        "\x82\x7f" + std::string(8, '\x3f'), std::string("\x87\x01x"), std::string("\xf2\x01x"),
        "\x89\x7e\x01\x01" + std::string(257, 'x')})
    CHECK(heard(said).error() == HttpErrc::server_answer_bad);
  CHECK(class_of(heard("\x88" + nul).error()) == Errc::offline);
}

TEST_CASE("a server that does not answer a probe is gone") {
  CHECK(class_of(heard("", Doubt::yes).error()) == Errc::offline);
  Teller teller;
  auto client = client_of(teller.loop, origin_of(*teller.server));
  auto socket = socket_of(teller.loop, client);
  socket.probe();  // this one answers
  asio::steady_timer later{teller.loop.io, 2 * limits::probe_deadline};
  later.async_wait([&](auto) { teller.notices->put(notice('a')); });
  CHECK(teller.loop.run(socket.next()).value() == notice('a'));
}

}  // namespace websocket_test

// SPDX-License-Identifier: Apache-2.0
// What clients can do to a server by being slow, large, many, or gone.
#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;

namespace server_limits_test {
namespace {

const std::string plain_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
awaitable<bool> drip_at(tcp::endpoint to, std::string begin, std::string forever) {
  auto raw = co_await dial(to);
  co_await raw.send(begin);
  co_return co_await raw.drip(forever);
}

// Handlers that never come back by themselves: one that can be asked, one that cannot, until `release`.
struct Patient {
  explicit Patient(asio::io_context& io) : release(io, asio::steady_timer::time_point::max()) {}
  asio::steady_timer release;
  int running = 0, asked_to_stop = 0;

  server::HttpHandler handler() {
    return [this](HttpRequest request) -> awaitable<HttpResponse> {
      ++running;
      if (request.target == "/poll")
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
      co_await release.async_wait(as_result);
      --running;
      if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) ++asked_to_stop;
      co_return HttpResponse{200, {}, bytes_from("released")};
    };
  }
};

}  // namespace

TEST_CASE("headers that trickle are cut off by one deadline for all of them", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.header_time = 100ms, .idle_time = 100ms});
  CHECK(loop.run(drip_at(server.local_endpoint(), "GET / HTTP/1.1\r\nHost: h\r\n", "A: b\r\n")));
  CHECK(loop.run(drip_at(server.local_endpoint(), plain_get, "GET /")));
  CHECK(still_serves(loop, server));
}

TEST_CASE("a body that trickles is cut off by one deadline for all of it", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.body_time = 100ms});
  CHECK(loop.run(
      drip_at(server.local_endpoint(), "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n", "body")));
  CHECK(server.counts().requests == 0);
  CHECK(still_serves(loop, server));
}

TEST_CASE("a client that does not read its answer is cut off", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.body_time = 100ms}, [](HttpRequest) -> awaitable<HttpResponse> {
    co_return HttpResponse{200, {}, Bytes(32 << 20)};
  });
  auto raw = dial_from(loop, server.local_endpoint());
  loop.run(raw.send(plain_get));
  loop.until([&] { return server.counts().requests == 1 && server.counts().open == 0; });
}

TEST_CASE("a connection that says nothing is closed, a new one and an idle one", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.header_time = 50ms, .idle_time = 100ms});
  auto silent = dial_from(loop, server.local_endpoint());
  CHECK(loop.run(silent.rest()).empty());
  auto idle = dial_from(loop, server.local_endpoint());
  loop.run(idle.send(plain_get));
  CHECK(loop.run(idle.rest()).ends_with("GET / "));
}

TEST_CASE("headers beyond their limit are refused, with or without an end", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.header_bytes = 1024});
  for (const auto& text :
       {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(100'000, 'a'), "GET / HTTP/1.1\r\nHost: h\r\n" + [] {
          std::string many;
          for (int i = 0; i < 500; ++i) many += "A: b\r\n";
          return many;
        }() + "\r\n"}) {
    const auto answer = loop.run(talk(server.local_endpoint(), text));
    CHECK(answer.starts_with("HTTP/1.1 431 "));
    CHECK(answer.find("headers hold up to 1024 bytes") != std::string::npos);
  }
  CHECK(server.counts().requests == 0);
  CHECK(still_serves(loop, server));
}

TEST_CASE("a body beyond its limit is refused by its announced length, before a byte of it is read", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.body_bytes = 1000});
  for (std::string length : {"1001", "10737418240", "18446744073709551615"})
    for (std::string expect : {"", "Expect: 100-continue\r\n"}) {
      const auto answer = loop.run(talk(server.local_endpoint(), "PUT / HTTP/1.1\r\nHost: h\r\n" + expect +
                                                                     "Content-Length: " + length + "\r\n\r\n"));
      CHECK(answer.starts_with("HTTP/1.1 413 "));
      CHECK(answer.find("Vaultd-Error: E_LIMIT\r\n") != std::string::npos);
      CHECK(answer.find("a request body holds up to 1000 bytes") != std::string::npos);
    }
  const auto most = loop.run(
      talk(server.local_endpoint(),
           "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')));
  CHECK(most.starts_with("HTTP/1.1 200 "));
}

TEST_CASE("bodies that are only announced take no room, however many they are", "[row.B02][row.A08]") {
  Loop loop;
  auto server = serve(loop, {.body_bytes = 1000, .bodies_bytes = 2500});
  const std::string put = "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n";
  auto slow = dial_from(loop, server.local_endpoint());
  loop.run(slow.send(put + "begin"));
  std::vector<Raw> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(dial_from(loop, server.local_endpoint()));
    loop.run(silent.back().send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"));
  }
  loop.until([&] { return server.counts().open == 21; });
  CHECK(loop.run(talk(server.local_endpoint(), put + std::string(1000, 'x'))).starts_with("HTTP/1.1 200 "));
  loop.run(slow.send(std::string(995, 'x')));
  CHECK(loop.run(slow.rest()).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a body for which there is no room gives way unless its session is known", "[row.A08]") {
  Loop loop;
  const auto known = [](std::string_view authorization) { return authorization == "me"; };
  auto server = serve(loop, {.body_bytes = 200'000, .is_known = known, .bodies_bytes = 250'000});
  const std::string put = "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 200000\r\n";
  auto mine = dial_from(loop, server.local_endpoint());
  loop.run(mine.send(put + "Authorization: me\r\n\r\n" + std::string(199'999, 'x')));
  loop.until([&] { return server.counts().bodies > 190'000; });
  CHECK(loop.run(talk(server.local_endpoint(), put + "\r\n" + std::string(150'000, 'x'))).starts_with("HTTP/1.1 503 "));
  loop.run(mine.send("x"));
  CHECK(loop.run(mine.rest()).starts_with("HTTP/1.1 200 "));
  loop.until([&] { return server.counts().open == 0; });
  CHECK(server.counts().bodies == 0);
}

TEST_CASE("when bodies that are being answered take all the room, the next one is turned away", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {.body_bytes = 1000, .bodies_bytes = 1500}, patient.handler());
  const std::string put = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  auto first = dial_from(loop, server.local_endpoint());
  loop.run(first.send(put));
  loop.until([&] { return patient.running == 1; });
  CHECK(loop.run(talk(server.local_endpoint(), put)).starts_with("HTTP/1.1 503 "));
  patient.release.cancel();
  CHECK(loop.run(first.head()).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a path that takes less than others is refused a body by its announced length, and the others are not",
          "[row.A08]") {
  Loop loop;
  auto limit = [](std::string_view target) { return std::size_t{target == "/small" ? 10u : 1000u}; };
  auto server = serve(loop, {.body_bytes = 1000, .body_limit = limit});
  const auto put = [&](const std::string& target, std::size_t length, std::size_t sent) {
    return loop.run(talk(server.local_endpoint(), "PUT " + target +
                                                      " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                                                      std::to_string(length) + "\r\n\r\n" + std::string(sent, 'x')));
  };
  CHECK(put("/small", 11, 0).starts_with("HTTP/1.1 413 "));
  CHECK(server.counts().requests == 0);
  CHECK(put("/small", 10, 10).starts_with("HTTP/1.1 200 "));
  CHECK(put("/other", 11, 11).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that sends all of a too large body still gets to read why it was refused", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.body_bytes = 1000});
  const auto answer =
      loop.run(talk(server.local_endpoint(),
                    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n" + std::string(8'000'000, 'x')));
  CHECK(answer.starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a thousand idle connections do not stop an honest client", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {});
  std::vector<Raw> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(dial_from(loop, server.local_endpoint()));
    if (i % 2 == 0) loop.run(idle.back().send("GET / HTT"));
  }
  loop.until([&] { return server.counts().open == 1000; });
  CHECK(still_serves(loop, server));
}

TEST_CASE("at the limit of connections the one that waits longest makes room", "[row.A08]") {
  Loop loop;
  auto server = serve(loop, {.connections = 3});
  std::vector<Raw> all;
  for (std::size_t i = 0; i < 3; ++i) {
    all.push_back(dial_from(loop, server.local_endpoint()));
    loop.until([&] { return server.counts().open == i + 1; });
  }
  loop.run(all[0].send(plain_get));  // the oldest connection has now been heard of most recently
  loop.run(all[0].head());
  CHECK(still_serves(loop, server));
  CHECK(loop.run(all[1].rest()).empty());
  loop.run(all[0].send(last_get));
  CHECK(loop.run(all[0].rest()).ends_with("GET /last "));
}

TEST_CASE("when all connections are being answered a new one is turned away", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {.connections = 2}, patient.handler());
  auto a = dial_from(loop, server.local_endpoint());
  auto b = dial_from(loop, server.local_endpoint());
  loop.run(a.send(plain_get));
  loop.run(b.send(plain_get));
  loop.until([&] { return patient.running == 2; });
  auto c = dial_from(loop, server.local_endpoint());
  CHECK(loop.run(c.rest()).starts_with("HTTP/1.1 503 "));
  patient.release.cancel();
  CHECK(loop.run(a.head()).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that hangs up ends its long poll, and no other handler", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {}, patient.handler());
  {
    auto poll = dial_from(loop, server.local_endpoint());
    auto other = dial_from(loop, server.local_endpoint());
    loop.run(poll.send("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
    loop.run(other.send(plain_get));
    loop.until([&] { return patient.running == 2; });
  }
  loop.until([&] { return patient.running == 1; });
  CHECK(patient.asked_to_stop == 1);
  patient.release.cancel();
  loop.until([&] { return patient.running == 0 && server.counts().open == 0; });
  CHECK(patient.asked_to_stop == 1);
}

TEST_CASE("a pipelined next request does not end a long poll", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {}, patient.handler());
  auto raw = dial_from(loop, server.local_endpoint());
  loop.run(raw.send("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
  loop.until([&] { return patient.running == 1; });
  loop.run(raw.send(last_get));
  const auto other = serve(loop, {});
  CHECK(still_serves(loop, other));  // other things happen meanwhile
  CHECK(patient.running == 1);
  patient.release.cancel();
  CHECK(loop.run(raw.head()).starts_with("HTTP/1.1 200 "));
  CHECK(patient.asked_to_stop == 0);
}

TEST_CASE("a handler beyond its time is given up", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {.handler_time = 50ms}, patient.handler());
  CHECK(loop.run(talk(server.local_endpoint(), last_get)).starts_with("HTTP/1.1 "));
  CHECK(patient.asked_to_stop == 1);
}

TEST_CASE("a stop ends idle connections and long polls at once, and lets a running request finish", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  auto server = serve(loop, {.stop_time = 10s}, patient.handler());
  auto idle = dial_from(loop, server.local_endpoint());
  auto poll = dial_from(loop, server.local_endpoint());
  auto request = dial_from(loop, server.local_endpoint());
  loop.run(poll.send("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
  loop.run(request.send(plain_get));
  loop.until([&] { return patient.running == 2 && server.counts().open == 3; });

  bool stopped = false;
  loop.start([](HttpServer& s, bool& done) -> awaitable<void> {
    co_await s.stop();
    done = true;
  }(server, stopped));
  CHECK(loop.run(idle.rest()).empty());
  loop.run(poll.rest());
  CHECK(patient.running == 1);
  CHECK_FALSE(stopped);
  patient.release.cancel();
  CHECK(loop.run(request.rest()).ends_with("Connection: close\r\n\r\nreleased"));
  loop.until([&] { return stopped; });
  CHECK(server.counts().open == 0);
}

TEST_CASE("a stop is over in its time whatever is open, and the port can be bound again at once", "[row.A08]") {
  Loop loop;
  Patient patient{loop.io};
  std::uint16_t port = 0;
  {
    auto server = serve(loop, {.stop_time = 100ms}, patient.handler());
    port = server.local_endpoint().port();
    auto stuck = dial_from(loop, server.local_endpoint());
    auto half = dial_from(loop, server.local_endpoint());
    loop.run(stuck.send(plain_get));
    loop.run(half.send("GET / HT"));
    loop.until([&] { return patient.running == 1; });
    const auto began = std::chrono::steady_clock::now();
    loop.run(server.stop());
    CHECK(std::chrono::steady_clock::now() - began < 3s);
    CHECK(server.counts().open == 0);
    CHECK(loop.run(stuck.rest()).empty());
    CHECK(loop.run(half.rest()).empty());
  }
  auto again = serve(loop, {.listen = "127.0.0.1:" + std::to_string(port)});
  CHECK(still_serves(loop, again));
}

TEST_CASE("a server that is dropped without a stop closes its connections", "[row.A08]") {
  Loop loop;
  auto raw = [&] {
    auto server = serve(loop, {});
    auto open = dial_from(loop, server.local_endpoint());
    loop.until([&] { return server.counts().open == 1; });
    return open;
  }();
  CHECK(loop.run(raw.rest()).empty());
}

}  // namespace server_limits_test

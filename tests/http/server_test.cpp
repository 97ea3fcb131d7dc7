// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "base/input_errc.hpp"
#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;
using namespace asio::experimental::awaitable_operators;

namespace server_test {
namespace {

const std::string asking_get = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";
int status_of(const std::string& answer) { return answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0; }

}  // namespace

TEST_CASE("the handler gets the request as it was sent, and the client the answer") {
  Loop loop;
  HttpRequest seen;
  auto server = serve(loop, {}, [&seen](HttpRequest request) -> awaitable<HttpResponse> {
    seen = std::move(request);
    co_return HttpResponse{201, {{"X-One", "1"}}, bytes_from("done")};
  });
  const auto answer = loop.run(talk(server.local_endpoint(),
                                    "PUT /v1/x%20y?q=%2f HTTP/1.1\r\nHOST: h\r\nx-Key: v\r\nContent-Length: "
                                    "3\r\nConnection: close\r\n\r\nabc"));
  CHECK(answer == "HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone");
  CHECK(seen.method == "PUT");
  CHECK(seen.target == "/v1/x%20y?q=%2f");
  CHECK(text_of(seen.body) == "abc");
  CHECK(seen.remote == "127.0.0.1");
  REQUIRE(seen.headers.find("X-KEY") != nullptr);
  CHECK(*seen.headers.find("X-KEY") == "v");
  CHECK(seen.headers.find("absent") == nullptr);
}

TEST_CASE("one connection carries many requests, pipelined or not, in their order") {
  Loop loop;
  auto server = serve(loop, {});
  const auto answers =
      loop.run(talk(server.local_endpoint(),
                    asking_get + "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" + asking_get + last_get));
  const auto first = answers.find("GET /a?b=c "), second = answers.find("POST /2 hi"),
             last = answers.find("GET /last ");
  CHECK(first < second);
  CHECK(second < last);
  CHECK(last != std::string::npos);
  CHECK(server.counts().connections == 1);
  CHECK(server.counts().requests == 4);
}

TEST_CASE("HEAD is answered with the length of the body and without it") {
  Loop loop;
  auto server = serve(loop, {});
  const auto answer =
      loop.run(talk(server.local_endpoint(), "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  CHECK(answer == "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n");
}

TEST_CASE("204 has no body and no length, and the connection goes on") {
  Loop loop;
  auto server = serve(loop, {}, [](HttpRequest) -> awaitable<HttpResponse> {
    co_return HttpResponse{204, {}, bytes_from("unsent")};
  });
  const auto answers = loop.run(talk(server.local_endpoint(), asking_get + last_get));
  CHECK(answers == "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_CASE("HTTP/1.0 is served once and closed") {
  Loop loop;
  auto server = serve(loop, {});
  CHECK(status_of(loop.run(talk(server.local_endpoint(), "GET / HTTP/1.0\r\n\r\n"))) == 200);
}

TEST_CASE("a client that asks whether to go on is told to") {
  Loop loop;
  auto server = serve(loop, {});
  const auto answer = loop.run([](tcp::endpoint to) -> awaitable<std::string> {
    auto raw = co_await dial(to);
    co_await raw.send(
        "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
    const auto go_on = co_await raw.head();
    co_await raw.send("ok");
    co_return go_on + "|" + co_await raw.rest();
  }(server.local_endpoint()));
  CHECK(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.1 200 OK\r\n"));
  CHECK(answer.ends_with("PUT / ok"));
}

TEST_CASE("what is malformed or ambiguous is refused without reaching the handler") {
  Loop loop;
  auto server = serve(loop, {});
  const std::string host = "Host: h\r\n";
  const std::vector<std::pair<std::string, int>> bad{
      {"\r\n\r\n\r\n\r\n", 400},
      {"nonsense\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 400},
      {"GET / HTTP/9.9\r\n" + host + "\r\n", 400},
      {"GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"GET http://h/ HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET * HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n\r\n", 10), 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 0x10\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\nabc", 411},
      {"PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: \r\nContent-Length: 3\r\n\r\nabc", 411},
      {"BREW / HTTP/1.1\r\n" + host + "\r\n", 405},
      {"CONNECT h:443 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"TRACE / HTTP/1.1\r\n" + host + "\r\n", 405},
      {"PUT / HTTP/1.1\r\n" + host + "Expect: miracles\r\nContent-Length: 1\r\n\r\n", 417},
  };
  for (const auto& [text, status] : bad) {
    INFO(text);
    const auto answer = loop.run(talk(server.local_endpoint(), text));
    CHECK(status_of(answer) == status);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  }
  CHECK(server.counts().requests == 0);
  CHECK(server.counts().refusals == bad.size());
  CHECK(still_serves(loop, server));
}

TEST_CASE("random bytes never stop the server") {
  Loop loop;
  auto server = serve(loop, {.header_time = 200ms});
  std::mt19937 random{7};
  std::string mixed = asking_get + asking_get;
  for (int round = 0; round < 200; ++round) {
    auto text = mixed;
    for (int n = 0; n < 3; ++n) text[random() % text.size()] = static_cast<char>(random());
    loop.run(talk(server.local_endpoint(), text + "\r\n\r\n" + last_get));
  }
  CHECK(still_serves(loop, server));
}

TEST_CASE("a handler that throws is a 500 that says nothing, and one whose header breaks the line too") {
  Loop loop;
  auto server = serve(loop, {}, [](HttpRequest request) -> awaitable<HttpResponse> {
    if (request.target == "/system") throw boost::system::system_error{make_error_code(Errc::storage)};
    if (request.target == "/logic") throw std::logic_error{"secret detail"};
    if (request.target == "/split") co_return HttpResponse{200, {{"A", "b\r\nSet-Cookie: x"}}, {}};
    co_return HttpResponse{99, {}, {}};
  });
  for (std::string target : {"/system", "/logic", "/split", "/status"}) {
    const auto answer =
        loop.run(talk(server.local_endpoint(), "GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    CHECK(status_of(answer) == 500);
    CHECK(answer.ends_with("\r\n\r\ninternal error\n"));
    CHECK(answer.find("secret") == std::string::npos);
    CHECK(answer.find("Set-Cookie") == std::string::npos);
  }
}

TEST_CASE("without TLS a server listens on loopback only") {
  Loop loop;
  for (auto [listen, error] : {std::pair{"0.0.0.0:0", InputErrc::plain_http},
                               {"[::]:0", InputErrc::plain_http},
                               {"127.0.0.1", InputErrc::server_url_bad},
                               {"127.0.0.1:99999", InputErrc::server_url_bad},
                               {"", InputErrc::server_url_bad}}) {
    auto server = HttpServer::start(loop.io.get_executor(), {.listen = listen}, echo);
    INFO(listen);
    REQUIRE(!server);
    CHECK(server.error() == error);
  }
  auto named = serve(loop, {.listen = "localhost:0"});
  CHECK(named.local_endpoint().address().is_loopback());
  CHECK(named.local_endpoint().port() != 0);
}

TEST_CASE("a port in use is the system's error, and not ours") {
  Loop loop;
  auto server = serve(loop, {});
  auto second = HttpServer::start(loop.io.get_executor(),
                                  {.listen = "127.0.0.1:" + std::to_string(server.local_endpoint().port())}, echo);
  REQUIRE(!second);
  CHECK(second.error() == asio::error::address_in_use);
}

}  // namespace server_test

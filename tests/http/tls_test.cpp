// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/ssl.hpp>

#include "http/errc.hpp"
#include "tests/http/certificates.hpp"
#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;

namespace tls_test {
namespace {

wire::Origin https(const std::string& host, const HttpServer& server) {
  return *wire::Origin::parse("https://" + host + ":" + std::to_string(server.local_endpoint().port()));
}

// One request to a server with that certificate.
Result<HttpResponse> ask(const std::string& host, const server::TlsFiles& files, const std::filesystem::path& ca_file) {
  Loop loop;
  auto server = serve(loop, {.tls = files});
  auto client = client_of(loop, https(host, server), {.ca_file = ca_file});
  return loop.run(client.send(get(), 10s, 1000));
}

using TlsStream = asio::ssl::stream<tcp::socket>;

// The error of a client that speaks at most TLS 1.2, and verifies nothing.
boost::system::error_code shake_hands_in_1_2(Loop& loop, tcp::endpoint to) {
  asio::ssl::context context{asio::ssl::context::tls_client};
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
  TlsStream stream{std::move(dial_from(loop, to).socket), context};
  return loop.run([](TlsStream& s) -> awaitable<boost::system::error_code> {
    auto [error] = co_await s.async_handshake(asio::ssl::stream_base::client, as_result);
    co_return error;
  }(stream));
}

}  // namespace

TEST_CASE("requests travel over TLS with an authority that is given, and share a connection", "[row.A11]") {
  Loop loop;
  Authority authority;
  auto server = serve(loop, {.tls = authority.issue()});
  auto client = client_of(loop, https("localhost", server), {.ca_file = authority.ca_file()});
  for (int i = 0; i < 5; ++i) CHECK(shown(loop.run(client.send(get("/x"), 10s, 100))) == "200 GET /x ");
  const Bytes large(3'000'000, 'x');
  const auto answer = loop.run(client.send({"PUT", "/", {}, large, {}}, 10s, 4'000'000));
  REQUIRE(answer);
  CHECK(answer->body.size() == large.size() + 6);
  CHECK(server.counts().connections == 1);
  loop.run(server.stop());
  CHECK(class_of(loop.run(client.send(get(), 10s, 100)).error()) == Errc::offline);
}

TEST_CASE("an address is a name like others, if the certificate says so", "[row.A11]") {
  Authority authority;
  CHECK(shown(ask("127.0.0.1", authority.issue({.name = "IP:127.0.0.1"}), authority.ca_file())) == "200 GET / ");
  CHECK(ask("127.0.0.1", authority.issue({.name = "DNS:localhost"}), authority.ca_file()).error() ==
        HttpErrc::tls_refused);
  CHECK(ask("127.0.0.1", authority.issue({.name = "DNS:127.0.0.1"}), authority.ca_file()).error() ==
        HttpErrc::tls_refused);
}

TEST_CASE("a certificate for somebody else, out of its time, or from nobody known is refused", "[row.A11]") {
  Authority authority, other;
  const auto refused = [&](const server::TlsFiles& files, const std::filesystem::path& ca_file) {
    const auto answer = ask("localhost", files, ca_file);
    return !answer && answer.error() == HttpErrc::tls_refused;
  };
  CHECK(refused(authority.issue({.name = "DNS:example.org"}), authority.ca_file()));
  CHECK(refused(authority.issue({.name = "DNS:*.localhost"}), authority.ca_file()));
  CHECK(refused(authority.issue({.from_days = -10, .to_days = -1}), authority.ca_file()));
  CHECK(refused(authority.issue({.from_days = 1, .to_days = 10}), authority.ca_file()));
  CHECK(refused(authority.self_signed(), authority.ca_file()));
  CHECK(refused(authority.issue(), other.ca_file()));
  CHECK(refused(authority.issue(), {}));  // the system does not know it
  CHECK(class_of(HttpErrc::tls_refused) == Errc::offline);
}

TEST_CASE("a self-signed certificate is trusted when it is what --ca names", "[row.A11]") {
  Authority authority;
  const auto files = authority.self_signed();
  CHECK(shown(ask("localhost", files, files.certificate)) == "200 GET / ");
}

TEST_CASE("TLS 1.2 is refused by both ends", "[row.A11]") {
  Loop loop;
  Authority authority;
  const auto files = authority.issue();
  auto server = serve(loop, {.tls = files});
  CHECK(shake_hands_in_1_2(loop, server.local_endpoint()));

  asio::ssl::context old{asio::ssl::context::tls_server};
  SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_2_VERSION);
  old.use_certificate_chain_file(files.certificate.string());
  old.use_private_key_file(files.key.string(), asio::ssl::context::pem);
  ScriptedServer scripted{loop, {[&old](Raw raw) -> awaitable<void> {
                            TlsStream stream{std::move(raw.socket), old};
                            co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
                          }}};
  auto client = client_of(loop, *wire::Origin::parse("https://localhost:" + std::to_string(scripted.endpoint().port())),
                          {.ca_file = authority.ca_file()});
  CHECK(loop.run(client.send(get(), 10s, 100)).error() == HttpErrc::tls_refused);
}

TEST_CASE("a server that speaks no TLS, or nothing at all, does not hang the client", "[row.A11]") {
  Loop loop;
  ScriptedServer plain{loop, {[](Raw raw) -> awaitable<void> {
                         co_await raw.send("HTTP/1.1 400 Bad Request\r\n\r\n");
                         co_await raw.rest();
                       }}};
  ScriptedServer mute{loop, {[](Raw raw) -> awaitable<void> { co_await raw.rest(); }}};
  ScriptedServer gone{loop, {[](Raw) -> awaitable<void> { co_return; }}};
  auto ask_at = [&](const ScriptedServer& at, std::chrono::milliseconds deadline) {
    auto client = client_of(loop, *wire::Origin::parse("https://127.0.0.1:" + std::to_string(at.endpoint().port())));
    return loop.run(client.send(get(), deadline, 100)).error();
  };
  CHECK(ask_at(plain, 10s) == HttpErrc::tls_refused);
  CHECK(class_of(ask_at(mute, 100ms)) == Errc::offline);  // its deadline, or whichever end let go first
  CHECK(class_of(ask_at(gone, 10s)) == Errc::offline);
}

TEST_CASE("a client that shakes hands slowly, wrongly or never is cut off, and others are served", "[row.A11]") {
  Loop loop;
  Authority authority;
  auto server = serve(loop, {.tls = authority.issue(), .header_time = 300ms});
  auto mute = dial_from(loop, server.local_endpoint());
  auto plain = dial_from(loop, server.local_endpoint());
  loop.run(plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  auto client = client_of(loop, https("localhost", server), {.ca_file = authority.ca_file()});
  CHECK(shown(loop.run(client.send(get(), 10s, 100))) == "200 GET / ");
  loop.run(mute.rest());
  loop.run(plain.rest());
  CHECK(server.counts().requests == 1);
}

TEST_CASE("with TLS a long poll ends when its client is cancelled", "[row.A11]") {
  Loop loop;
  Authority authority;
  int running = 0;
  auto server = serve(loop, {.tls = authority.issue()}, [&running](HttpRequest) -> awaitable<HttpResponse> {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    asio::steady_timer never{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    ++running;
    co_await never.async_wait(as_result);
    --running;
    co_return HttpResponse{};
  });
  auto client = client_of(loop, https("localhost", server), {.ca_file = authority.ca_file()});
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(loop.io, client.send(get(), patience, 100),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&ended](std::exception_ptr, const Result<HttpResponse>&) { ended = true; }));
  loop.until([&] { return running == 1; });
  cancel.emit(asio::cancellation_type::terminal);
  loop.until([&] { return ended && running == 0; });
}

TEST_CASE("files of a server that are missing, no PEM, or do not belong together are refused at the start",
          "[row.A11]") {
  Loop loop;
  Authority authority;
  const auto one = authority.issue(), two = authority.issue();
  for (const auto& files :
       {server::TlsFiles{"/nonexistent", one.key}, server::TlsFiles{one.certificate, "/nonexistent"},
        server::TlsFiles{one.key, one.key}, server::TlsFiles{one.certificate, two.key}}) {
    auto server = HttpServer::start(loop.io.get_executor(), {.tls = files}, echo);
    REQUIRE(!server);
    CHECK(server.error() == HttpErrc::tls_files);
  }
}

TEST_CASE("with TLS a server may listen anywhere", "[row.A11]") {
  Loop loop;
  Authority authority;
  CHECK(serve(loop, {.listen = "0.0.0.0:0", .tls = authority.issue()}).local_endpoint().port() != 0);
}

}  // namespace tls_test

// SPDX-License-Identifier: Apache-2.0
// What a server has to show, by handshakes with servers that show something else; and the file that --ca named.
#include <sys/stat.h>

#include <boost/asio/ssl.hpp>
#include <fstream>

#include "http/errc.hpp"
#include "http/tls_trust.hpp"
#include "tests/http/certificates.hpp"
#include "tests/http/support.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::TlsTrust;

namespace trust_test {
namespace {

namespace fs = std::filesystem;
using TlsStream = asio::ssl::stream<tcp::socket>;

// Presents whatever it is given, however weak.
asio::ssl::context careless(const server::TlsFiles& files) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  SSL_CTX_set_security_level(context.native_handle(), 0);
  context.use_certificate_chain_file(files.certificate.string());
  context.use_private_key_file(files.key.string(), asio::ssl::context::pem);
  return context;
}

awaitable<boost::system::error_code> shake_hands(TlsTrust& trust, tcp::socket socket) {
  auto trusted = co_await trust.context(TlsTrust::Clock::now() + patience);
  if (!trusted) co_return trusted.error();
  TlsStream stream{std::move(socket), **trusted};
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
  co_return error;
}

// Whether a client that wants `host` is content with what a server shows, who is at 127.0.0.1 whatever its name.
bool lets_in(const std::string& host, const server::TlsFiles& files, const fs::path& ca_file) {
  Loop loop;
  auto context = careless(files);
  ScriptedServer server{loop, {[&context](Raw raw) -> awaitable<void> {
                          TlsStream stream{std::move(raw.socket), context};
                          co_await stream.async_handshake(asio::ssl::stream_base::server, as_result);
                        }}};
  TlsTrust trust{loop.io.get_executor(), host, ca_file};
  return !loop.run(shake_hands(trust, std::move(dial_from(loop, server.endpoint()).socket)));
}

// How that file does as the one that --ca names.
boost::system::error_code error_of(const fs::path& ca_file) {
  Loop loop;
  TlsTrust trust{loop.io.get_executor(), "localhost", ca_file};
  const auto context = loop.run(trust.context(TlsTrust::Clock::now() + patience));
  return context ? boost::system::error_code{} : context.error();
}

void write(const fs::path& path, const std::string& text) { std::ofstream{path} << text; }

}  // namespace

TEST_CASE("a common name is no name, whatever alternative names there are", "[row.A12]") {
  Authority authority;
  const auto named = [&](const std::string& alternative, const std::string& common) {
    return authority.issue({.name = alternative, .common = common});
  };
  CHECK(!lets_in("gate.test.example", named("", "gate.test.example"), authority.ca_file()));
  CHECK(!lets_in("gate.test.example", named("email:a@test.example", "*.test.example"), authority.ca_file()));
  CHECK(!lets_in("gate.test.example", named("IP:127.0.0.1", "gate.test.example"), authority.ca_file()));
  CHECK(!lets_in("127.0.0.1", named("", "127.0.0.1"), authority.ca_file()));
  CHECK(lets_in("gate.test.example", named("DNS:gate.test.example", "somebody else"), authority.ca_file()));
}

TEST_CASE("who may issue for one domain cannot name another one in a common name", "[row.A12]") {
  Authority authority;
  const auto lie = authority.issue_below("example.com", {.name = "", .common = "*.test.example"});
  CHECK(!lets_in("gate.test.example", lie, authority.ca_file()));
  const auto another = authority.issue_below("example.com", {.name = "DNS:gate.test.example"});
  CHECK(!lets_in("gate.test.example", another, authority.ca_file()));
  const auto truth = authority.issue_below("test.example", {.name = "DNS:gate.test.example"});
  CHECK(lets_in("gate.test.example", truth, authority.ca_file()));
}

TEST_CASE("a wildcard stands for one whole label and no part of one", "[row.A12]") {
  Authority authority;
  const auto admits = [&](const std::string& pattern, const std::string& host) {
    return lets_in(host, authority.issue({.name = "DNS:" + pattern}), authority.ca_file());
  };
  CHECK(!admits("ga*.test.example", "gate.test.example"));
  CHECK(!admits("*te.test.example", "gate.test.example"));
  CHECK(!admits("g*e.test.example", "gate.test.example"));
  CHECK(!admits("*.test.example", "inner.gate.test.example"));
  CHECK(!admits("*.example", "test.example"));
  CHECK(admits("*.test.example", "gate.test.example"));
}

TEST_CASE("an address has to be an address among the alternative names, of either kind", "[row.A12]") {
  Authority authority;
  const auto admits = [&](const std::string& name, const std::string& host) {
    return lets_in(host, authority.issue({.name = name}), authority.ca_file());
  };
  CHECK(!admits("DNS:127.0.0.1", "127.0.0.1"));
  CHECK(!admits("IP:127.0.0.2", "127.0.0.1"));
  CHECK(!admits("DNS:::1", "::1"));
  CHECK(admits("IP:127.0.0.1", "127.0.0.1"));
  CHECK(admits("IP:::1", "::1"));
}

TEST_CASE("a key that can be broken is refused, whoever has signed it", "[row.A12]") {
  Authority authority, weak{{.rsa_bits = 1024}};
  CHECK(!lets_in("localhost", authority.issue({.rsa_bits = 1024}), authority.ca_file()));
  CHECK(!lets_in("localhost", weak.issue(), weak.ca_file()));
  CHECK(lets_in("localhost", authority.issue({.rsa_bits = 2048}), authority.ca_file()));
}

TEST_CASE("a file of certificates to trust that is none says what it is", "[row.A14]") {
  Authority authority, old{{.from_days = -10, .to_days = -1}}, early{{.from_days = 1, .to_days = 10}};
  const auto files = authority.issue();
  const auto folder = authority.ca_file().parent_path();
  CHECK(error_of(folder / "nothing") == HttpErrc::ca_unreadable);
  CHECK(error_of(folder) == HttpErrc::ca_not_plain);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(error_of(folder / "fifo") == HttpErrc::ca_not_plain);
  CHECK(error_of("/dev/zero") == HttpErrc::ca_not_plain);
  CHECK(error_of(files.key) == HttpErrc::ca_bad);
  write(folder / "empty", "");
  CHECK(error_of(folder / "empty") == HttpErrc::ca_bad);
  write(folder / "half", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  CHECK(error_of(folder / "half") == HttpErrc::ca_bad);
  fs::copy_file(authority.ca_file(), folder / "huge");
  std::ofstream{folder / "huge", std::ios::app} << std::string(limits::ca_file_bytes, '\n');
  CHECK(error_of(folder / "huge") == HttpErrc::ca_bad);
  CHECK(error_of(old.ca_file()) == HttpErrc::ca_expired);
  CHECK(error_of(early.ca_file()) == HttpErrc::ca_expired);
  CHECK(!error_of(authority.ca_file()));
  for (auto error :
       {HttpErrc::ca_unreadable, HttpErrc::ca_not_plain, HttpErrc::ca_bad, HttpErrc::ca_expired, HttpErrc::ca_slow}) {
    CHECK(daemon::is_about_ca_file(error));
    CHECK(class_of(error) == Errc::offline);
  }
}

TEST_CASE("one good certificate among others that have ended is enough, as when an authority changes its own",
          "[row.A14]") {
  Authority authority, old{{.from_days = -10, .to_days = -1}};
  const auto both = authority.ca_file().parent_path() / "both.pem";
  std::ofstream{both} << std::ifstream{old.ca_file()}.rdbuf() << std::ifstream{authority.ca_file()}.rdbuf();
  CHECK(lets_in("localhost", authority.issue(), both));
  CHECK(!lets_in("localhost", old.issue(), both));
}

TEST_CASE("the file is read for each connection, so that it may come, go and change", "[row.A14]") {
  Loop loop;
  Authority authority, other;
  const auto file = authority.ca_file().parent_path() / "trusted.pem";
  auto server = serve(loop, {.tls = authority.issue()});
  HttpClient client{loop.io.get_executor(),
                    *wire::Origin::parse("https://localhost:" + std::to_string(server.local_endpoint().port())),
                    {.ca_file = file, .kept = 0}};
  const auto error = [&] {
    const auto answer = loop.run(client.send({"GET", "/", {}, {}, {}}, 10s, 1000));
    return answer ? boost::system::error_code{} : answer.error();
  };
  CHECK(error() == HttpErrc::ca_unreadable);
  CHECK(loop.run(client.ready()).error() == HttpErrc::ca_unreadable);
  fs::copy_file(authority.ca_file(), file);
  CHECK(loop.run(client.ready()));
  CHECK(!error());
  fs::copy_file(other.ca_file(), file, fs::copy_options::overwrite_existing);
  CHECK(error() == HttpErrc::tls_refused);
  fs::remove(file);
  CHECK(error() == HttpErrc::ca_unreadable);
  fs::copy_file(authority.ca_file(), file);
  CHECK(!error());
}

TEST_CASE("many who wait for the file wait for one reading, and a client may go away meanwhile", "[row.A14]") {
  Loop loop;
  Authority authority;
  TlsTrust trust{loop.io.get_executor(), "localhost", authority.ca_file()};
  int good = 0;
  for (int n = 0; n < 20; ++n)
    loop.start([](TlsTrust& from, int& count) -> awaitable<void> {
      const auto context = co_await from.context(TlsTrust::Clock::now() + patience);
      count += context ? 1 : 0;
    }(trust, good));
  loop.until([&] { return good == 20; });
  for (int n = 0; n < 20; ++n) {
    Loop gone;
    TlsTrust left{gone.io.get_executor(), "localhost", authority.ca_file()};
    const auto early = gone.run(left.context(TlsTrust::Clock::now()));
    CHECK((early || early.error() == HttpErrc::ca_slow));
  }
}

}  // namespace trust_test

// SPDX-License-Identifier: Apache-2.0
#include "wire/origin.hpp"
#include "base/input_errc.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using wire::HostPort;
using wire::Origin;

namespace origin_test {
namespace {

std::string canonical(std::string_view text) {
  auto origin = Origin::parse(text);
  return origin ? origin->text() : std::string{error_class(origin.error()).kind} + ": " + origin.error().message();
}

}  // namespace

TEST_CASE("every spelling of one place has one text") {
  for (auto text : {"https://vault.example.org", "https://vault.example.org/", "https://vault.example.org:443",
                    "HTTPS://Vault.Example.ORG:443/"})
    CHECK(canonical(text) == "https://vault.example.org");
  CHECK(canonical("https://h:8443/") == "https://h:8443");
  CHECK(canonical("https://h:80") == "https://h:80");
  CHECK(canonical("http://LocalHost:80/") == "http://localhost");
  CHECK(canonical("http://127.0.0.1:8080") == "http://127.0.0.1:8080");
  CHECK(canonical("http://[0:0:0:0:0:0:0:1]:443") == "http://[::1]:443");
  CHECK(canonical("https://[2001:DB8::0:1]/") == "https://[2001:db8::1]");
  CHECK(canonical("https://xn--bcher-kva.example") == "https://xn--bcher-kva.example");
}

TEST_CASE("an origin knows its parts") {
  const auto v6 = Origin::parse("https://[2001:db8::1]:8443");
  REQUIRE(v6);
  CHECK(v6->host() == "2001:db8::1");
  CHECK(v6->authority() == "[2001:db8::1]:8443");
  CHECK(v6->port() == 8443);
  CHECK(v6->tls());
  const auto local = Origin::parse("http://localhost");
  REQUIRE(local);
  CHECK(local->authority() == "localhost");
  CHECK(local->port() == 80);
  CHECK_FALSE(local->tls());
}

TEST_CASE("plain http is accepted for loopback only") {
  for (auto text : {"http://127.0.0.1", "http://127.255.1.2", "http://[::1]", "http://localhost"})
    CHECK(Origin::parse(text).has_value());
  for (auto text : {"http://example.org", "http://128.0.0.1", "http://0.0.0.0", "http://[::]", "http://[::2]",
                    "http://[::ffff:127.0.0.1]", "http://localhost.example.org", "http://127.0.0.1.example.org"}) {
    INFO(text);
    CHECK(Origin::parse(text).error() == InputErrc::plain_http);
  }
}

TEST_CASE("an origin has no user, path, query, fragment, blank or odd host") {
  for (auto text : {"",
                    "h",
                    "//h",
                    "https:/h",
                    "https://",
                    "https:///",
                    "https://h//",
                    "https://h/path",
                    "https://h/?",
                    "https://h?q",
                    "https://h#f",
                    "https://u@h",
                    "https://u:p@h",
                    " https://h",
                    "https://h ",
                    "https://h\n",
                    "https://h\t/",
                    "ftp://h",
                    "wss://h",
                    "https://h:",
                    "https://h:/",
                    "https://h:0",
                    "https://h:00443",
                    "https://h:65536",
                    "https://h:+1",
                    "https://h:-1",
                    "https://h:1:2",
                    "https://h.",
                    "https://.h",
                    "https://a..b",
                    "https://-h",
                    "https://h-",
                    "https://a_b",
                    "https://b\xc3\xbc"
                    "cher.example",
                    "https://127.1",
                    "https://2130706433",
                    "https://0x7f.0.0.1",
                    "https://0x7f000001",
                    "https://127.0.0.01",
                    "https://256.0.0.1",
                    "https://1.2.3.4.5",
                    "https://::1",
                    "https://[::1",
                    "https://[::1]x",
                    "https://[::1]]",
                    "https://[fe80::1%25eth0]",
                    "https://[fe80::1%eth0]",
                    "https://[127.0.0.1]",
                    "https://[h]",
                    "https://[]"}) {
    INFO(text);
    CHECK(Origin::parse(text).error() == InputErrc::server_url_bad);
  }
  CHECK_FALSE(Origin::parse(std::string_view{"https://h\0", 10}));
  CHECK_FALSE(Origin::parse("https://" + std::string(64, 'a')));
  CHECK_FALSE(Origin::parse("https://" + std::string(1 << 20, 'a')));
}

TEST_CASE("the text of an origin is an origin, and the same one") {
  const std::string_view alphabet = "https://[]:.0123456789-aZ@?#%";
  tests::for_all(2000, [&](tests::Random& random) {
    std::string text = random.chance(80) ? "https://" : "http://";
    for (auto n = random.below(12); n > 0; --n) text += alphabet[random.below(alphabet.size())];
    const auto first = Origin::parse(text);
    if (!first) return;
    const auto again = Origin::parse(first->text());
    REQUIRE(again);
    CHECK(again->text() == first->text());
    CHECK(again->host() == first->host());
    CHECK(again->port() == first->port());
  });
}

TEST_CASE("a listener's place may have port 0 and says whether it is loopback") {
  const auto any = HostPort::parse("0.0.0.0:0");
  REQUIRE(any);
  CHECK(any->port == 0);
  CHECK_FALSE(any->is_loopback());
  CHECK(any->is_address());
  CHECK(HostPort::parse("[::1]:8080")->is_loopback());
  CHECK(HostPort::parse("localhost:8080")->is_loopback());
  CHECK_FALSE(HostPort::parse("localhost:8080")->is_address());
  CHECK_FALSE(HostPort::parse("example.org")->port.has_value());
}

}  // namespace origin_test

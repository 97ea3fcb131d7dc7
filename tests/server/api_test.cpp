// SPDX-License-Identifier: Apache-2.0
#include "server/api.hpp"

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/verify.hpp"
#include "tests/server/api_world.hpp"
#include "tests/support/property.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;
using namespace std::chrono_literals;
using wire::HttpResponse;

namespace api_test {
namespace {

wire::Prelogin prelogin(World& world, const std::string& account) {
  const auto answer = world.api->handle(plain("POST", "/v1/prelogin", wire::encode(wire::PreloginRequest{account})));
  REQUIRE(answer.status == 200);
  return wire::decode<wire::Prelogin>(answer.body).value();
}

bool same(const wire::Prelogin& a, const wire::Prelogin& b) {
  return a.suite == b.suite && a.vault == b.vault && a.seed == b.seed;
}

bool refused(const HttpResponse& answer, int status, std::string_view kind) {
  UNSCOPED_INFO(answer.status << ' ' << error_of(answer));
  return answer.status == status && error_of(answer) == kind;
}

// Status and class.
using Told = std::pair<int, std::string>;
const Told refused_devices{400, "E_TAMPER"};
Told put_tells(World& world, const Bytes& keyring) {
  const auto answer = world.put(keyring);
  return {answer.status, error_of(answer)};
}

const auto heads = "/v1/heads";

}  // namespace

TEST_CASE("prelogin tells what the newest keyring says") {
  World world;
  const auto header = first_header("ann", 1);
  CHECK(same(prelogin(world, "ann"), {header.suite, header.vault, header.seed}));
}

TEST_CASE("prelogin makes up for an unknown account what it makes up again after a restart, and no other server does") {
  World world, other;
  const auto nobody = prelogin(world, "nobody");
  CHECK(nobody.suite == 1);
  CHECK_FALSE(nobody.vault.is_zero());
  CHECK_FALSE(nobody.seed.is_zero());
  CHECK_FALSE(same(nobody, prelogin(world, "nobody2")));
  CHECK_FALSE(same(nobody, prelogin(other, "nobody")));
  world.restart();
  CHECK(same(nobody, prelogin(world, "nobody")));
}

TEST_CASE("what is made up for an account is made as PROTOCOL.md says") {
  World world;
  const auto secret = world.storage->secret().value();
  const Bytes zero{0};
  const auto mac = [&](std::string_view label) {
    return crypto::hmac_sha256(secret.view(), bytes_of(label), zero, bytes_of("nobody"));
  };
  const auto made = prelogin(world, "nobody");
  CHECK(hex(made.vault) == hex(mac("vaultd/v1/fake-vault-id")).substr(0, 32));
  CHECK(hex(made.seed) == hex(mac("vaultd/v1/fake-seed")));
}

TEST_CASE("an account is created once, by a keyring version 1 of that account signed by its own password") {
  World world;
  CHECK(refused(world.create("ann", make_keyring(first_header("ann", 2), 2)), 409, "E_CONFLICT"));
  CHECK(refused(world.create("bob", make_keyring(first_header("ann", 1), 1)), 400, "E_TAMPER"));
  CHECK(refused(world.create("bob", make_keyring(first_header("bob", 1), 2)), 400, "E_TAMPER"));
  CHECK(refused(world.create("bob", make_keyring(next_header(make_keyring(first_header("bob", 1), 1)), 1)), 400,
                "E_TAMPER"));
  CHECK(refused(world.create("bob", make_keyring(first_header("bob", 1), 1, Second::previous, 1)), 400, "E_TAMPER"));
  CHECK(refused(world.create("bob", Bytes(300'000)), 413, "E_LIMIT"));
  CHECK(refused(world.create("bob", {}), 400, "E_TAMPER"));
  CHECK(world.create("bob", make_keyring(first_header("bob", 1), 1)).status == 200);
}

TEST_CASE("a closed server makes no account, and does not tell which it has") {
  World world{Registration::closed};
  CHECK(refused(world.create("bob", make_keyring(first_header("bob", 1), 1)), 403, "E_DENIED"));
  CHECK(refused(world.create("bob", {}), 403, "E_DENIED"));
}

TEST_CASE("a server by invitation makes one account for each, and tells nobody else which it has") {
  World world{Registration::invite};
  const Bytes token{1, 2, 3};
  const auto bob = make_keyring(first_header("bob", 1), 1), eve = make_keyring(first_header("eve", 1), 1);
  CHECK(refused(world.create("bob", bob, token), 403, "E_DENIED"));
  REQUIRE(world.storage->add_invitation(crypto::sha256(token)));
  CHECK(refused(world.create("bob", {}, token), 400, "E_TAMPER"));  // which costs nothing
  CHECK(world.create("bob", bob, token).status == 200);
  CHECK(world.create("bob", bob, token).status == 200);  // again: the first answer may have been lost
  const auto other = make_keyring(first_header("bob", 2), 2);
  CHECK(refused(world.create("bob", other, {}), 403, "E_DENIED"));
  CHECK(refused(world.create("bob", other, token), 403, "E_DENIED"));
  CHECK(refused(world.create("eve", eve, token), 403, "E_DENIED"));
}

TEST_CASE(
    "an account that is given back has all versions that follow each other, whoever was there before and however "
    "often") {
  World open, closed{Registration::closed};
  const auto one = make_keyring(first_header("ann", 1), 1), two = make_keyring(next_header(one), 1),
             three = make_keyring(next_header(two), 1);
  const auto give = [](World& world, const Bytes& first, const std::vector<Bytes>& more) {
    wire::CreateAccount body{"ann", {}, Sealed::from_untrusted(first), {}};
    for (const auto& version : more) body.more.push_back(Sealed::from_untrusted(version));
    return world.api->handle(plain("POST", "/v1/account", wire::encode(body)));
  };
  const auto head = [](World& world) { return world.storage->find_account("ann")->value().keyring.version; };
  CHECK(refused(give(open, one, {three}), 409, "E_CONFLICT"));
  CHECK(head(open) == 1);
  for (int again = 0; again < 2; ++again) CHECK(give(open, one, {two, three}).status == 200);
  CHECK(give(open, one, {three}).status == 200);
  CHECK(head(open) == 3);
  auto rival = next_header(two);
  add_device(rival, 2);
  CHECK(refused(give(open, one, {two, make_keyring(rival, 1)}), 409, "E_CONFLICT"));
  CHECK(refused(give(open, one, {make_keyring(next_header(three), 2)}), 400, "E_TAMPER"));
  CHECK(refused(give(open, make_keyring(first_header("ann", 2), 2), {two}), 409, "E_CONFLICT"));
  CHECK(head(open) == 3);
  CHECK(refused(give(closed, one, {two}), 403, "E_DENIED"));
  CHECK_FALSE(closed.storage->find_account("ann")->has_value());
}

TEST_CASE("commits may name a keyring version that another one replaces, and no other that is not there") {
  World world;
  auto sibling = next_header(world.keyring);
  add_device(sibling, 2);
  const auto gone = make_keyring(sibling, 1);
  const auto chain = make_chain(gone, 2, 1, 1);
  CHECK(refused(world.post(1, make_chain(gone, 2, 1, 1)), 400, "E_TAMPER"));
  auto next = next_header(world.keyring);
  world.keyring = make_keyring(next, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  auto both = next_header(world.keyring);
  add_device(both, 2);
  both.siblings = {crypto::keyring_hash(gone)};
  world.keyring = make_keyring(both, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  CHECK(world.post(2, chain).status == 200);
  world.restart();
  CHECK(world.post(2, chain).status == 200);
}

TEST_CASE("a request signed by a device or by the password is answered") {
  World world;
  auto device = world.device();
  auto password = world.password();
  for (auto* by : {&device, &password}) {
    const auto answer = world.get(*by, heads);
    REQUIRE(answer.status == 200);
    const auto shown = wire::decode<wire::Heads>(answer.body).value();
    CHECK(shown.keyring == wire::KeyringHead{1, crypto::keyring_hash(world.keyring)});
    CHECK(shown.chains.empty());
  }
}

TEST_CASE("a request that differs in anything from what was signed is refused") {
  World world;
  auto by = world.device();
  const auto body = wire::encode(wire::CommitPage{make_chain(world.keyring, 1, 1, 1)});
  const auto good = by.sign("POST", world.chain(1), body);
  auto method = good, target = good, changed = good, number = good;
  method.method = "GET";
  target.target = world.chain(2);
  changed.body.back() ^= 1;
  auto& header = number.headers[0].value;
  header.replace(header.find(",1,"), 3, ",2,");
  for (const auto& request : {method, target, changed, number})
    CHECK(refused(world.api->handle(request), 401, "E_AUTH"));

  const auto with = [&](auto change) {
    auto other = by;
    change(other);
    return world.api->handle(other.sign("POST", world.chain(1), body));
  };
  CHECK(refused(with([](Signing& s) { s.origin = "https://evil.example"; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.origin = "http://127.0.0.1:8081"; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.account = "bob"; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.vault.raw[0] ^= 1; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.key.raw[0] ^= 1; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.number = 2; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.session.challenge.raw[0] ^= 1; }), 401, "E_AUTH"));
  CHECK(refused(with([](Signing& s) { s.session.id.raw[0] ^= 1; }), 401, "E_AUTH"));
  CHECK(refused(world.api->handle(plain("POST", world.chain(1), body)), 401, "E_AUTH"));
  CHECK(with([](Signing&) {}).status == 200);
}

TEST_CASE("a request may be signed for the listener, loopback with its port, and each origin given") {
  World world;
  for (const std::string origin :
       {"http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080", "https://vault.example"}) {
    auto by = world.device();
    by.origin = origin;
    for (const std::string host : {"", "vault.example", "localhost:8080", "else.where"}) {
      auto request = by.sign("GET", heads);
      if (!host.empty()) request.headers.push_back({"Host", host});
      CHECK(world.api->handle(request).status == 200);
    }
  }
}

TEST_CASE("each number is good once, in any order, down to 64 below the greatest") {
  World world;
  const auto by = world.device();
  const auto status = [&](std::uint64_t number) { return world.api->handle(by.sign_as(number, "GET", heads)).status; };
  CHECK(status(1) == 200);
  CHECK(status(1) == 401);
  CHECK(status(100) == 200);
  CHECK(status(99) == 200);
  CHECK(status(99) == 401);
  CHECK(status(100) == 401);
  CHECK(status(36) == 200);
  CHECK(status(36) == 401);
  CHECK(status(35) == 401);
  CHECK(status(~0ull) == 200);
  CHECK(status(~0ull) == 401);
  CHECK(status(~0ull - 64) == 200);
  CHECK(status(~0ull - 65) == 401);
  CHECK(status(101) == 401);
}

TEST_CASE("a number window agrees with a list of the numbers used") {
  for_all(200, [](Random& random) {
    NumberWindow window;
    std::vector<std::uint64_t> used;
    std::uint64_t greatest = 0;
    for (int i = 0; i < 200; ++i) {
      const auto number = greatest + random.below(random.chance(10) ? 200 : 5) - std::min(greatest, random.below(80));
      const bool seen = std::find(used.begin(), used.end(), number) != used.end();
      const bool expected = number != 0 && !seen && (number > greatest || greatest - number <= 64);
      REQUIRE(window.is_new(number) == expected);
      if (!expected) continue;
      window.use(number);
      used.push_back(number);
      greatest = std::max(greatest, number);
    }
  });
}

TEST_CASE("a session ends after an hour unused, and not before") {
  World world;
  auto by = world.device();
  for (int i = 0; i < 3; ++i) {
    world.now += 60min;
    CHECK(world.get(by, heads).status == 200);
  }
  world.now += 60min + 1s;
  CHECK(refused(world.get(by, heads), 401, "E_AUTH"));
  auto waiting = world.device();
  world.now += 61min;
  CHECK(refused(world.get(waiting, heads), 401, "E_AUTH"));
  (void)world.device();
  CHECK(world.api->sessions() == 1);
}

TEST_CASE("sessions end with the server") {
  World world;
  auto by = world.device();
  CHECK(world.get(by, heads).status == 200);
  world.restart();
  CHECK(refused(world.get(by, heads), 401, "E_AUTH"));
}

TEST_CASE("an account's 65th session in use ends the one used longest ago") {
  World world;
  std::vector<Signing> sessions;
  for (int i = 0; i < 64; ++i) {
    sessions.push_back(world.device());
    CHECK(world.get(sessions.back(), heads).status == 200);
  }
  CHECK(world.get(sessions[0], heads).status == 200);
  auto one_more = world.device();
  CHECK(world.get(one_more, heads).status == 200);
  CHECK(refused(world.get(sessions[1], heads), 401, "E_AUTH"));
  CHECK(world.get(sessions[0], heads).status == 200);
  CHECK(world.get(sessions[2], heads).status == 200);
}

TEST_CASE("sessions that strangers open, however many, end none that was used") {
  World world;
  auto by = world.device();
  CHECK(world.get(by, heads).status == 200);
  for (std::size_t i = 0; i < Sessions::unproven + 100; ++i) (void)world.device();
  CHECK(world.api->sessions() == Sessions::unproven + 1);
  CHECK(world.get(by, heads).status == 200);
}

TEST_CASE("a session for what does not exist is opened like another, and its requests fail like wrong ones") {
  World world;
  auto no_account = world.password(1, "nobody");
  auto no_device = world.device(9);
  auto wrong = world.password(2);
  const auto first = world.get(wrong, heads);
  CHECK(refused(first, 401, "E_AUTH"));
  for (auto* by : {&no_account, &no_device}) {
    const auto answer = world.get(*by, heads);
    CHECK(answer.status == first.status);
    CHECK(answer.headers == first.headers);
    CHECK(answer.body == first.body);
  }
}

TEST_CASE("a session for another vault id than the account's fails, though everything is signed with the right key") {
  World world;
  Signing by;
  by.account = "ann";
  by.vault = first_header("bob", 1).vault;
  by.key = device_id(1);
  const wire::SessionRequest request{by.account, by.vault, by.key};
  by.session =
      wire::decode<wire::Session>(world.api->handle(plain("POST", "/v1/session", wire::encode(request))).body).value();
  CHECK(refused(world.get(by, heads), 401, "E_AUTH"));
}

TEST_CASE("ten wrong passwords are answered, then one in ten seconds, for accounts that exist or not") {
  World world;
  for (const std::string account : {"ann", "nobody"}) {
    const auto guess = [&](std::uint8_t password) {
      auto by = world.password(password, account);
      return world.get(by, heads).status;
    };
    for (int i = 0; i < 10; ++i) CHECK(guess(2) == 401);
    CHECK(guess(2) == 429);
    CHECK(guess(1) == 429);  // nor is the right one looked at
    world.now += 10s;
    CHECK(guess(2) == 401);
    CHECK(guess(2) == 429);
    world.now += 10s;
    CHECK(guess(1) == (account == "ann" ? 200 : 401));
  }
}

TEST_CASE("wrong passwords stop neither the account's devices, nor who is logged in, nor other accounts") {
  World world;
  REQUIRE(world.create("bob", make_keyring(first_header("bob", 1), 1)).status == 200);
  auto logged_in = world.password();
  CHECK(world.get(logged_in, heads).status == 200);
  for (int i = 0; i < 12; ++i) {
    auto by = world.password(2);
    (void)world.get(by, heads);
  }
  auto late = world.password();
  CHECK(refused(world.get(late, heads), 429, "E_BUSY"));
  CHECK(world.get(logged_in, heads).status == 200);
  auto device = world.device();
  CHECK(world.get(device, heads).status == 200);
  auto bob = world.password(1, "bob");
  CHECK(world.get(bob, heads).status == 200);
}

TEST_CASE("wrong signatures of devices are never limited") {
  World world;
  for (int i = 0; i < 50; ++i) {
    auto by = world.open(device_id(1), 2);
    CHECK(refused(world.get(by, heads), 401, "E_AUTH"));
  }
  auto password = world.password();
  CHECK(world.get(password, heads).status == 200);
}

TEST_CASE("no path, method or parameter but those of the protocol is known") {
  World world;
  auto by = world.device();
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/"},
                                                        {"GET", "/v1/"},
                                                        {"GET", "/v2/heads"},
                                                        {"POST", "/v1/heads"},
                                                        {"DELETE", "/v1/keyring"},
                                                        {"GET", "/v1/prelogin"},
                                                        {"GET", "/v1/chain/"},
                                                        {"GET", "/v1/chain/" + std::string(31, 'a')},
                                                        {"GET", "/v1/chain/" + std::string(32, 'A')},
                                                        {"GET", "/v1//heads"},
                                                        {"GET", "/v1/heads/"}})
    CHECK(refused(world.api->handle(by.sign(method, target)), 404, "E_NOT_FOUND"));
  for (const std::string target :
       {"/v1/heads?", "/v1/heads?x=1", "/v1/heads?wait=1", "/v1/heads?known=00", "/v1/heads?wait=0&known=00",
        "/v1/heads?wait=56&known=00", "/v1/heads?wait=1&known=0&x=1", "/v1/keyring", "/v1/keyring?from=0",
        "/v1/keyring?from=", "/v1/keyring?from=+1", "/v1/keyring?from=01", "/v1/keyring?from=1&from=1",
        "/v1/keyring?from=4294967296", "/v1/keyring?from=1&x=1", "/v1/keyring?from=%31", "/v1/keyring?=1"})
    CHECK(refused(world.get(by, target), 400, "E_USAGE"));
  for (const std::string from : {"", "?from=0", "?from=18446744073709551616", "?from=-1", "?from=1&"})
    CHECK(refused(world.get(by, world.chain(1) + from), 400, "E_USAGE"));
  CHECK(refused(world.api->handle(plain("POST", "/v1/prelogin?x=1", {})), 400, "E_USAGE"));
}

TEST_CASE("a keyring version that follows is stored, and read again from any version") {
  World world;
  const auto first = world.keyring;
  world.enrol_second();
  auto by = world.device(2);
  const auto page = wire::decode<wire::KeyringPage>(world.get(by, "/v1/keyring?from=1").body).value();
  CHECK(page.head == wire::KeyringHead{2, crypto::keyring_hash(world.keyring)});
  CHECK(page.versions == std::vector{Sealed::from_untrusted(first), Sealed::from_untrusted(world.keyring)});
  CHECK(wire::decode<wire::KeyringPage>(world.get(by, "/v1/keyring?from=2").body).value().versions.size() == 1);
  CHECK(wire::decode<wire::KeyringPage>(world.get(by, "/v1/keyring?from=3").body).value().versions.empty());
}

TEST_CASE("a keyring version sent again is success, and a rival of it gets the head that won") {
  World world;
  auto rival = next_header(world.keyring);
  rival.password_slot = Sealed::from_untrusted(Bytes(101, 0x77));
  world.enrol_second();
  const wire::KeyringHead head{2, crypto::keyring_hash(world.keyring)};
  const auto again = world.put(world.keyring);
  CHECK(again.status == 200);
  CHECK(again.body == wire::encode(head));
  const auto lost = world.put(make_keyring(rival, 1));
  CHECK(refused(lost, 409, "E_CONFLICT"));
  CHECK(lost.body == wire::encode(head));
}

TEST_CASE("a keyring version that cuts a chain is stored only while the chain ends where its author says") {
  World world;
  const auto put = [&world](const std::string& parameters, const Bytes& next) {
    auto by = world.device();
    return world.api->handle(by.sign("PUT", "/v1/keyring" + parameters, next));
  };
  const auto at = [](const DeviceId& device, const Head& head) {
    return "?chain=" + hex(device) + "&head=" + std::to_string(head.seq) + "-" + hex(head.hash);
  };
  const auto next = make_keyring(next_header(world.keyring), 1);
  const auto chain = make_chain(world.keyring, 1, 1, 2);
  const Head first{1, crypto::commit_hash(chain[0].view())}, second{2, crypto::commit_hash(chain[1].view())};
  CHECK(refused(put(at(device_id(1), first), next), 409, "E_CONFLICT"));
  REQUIRE(world.post(1, chain).status == 200);
  CHECK(refused(put(at(device_id(1), {}), next), 409, "E_CONFLICT"));
  CHECK(refused(put(at(device_id(1), first), next), 409, "E_CONFLICT"));
  CHECK(refused(put(at(device_id(1), {2, first.hash}), next), 409, "E_CONFLICT"));
  for (const auto* bad : {"?chain=x&head=1-x", "?x=1", "?chain=00", "?head=1-00"})
    CHECK(refused(put(bad, next), 400, "E_USAGE"));
  auto by = world.device();
  CHECK(wire::decode<wire::KeyringPage>(world.get(by, "/v1/keyring?from=1").body).value().head.version == 1);
  CHECK(put(at(device_id(1), second), next).status == 200);
  CHECK(put(at(device_id(1), first), next).status == 200);  // it is there already
}

TEST_CASE("a keyring version that may not follow is refused and changes nothing") {
  World world;
  const auto refused_as = [&world](int status, std::string_view kind, const Bytes& next) {
    const bool out = refused(world.put(next), status, kind);
    auto by = world.device();
    const auto page = wire::decode<wire::KeyringPage>(world.get(by, "/v1/keyring?from=1").body).value();
    return out && page.versions.size() == 1;
  };
  const auto header = next_header(world.keyring);
  auto other = header;
  other.account = "bob";
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 1)));
  other = header;
  other.vault.raw[0] ^= 1;
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 1)));
  other = header;
  other.version = 3;
  CHECK(refused_as(409, "E_CONFLICT", make_keyring(other, 1)));
  other = header;
  other.prev.raw[0] ^= 1;
  CHECK(refused_as(409, "E_CONFLICT", make_keyring(other, 1)));
  other = header;
  other.version = other.generation = 3;
  CHECK(refused_as(409, "E_CONFLICT", make_keyring(other, 1)));
  CHECK(refused_as(400, "E_TAMPER", make_keyring(header, 2)));                       // not signed by its password
  CHECK(refused_as(400, "E_TAMPER", make_keyring(header, 1, Second::previous, 1)));  // one signature too many
  other = header;
  set_password(other, 2);
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 2)));                       // nobody of before agreed
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 2, Second::previous, 2)));  // another one agreed
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 2, Second::recovery, 1)));  // there is no sheet
  other.seed = header.seed;
  CHECK(refused_as(400, "E_TAMPER", make_keyring(other, 2, Second::previous, 1)));
  auto damaged = make_keyring(header, 1);
  damaged[damaged.size() - 200] ^= 1;
  CHECK(refused_as(400, "E_TAMPER", damaged));
  CHECK(refused_as(413, "E_LIMIT", make_keyring(header, 1, Second::none, 0, 270'000)));
  auto future = make_keyring(header, 1);
  future[4] = 3;
  CHECK(refused_as(400, "E_DOWNGRADE", future));
}

TEST_CASE("a generation rises by one at most and never falls") {
  World world;
  auto header = next_header(world.keyring);
  new_key(header);
  world.keyring = make_keyring(header, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  world.keyring = make_keyring(next_header(world.keyring), 1);
  REQUIRE(world.put(world.keyring).status == 200);
  header = next_header(world.keyring);
  new_key(header);
  header.generation = 1;
  CHECK(refused(world.put(make_keyring(header, 1)), 400, "E_TAMPER"));
  header.generation = 4;
  CHECK(refused(world.put(make_keyring(header, 1)), 400, "E_TAMPER"));
  header.generation = 3;
  CHECK(world.put(make_keyring(header, 1)).status == 200);
}

TEST_CASE("after a password change only the new password logs in, and sessions of the old one are over", "[claim.6]") {
  World world;
  auto old = world.password(1), device = world.device();
  CHECK(world.get(old, heads).status == 200);
  CHECK(world.get(device, heads).status == 200);
  auto header = next_header(world.keyring);
  set_password(header, 2);
  new_key(header);
  CHECK(world.put(make_keyring(header, 2, Second::previous, 1)).status == 200);
  CHECK(prelogin(world, "ann").seed == header.seed);
  CHECK(refused(world.get(old, heads), 401, "E_AUTH"));
  CHECK(world.get(device, heads).status == 200);
  auto again = world.password(1), now = world.password(2);
  CHECK(refused(world.get(again, heads), 401, "E_AUTH"));
  CHECK(world.get(now, heads).status == 200);
}

TEST_CASE("a recovery stands for the old password when it replaces all that the sheet reached, and only then",
          "[row.C02]") {
  World world;
  world.print_sheet();
  const auto header = wire::decode_keyring_header(world.keyring).value().header;
  const auto good = [&] {
    auto out = next_header(world.keyring);
    set_password(out, 2);
    new_key(out);
    out.recovery_auth = recovery_key(2).public_key();
    return out;
  }();
  const auto put = [&](auto change, std::uint8_t sheet = 1) {
    auto changed = good;
    change(changed);
    return world.put(make_keyring(changed, 2, Second::recovery, sheet));
  };
  CHECK(refused(put([](auto&) {}, 2), 400, "E_TAMPER"));
  CHECK(refused(put([](auto& h) { h.generation = 1; }), 400, "E_TAMPER"));
  CHECK(refused(put([](auto& h) { h.recovery_auth = recovery_key(1).public_key(); }), 400, "E_TAMPER"));
  CHECK(refused(put([&](auto& h) { h.seed = header.seed; }), 400, "E_TAMPER"));
  auto by = world.password(1);
  CHECK(world.api->handle(by.sign("PUT", "/v1/keyring", make_keyring(good, 2, Second::recovery, 1))).status == 200);
}

TEST_CASE("a sheet logs in from the version that has it on, reads all, and is refused by whoever has none") {
  World world;
  world.enrol_second();
  auto early = world.sheet();
  CHECK(refused(world.get(early, heads), 401, "E_AUTH"));
  CHECK(world.post(2, make_chain(world.keyring, 2, 1, 1)).status == 200);
  world.print_sheet();
  auto by = world.sheet(), wrong = world.sheet(2);
  CHECK(refused(world.get(wrong, heads), 401, "E_AUTH"));
  CHECK(world.get(by, heads).status == 200);
  CHECK(world.get(by, "/v1/keyring?from=1").status == 200);
  const auto page = wire::decode<wire::CommitPage>(world.get(by, world.chain(2) + "?from=1").body).value();
  CHECK(page.commits.size() == 1);
  const auto body = wire::encode(wire::CommitPage{make_chain(world.keyring, 2, 2, 2)});
  CHECK(refused(world.api->handle(by.sign("POST", world.chain(2), body)), 403, "E_DENIED"));
}

TEST_CASE("a recovery ends the sheet that signed it, its sessions and the password before; the new ones log in") {
  World world;
  world.print_sheet();
  auto sheet = world.sheet(), password = world.password(), device = world.device();
  for (auto* by : {&sheet, &password, &device}) CHECK(world.get(*by, heads).status == 200);
  auto header = next_header(world.keyring);
  set_password(header, 2);
  set_sheet(header, 2);
  new_key(header);
  const auto recovered = make_keyring(header, 2, Second::recovery, 1);
  CHECK(world.api->handle(sheet.sign("PUT", "/v1/keyring", recovered)).status == 200);
  CHECK(refused(world.get(sheet, heads), 401, "E_AUTH"));
  CHECK(refused(world.get(password, heads), 401, "E_AUTH"));
  CHECK(world.get(device, heads).status == 200);
  auto old_sheet = world.sheet(1), new_sheet = world.sheet(2), new_password = world.password(2);
  CHECK(refused(world.get(old_sheet, heads), 401, "E_AUTH"));
  CHECK(world.get(new_sheet, heads).status == 200);
  CHECK(world.get(new_password, heads).status == 200);
}

TEST_CASE("a new sheet ends the one before and its sessions, and no session of the password") {
  World world;
  world.print_sheet(1);
  auto sheet = world.sheet(1), password = world.password();
  CHECK(world.get(sheet, heads).status == 200);
  CHECK(world.get(password, heads).status == 200);
  world.print_sheet(2);
  CHECK(refused(world.get(sheet, heads), 401, "E_AUTH"));
  CHECK(world.get(password, heads).status == 200);
}

TEST_CASE("wrong signatures of a sheet count as wrong passwords do, for accounts with a sheet, without, and for none") {
  World world;
  REQUIRE(world.create("bob", make_keyring(first_header("bob", 1), 1)).status == 200);
  world.print_sheet();
  for (const std::string account : {"ann", "bob", "nobody"}) {
    const auto guess = [&](std::uint8_t sheet) {
      auto by = world.sheet(sheet, account);
      return world.get(by, heads).status;
    };
    for (int i = 0; i < 10; ++i) CHECK(guess(2) == 401);
    CHECK(guess(2) == 429);
    auto password = world.password(1, account);
    CHECK(world.get(password, heads).status == 429);
    world.now += 10s;
    CHECK(guess(1) == (account == "ann" ? 200 : 401));
  }
}

TEST_CASE("a revoked device is refused from the next request on, and its chain stays readable") {
  World world;
  world.enrol_second();
  auto revoked = world.device(2), other = world.device(1);
  CHECK(world.get(revoked, heads).status == 200);
  CHECK(world.post(2, make_chain(world.keyring, 2, 1, 1)).status == 200);
  auto header = next_header(world.keyring);
  revoke(header, 2);
  REQUIRE(world.put(make_keyring(header, 1)).status == 200);
  CHECK(refused(world.get(revoked, heads), 401, "E_AUTH"));
  auto again = world.device(2);
  CHECK(refused(world.get(again, heads), 401, "E_AUTH"));
  const auto page = wire::decode<wire::CommitPage>(world.get(other, world.chain(2) + "?from=1").body).value();
  CHECK(page.commits.size() == 1);
}

TEST_CASE("no keyring version takes a device away, changes its keys, or brings a revoked one back") {
  World world;
  world.enrol_second();
  const auto with = [&world](auto change) {
    auto header = next_header(world.keyring);
    change(header);
    return put_tells(world, make_keyring(header, 1));
  };
  CHECK(with([](auto& h) { h.devices.pop_back(); }) == refused_devices);
  CHECK(with([](auto& h) { h.devices[1].net = net_key(7).public_key(); }) == refused_devices);
  CHECK(with([](auto& h) { h.devices[1].sig = sig_key(7).public_key(); }) == refused_devices);
  CHECK(with([](auto& h) { std::swap(h.devices[1].sig, h.devices[1].net); }) == refused_devices);
  CHECK(with([](auto& h) { h.devices[1].may_write = false; }) == refused_devices);  // and keeps the vault key
  CHECK(with([](auto& h) {
          add_device(h, 3);
          h.devices[2].may_write = false;
        }) == refused_devices);
  CHECK(with([](auto& h) {
          h.devices.pop_back();
          new_key(h);
        }) == refused_devices);
  auto header = next_header(world.keyring);
  revoke(header, 2);
  world.keyring = make_keyring(header, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  CHECK(with([](auto& h) { h.devices[1].may_write = true; }) == refused_devices);
  CHECK(with([](auto& h) {
          h.devices[1].may_write = true;
          new_key(h);
        }) == refused_devices);
  CHECK(world.put(make_keyring(next_header(world.keyring), 1)).status == 200);
}

TEST_CASE("a new vault key has a slot for each active device, and a version without one has no slots") {
  World world;
  world.enrol_second();
  auto header = next_header(world.keyring);
  add_device(header, 3);
  world.keyring = make_keyring(header, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  const auto with = [&world](auto change) {
    auto next = next_header(world.keyring);
    revoke(next, 2);
    change(next);
    return put_tells(world, make_keyring(next, 1));
  };
  CHECK(with([](auto& h) { h.device_slots.pop_back(); }) == refused_devices);
  CHECK(with([](auto& h) { h.device_slots.clear(); }) == refused_devices);
  CHECK(with([](auto& h) { h.device_slots[0].device = device_id(2); }) == refused_devices);  // of the revoked one
  CHECK(with([](auto& h) {
          h.device_slots.insert(h.device_slots.begin() + 1, {device_id(2), h.device_slots[0].slot});
        }) == refused_devices);
  CHECK(with([](auto& h) {
          h.devices[1].may_write = true;
          h.generation = 1;
        }) == refused_devices);  // slots, and no new key
  CHECK(with([](auto&) {}).first == 200);
  auto first = first_header("bob", 1);
  first.device_slots.push_back({device_id(1), Sealed::from_untrusted(Bytes(224))});
  CHECK(refused(world.create("bob", make_keyring(first, 1)), 400, "E_TAMPER"));
  first.device_slots.clear();
  first.devices[0].may_write = false;
  CHECK(refused(world.create("bob", make_keyring(first, 1)), 400, "E_TAMPER"));
}

TEST_CASE("no keyring version is stored that every device would refuse for what it shows to all", "[row.A19]") {
  World world;
  world.enrol_second();
  world.print_sheet();
  const auto with = [&world](bool raised, auto change) {
    auto next = next_header(world.keyring);
    if (raised) new_key(next);
    change(next);
    return put_tells(world, make_keyring(next, 1));
  };
  const auto cut = [](Sealed& slot) {
    auto bytes = Bytes(slot.view().begin(), slot.view().end() - 1);
    slot = Sealed::from_untrusted(bytes);
  };
  const Told refused{400, "E_TAMPER"};
  CHECK(with(true, [&](auto& h) { cut(h.device_slots[1].slot); }) == refused);
  CHECK(with(true, [&](auto& h) { cut(h.password_slot); }) == refused);
  CHECK(with(true, [&](auto& h) { cut(h.recovery_slot); }) == refused);
  CHECK(with(true, [](auto& h) { std::swap(h.device_slots[0].slot, h.device_slots[1].slot); }) == refused);
  CHECK(with(true, [](auto& h) { h.device_slots[0].slot = make_slot(h, 17); }) == refused);
  CHECK(with(true, [&](auto& h) { h.password_slot = next_header(world.keyring).password_slot; }) == refused);
  CHECK(with(false, [](auto& h) { h.password_slot = make_slot(h, 17); }) == refused);  // repeats the one before
  CHECK(with(false, [](auto& h) { h.recovery_slot = make_slot(h, 18); }) == refused);
  CHECK(with(false, [](auto& h) { h.seed.raw.fill(9); }) == refused);
  CHECK(with(false, [](auto& h) { h.suite = 0xFE; }) == refused);
  CHECK(with(false, [](auto& h) { h.siblings = {h.prev}; }) == refused);
  for (const auto& id : {DeviceId{}, DeviceId{wire::sheet_key_id}})
    CHECK(with(false, [&id](auto& h) {
            h.devices.push_back({id, net_key(9).public_key(), sig_key(9).public_key(), true});
            std::ranges::sort(h.devices, {}, &wire::PublicDevice::id);
          }) == refused);
  auto next = next_header(world.keyring);
  set_password(next, 2);
  CHECK(put_tells(world, make_keyring(next, 2, Second::previous, 1)) == refused);  // and keeps the vault key
  CHECK(with(true, [](auto&) {}).first == 200);
}

TEST_CASE("a keyring version whose segments are not as many as its bytes need is refused") {
  World world;
  auto header = next_header(world.keyring);
  const auto short_of_one = make_keyring(header, 1, Second::none, 0, 16384 - 16);
  auto bytes = short_of_one;
  bytes[51] = 2;  // and 16 bytes of what was plaintext are a tag
  bytes = sign_keyring(std::move(bytes), 1);
  CHECK(put_tells(world, bytes) == refused_devices);
  CHECK(world.put(short_of_one).status == 200);
}

TEST_CASE("the last commit of a request is signed by the chain's device, and those before it need not be") {
  World world;
  world.enrol_second();
  const auto unsigned_page = [&](std::uint8_t by, auto change) {
    auto last = make_commit(world.keyring, 2, 1, crypto::keyring_hash(world.keyring));
    change(last, by);
    return world.post(2, {Sealed::from_untrusted(last)});
  };
  CHECK(refused(unsigned_page(1, [](auto& c, auto by) { sign_commit(c, by); }), 403, "E_DENIED"));  // by who sends it
  CHECK(refused(unsigned_page(2, [](auto& c, auto) { c.back() ^= 1; }), 403, "E_DENIED"));
  CHECK(refused(unsigned_page(2, [](auto& c, auto) { c[300] ^= 1; }), 403, "E_DENIED"));  // noise, under a good header
  CHECK(refused(unsigned_page(2, [](auto& c, auto) { std::fill(c.end() - 64, c.end(), 0); }), 403, "E_DENIED"));
  auto first = make_commit(world.keyring, 2, 1, crypto::keyring_hash(world.keyring));
  first.back() ^= 1;
  const auto second = make_commit(world.keyring, 2, 2, crypto::commit_hash(first));
  CHECK(refused(world.post(2, {Sealed::from_untrusted(first)}), 403, "E_DENIED"));
  auto by = world.device();
  CHECK(wire::decode<wire::Heads>(world.get(by, heads).body).value().chains.empty());
  CHECK(world.post(2, {Sealed::from_untrusted(first), Sealed::from_untrusted(second)}).status == 200);
}

TEST_CASE("a page that was on its way when its device was revoked is not stored after that", "[row.L11]") {
  World world;
  world.enrol_second();
  const auto chain = make_chain(world.keyring, 2, 1, 2);
  const auto page = [](const Sealed& one) { return wire::encode(wire::CommitPage{{one}}); };
  auto second = world.device(2);
  auto late = world.api->begin(second.sign("POST", world.chain(2), page(chain[0])));
  REQUIRE(std::holds_alternative<Write>(late));  // its signature was good, and it waits for the thread that writes
  auto header = next_header(world.keyring);
  revoke(header, 2);
  world.keyring = make_keyring(header, 1);
  REQUIRE(world.put(world.keyring).status == 200);
  CHECK(refused(std::get<Write>(late).work(), 401, "E_AUTH"));
  auto by = world.device();
  CHECK(wire::decode<wire::Heads>(world.get(by, heads).body).value().chains.empty());
  CHECK(world.post(2, {chain[0]}).status == 200);  // others may send what it had signed: a repair
}

TEST_CASE("commits are stored, shown by the heads, and read again byte for byte") {
  World world;
  const auto commits = make_chain(world.keyring, 1, 1, 5);
  const auto head = Head{5, crypto::commit_hash(commits[4].view())};
  const auto answer = world.post(1, commits);
  CHECK(answer.status == 200);
  CHECK(answer.body == wire::encode(head));
  auto by = world.device();
  const auto shown = wire::decode<wire::Heads>(world.get(by, heads).body).value();
  CHECK(shown.chains == std::vector<wire::Heads::Chain>{{device_id(1), head}});
  CHECK(wire::decode<wire::CommitPage>(world.get(by, world.chain(1) + "?from=1").body).value().commits == commits);
  const auto tail = wire::decode<wire::CommitPage>(world.get(by, world.chain(1) + "?from=5").body).value();
  CHECK(tail.commits == std::vector{commits[4]});
  CHECK(wire::decode<wire::CommitPage>(world.get(by, world.chain(1) + "?from=6").body).value().commits.empty());
}

TEST_CASE("commits sent again are success; other bytes, or others before them, conflict and show what is stored") {
  World world;
  const auto commits = make_chain(world.keyring, 1, 1, 3);
  REQUIRE(world.post(1, commits).status == 200);
  CHECK(world.post(1, commits).status == 200);
  CHECK(world.post(1, {commits[1]}).status == 200);
  for (const auto& [first, seq] : {std::pair{1, 1u}, {3, 3u}, {4, 3u}}) {
    const auto answer = world.post(1, make_chain(world.keyring, 1, static_cast<std::uint64_t>(first), 5, 9));
    CHECK(refused(answer, 409, "E_CONFLICT"));
    const auto conflict = wire::decode<wire::CommitConflict>(answer.body).value();
    CHECK(conflict.seq == seq);
    CHECK(conflict.stored == commits[seq - 1]);
  }
}

TEST_CASE("commits beyond the head are a gap, with the head in the answer") {
  World world;
  const auto commits = make_chain(world.keyring, 1, 1, 4);
  REQUIRE(world.post(1, {commits[0]}).status == 200);
  const auto answer = world.post(1, {commits[2], commits[3]});
  CHECK(refused(answer, 409, "E_GAP"));
  CHECK(answer.body == wire::encode(Head{1, crypto::commit_hash(commits[0].view())}));
}

TEST_CASE("a commit that is not what its place needs is refused and none of its request is stored") {
  World world;
  world.enrol_second();
  const auto chain = make_chain(world.keyring, 1, 1, 3);
  const auto origin = crypto::keyring_hash(world.keyring);
  const auto one = [&](const Bytes& commit) { return world.post(1, {Sealed::from_untrusted(commit)}); };
  const auto changed = [&](std::size_t at) {
    auto commit = make_commit(world.keyring, 1, 1, origin);
    commit[at] ^= 0x40;
    sign_commit(commit, 1);
    return commit;
  };
  CHECK(refused(one(make_commit(world.keyring, 2, 1, origin)), 400, "E_TAMPER"));  // of another device
  CHECK(refused(one(make_commit(world.keyring, 1, 1, Hash{})), 400, "E_TAMPER"));  // after no keyring of ours
  CHECK(refused(one(changed(0)), 400, "E_TAMPER"));                                // magic
  CHECK(refused(one(changed(4)), 400, "E_DOWNGRADE"));                             // format
  CHECK(refused(one(changed(8)), 400, "E_TAMPER"));                                // vault
  CHECK(refused(one(changed(55)), 400, "E_TAMPER"));                               // total
  CHECK(refused(one(changed(68 + 3)), 400, "E_TAMPER"));                           // keyring version
  CHECK(refused(one(changed(72)), 400, "E_TAMPER"));                               // keyring hash
  CHECK(refused(one(Bytes(limits::commit_bytes + 1)), 413, "E_LIMIT"));
  CHECK(refused(world.post(1, {chain[0], chain[2]}), 400, "E_TAMPER"));
  CHECK(refused(world.post(1, {chain[0], make_chain(world.keyring, 1, 2, 2, 9)[0]}), 400, "E_TAMPER"));
  CHECK(refused(world.post(1, {}), 400, "E_USAGE"));
  auto by = world.device();
  CHECK(refused(world.api->handle(by.sign("POST", world.chain(1), Bytes(100))), 400, "E_TAMPER"));
  CHECK(wire::decode<wire::Heads>(world.get(by, heads).body).value().chains.empty());
}

TEST_CASE("any device that may write may continue any chain, and a password none") {
  World world;
  world.enrol_second();
  CHECK(world.post(2, make_chain(world.keyring, 2, 1, 2)).status == 200);  // posted by device 1
  auto password = world.password();
  const auto body = wire::encode(wire::CommitPage{make_chain(world.keyring, 2, 3, 3)});
  CHECK(refused(world.api->handle(password.sign("POST", world.chain(2), body)), 403, "E_DENIED"));
}

TEST_CASE("the chain of a device that is not in the keyring is not found, whoever has it") {
  World world;
  auto bob = first_header("bob", 1);
  add_device(bob, 5);
  REQUIRE(world.create("bob", make_keyring(bob, 1)).status == 200);
  auto ann = world.device();
  for (std::uint8_t n : {std::uint8_t{5}, std::uint8_t{9}}) {
    CHECK(refused(world.get(ann, world.chain(n) + "?from=1"), 404, "E_NOT_FOUND"));
    const auto body = wire::encode(wire::CommitPage{make_chain(world.keyring, n, 1, 1)});
    CHECK(refused(world.api->handle(ann.sign("POST", world.chain(n), body)), 404, "E_NOT_FOUND"));
  }
}

TEST_CASE("two accounts with devices of equal ids never see each other's commits or keyrings") {
  World world;
  const auto bobs = make_keyring(first_header("bob", 1), 1);
  REQUIRE(world.create("bob", bobs).status == 200);
  REQUIRE(world.post(1, make_chain(world.keyring, 1, 1, 3)).status == 200);
  auto bob = world.device(1, "bob");
  CHECK(wire::decode<wire::Heads>(world.get(bob, heads).body).value().chains.empty());
  CHECK(wire::decode<wire::CommitPage>(world.get(bob, world.chain(1) + "?from=1").body).value().commits.empty());
  CHECK(wire::decode<wire::KeyringPage>(world.get(bob, "/v1/keyring?from=1").body).value().versions ==
        std::vector{Sealed::from_untrusted(bobs)});
  const auto anns = wire::encode(wire::CommitPage{make_chain(world.keyring, 1, 1, 1)});
  CHECK(refused(world.api->handle(bob.sign("POST", world.chain(1), anns)), 400, "E_TAMPER"));
  auto ann_as_bob = world.device(1, "bob");
  ann_as_bob.vault = first_header("ann", 1).vault;
  CHECK(refused(world.get(ann_as_bob, heads), 401, "E_AUTH"));
}

TEST_CASE("a full account is told so, and its password can still be changed") {
  World world{Registration::open, 3000};
  CHECK(refused(world.post(1, make_chain(world.keyring, 1, 1, 20)), 413, "E_LIMIT"));
  auto header = next_header(world.keyring);
  set_password(header, 2);
  new_key(header);
  REQUIRE(world.put(make_keyring(header, 2, Second::previous, 1)).status == 200);
}

TEST_CASE("pages keep to their size, and a client that asks on gets everything") {
  World world;
  const auto commits = make_chain(world.keyring, 1, 1, 30, 0, 100'000);
  for (std::size_t i = 0; i < 30; i += 10)
    REQUIRE(
        world.post(1, {commits.begin() + static_cast<long>(i), commits.begin() + static_cast<long>(i) + 10}).status ==
        200);
  auto by = world.device();
  std::vector<Sealed> got;
  for (int pages = 0; pages < 30; ++pages) {
    const auto answer = world.get(by, world.chain(1) + "?from=" + std::to_string(got.size() + 1));
    CHECK(answer.body.size() <= limits::page_bytes + 4096);
    const auto page = wire::decode<wire::CommitPage>(answer.body).value();
    if (page.commits.empty()) break;
    got.insert(got.end(), page.commits.begin(), page.commits.end());
  }
  CHECK(got == commits);
}

TEST_CASE("heads that the client knows make it wait, others are shown at once") {
  World world;
  auto by = world.device();
  const auto body = world.get(by, heads).body;
  const auto known = hex(crypto::sha256(body)).substr(0, 32);
  const auto begin = [&](const std::string& k) {
    return world.api->begin(by.sign("GET", "/v1/heads?wait=20&known=" + k));
  };
  const auto outcome = begin(known);
  const auto* wait = std::get_if<Wait>(&outcome);
  REQUIRE(wait != nullptr);
  CHECK(wait->most == 20s);
  CHECK(wait->vault == first_header("ann", 1).vault);
  CHECK(std::get<HttpResponse>(begin(std::string(32, '0'))).body == body);
  REQUIRE(world.post(1, make_chain(world.keyring, 1, 1, 1)).status == 200);
  CHECK(std::get<HttpResponse>(begin(known)).body != body);
}

TEST_CASE("whatever is sent is answered, with a class of error or with 200, and never as our own fault") {
  World world;
  for_all(300, [&world](Random& random) {
    auto by = random.chance(50) ? world.device() : world.password();
    const std::vector<std::string> methods{"GET", "PUT", "POST", "DELETE", ""};
    const std::vector<std::string> targets{"/v1/prelogin",
                                           "/v1/session",
                                           "/v1/account",
                                           "/v1/keyring?from=1",
                                           "/v1/keyring",
                                           "/v1/heads",
                                           world.chain(1) + "?from=1",
                                           world.chain(1),
                                           ""};
    const std::vector<Bytes> bodies{
        {},
        random.bytes(random.below(300)),
        wire::encode(wire::PreloginRequest{"ann"}),
        make_keyring(next_header(world.keyring), 1),
        wire::encode(wire::CommitPage{make_chain(world.keyring, 1, 1, 2)}),
        wire::encode(wire::CreateAccount{"x", {}, Sealed::from_untrusted(world.keyring), {}})};
    auto target = targets[random.below(targets.size())];
    auto body = bodies[random.below(bodies.size())];
    if (!target.empty() && random.chance(20)) target[random.below(target.size())] ^= 1;
    if (!body.empty() && random.chance(60))
      body[random.below(body.size())] ^= static_cast<std::uint8_t>(random.below(256));
    if (random.chance(10)) body.resize(random.below(body.size() + 1));
    auto request = by.sign(methods[random.below(methods.size())], target, body);
    auto& header = request.headers[0].value;
    if (random.chance(10)) header[random.below(header.size())] ^= 1;
    const auto answer = world.api->handle(request);
    INFO(request.method << ' ' << request.target << ' ' << answer.status);
    CHECK(answer.status < 500);
    CHECK((answer.status == 200) == error_of(answer).empty());
    if (answer.status != 200) CHECK(error_class_named(error_of(answer))->http_status == answer.status);
  });
}

}  // namespace api_test

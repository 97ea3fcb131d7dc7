// SPDX-License-Identifier: Apache-2.0
// Who asks whether somebody has an account, or a vault a device, gets the same bytes after the same work: the same
// looks into the database, MACs and verifications, one by one. No time is measured: what is counted is what time is
// made of.
#include "crypto/hash.hpp"
#include "tests/server/api_world.hpp"
#include "tests/server/counted.hpp"
#include "wire/blob_path.hpp"
#include "wire/messages.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;

namespace enumeration_test {
namespace {

// One answer, and what it took.
struct Heard {
  wire::HttpResponse answer;
  std::vector<std::string> work;
};

Heard ask(World& world, const wire::HttpRequest& request) {
  Counted counted;
  auto answer = world.api->handle(request);
  return {std::move(answer), std::move(counted.work)};
}

void are_alike(const Heard& a, const Heard& b) {
  CHECK(a.answer.status == b.answer.status);
  CHECK(a.answer.headers == b.answer.headers);
  CHECK(a.answer.body.size() == b.answer.body.size());
  CHECK(a.work == b.work);
}

// A world with "ann", of three devices, the last of them revoked; and "bob".
struct Neighbours : World {
  Neighbours() {
    enrol_second();
    auto header = next_header(keyring);
    add_device(header, 3);
    keyring = make_keyring(header, 1);
    REQUIRE(put(keyring).status == 200);
    header = next_header(keyring);
    revoke(header, 3);
    keyring = make_keyring(header, 1);
    REQUIRE(put(keyring).status == 200);
    REQUIRE(create("bob", make_keyring(first_header("bob", 1), 1)).status == 200);
  }

  // A session as prelogin says it would be, for a key whose private half nobody here has.
  Signing stranger(const std::string& account, const wire::KeyId& key, const VaultId& vault) {
    Signing out;
    out.account = account;
    out.vault = vault;
    out.key = key;
    out.number = 77;
    const wire::SessionRequest asked{account, vault, key};
    out.session =
        wire::decode<wire::Session>(api->handle(plain("POST", "/v1/session", wire::encode(asked))).body).value();
    return out;
  }
  Signing stranger(const std::string& account, const wire::KeyId& key) {
    const auto body = wire::encode(wire::PreloginRequest{account});
    const auto told = wire::decode<wire::Prelogin>(api->handle(plain("POST", "/v1/prelogin", body)).body).value();
    return stranger(account, key, told.vault);
  }

  // Three requests in one session, since the first may have to look up more.
  std::vector<Heard> tries(Signing by) {
    std::vector<Heard> out;
    for (int i = 0; i < 3; ++i) out.push_back(ask(*this, by.sign("GET", "/v1/heads")));
    return out;
  }
};

void are_alike(const std::vector<Heard>& a, const std::vector<Heard>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("request " << i);
    are_alike(a[i], b[i]);
    CHECK(a[i].answer.body == b[i].answer.body);
    CHECK(a[i].answer.status == 401);
    CHECK(!a[i].work.empty());
  }
}

}  // namespace

TEST_CASE("a prelogin takes the same work and gives as many bytes whether there is such an account or not",
          "[row.A05]") {
  Neighbours world;
  const auto asked = [&world](const std::string& account) {
    return ask(world, plain("POST", "/v1/prelogin", wire::encode(wire::PreloginRequest{account})));
  };
  const auto there = asked("ann"), not_there = asked("eve"), before_all = asked("aaa"), behind_all = asked("zzz");
  CHECK(there.work.size() >= 4);  // else this test has lost its eyes
  for (const auto* other : {&not_there, &before_all, &behind_all}) are_alike(there, *other);
}

TEST_CASE("a session is opened with the same work whoever it is for", "[row.A05]") {
  Neighbours world;
  const auto asked = [&world](const std::string& account, const wire::KeyId& key) {
    const auto vault = first_header("ann", 1).vault;
    return ask(world, plain("POST", "/v1/session", wire::encode(wire::SessionRequest{account, vault, key})));
  };
  const auto first = asked("ann", device_id(1));
  for (const auto& other : {asked("ann", device_id(9)), asked("ann", {}), asked("eve", {}), asked("eve", device_id(1)),
                            asked("ann", wire::sheet_key_id), asked("eve", wire::sheet_key_id)})
    are_alike(first, other);
}

TEST_CASE("a wrong password takes the same work whether there is such an account or not", "[row.A05]") {
  Neighbours world;
  const auto there = world.tries(world.stranger("ann", {}));
  are_alike(there, world.tries(world.stranger("eve", {})));
  are_alike(there, world.tries(world.stranger("bob", {}, first_header("ann", 1).vault)));
}

TEST_CASE("a wrong sheet takes the same work whether the account has one, has none, or is not there",
          "[row.C03][row.A05]") {
  Neighbours world;
  world.print_sheet();  // ann's
  const auto there = world.tries(world.stranger("ann", wire::sheet_key_id));
  are_alike(there, world.tries(world.stranger("bob", wire::sheet_key_id)));
  are_alike(there, world.tries(world.stranger("eve", wire::sheet_key_id)));
  are_alike(there, world.tries(world.stranger("bob", wire::sheet_key_id, first_header("ann", 1).vault)));
}

TEST_CASE("too many wrong passwords take the same work whether there is such an account or not", "[row.A05]") {
  Neighbours world;
  for (int i = 0; i < 4; ++i) {
    (void)world.tries(world.stranger("ann", {}));
    (void)world.tries(world.stranger("eve", {}));
  }
  const auto there = ask(world, world.stranger("ann", {}).sign("GET", "/v1/heads"));
  CHECK(there.answer.status == 429);
  are_alike(there, ask(world, world.stranger("eve", {}).sign("GET", "/v1/heads")));
}

TEST_CASE("a wrong signature of a device takes the same work whether account and device are there or not",
          "[row.A05]") {
  Neighbours world;
  const auto ann = first_header("ann", 1).vault, bob = first_header("bob", 1).vault;
  const auto there = world.tries(world.stranger("ann", device_id(1)));
  are_alike(there, world.tries(world.stranger("ann", device_id(9))));
  are_alike(there, world.tries(world.stranger("ann", device_id(3))));  // revoked
  are_alike(there, world.tries(world.stranger("eve", device_id(1))));
  are_alike(there, world.tries(world.stranger("eve", device_id(9))));
  are_alike(there, world.tries(world.stranger("eve", device_id(1), ann)));
  are_alike(there, world.tries(world.stranger("ann", device_id(1), bob)));
}

TEST_CASE("a stranger is refused as ever when the account is removed whose keyring was looked through for nobody's",
          "[row.A05]") {
  Neighbours world;
  const auto before = world.tries(world.stranger("eve", device_id(1)));
  for (const std::string account : {"ann", "bob"}) {
    REQUIRE(world.storage->remove_account(account).has_value());
    for (int i = 0; i < 2; ++i) {
      const auto after = world.tries(world.stranger("eve", device_id(1)));
      for (const auto& told : after) CHECK(told.answer.body == before.front().answer.body);
      for (const auto& told : after) CHECK(told.answer.status == 401);
    }
  }
}

TEST_CASE("a chain that is somebody else's takes the same work as one that is nobody's", "[row.A05]") {
  Neighbours world;
  auto header = next_header(make_keyring(first_header("bob", 1), 1));
  add_device(header, 8);
  auto bob = world.password(1, "bob");
  REQUIRE(world.api->handle(bob.sign("PUT", "/v1/keyring", make_keyring(header, 1))).status == 200);
  auto by = world.device();
  (void)world.get(by, "/v1/heads");
  for (const std::string method : {"GET", "POST"}) {
    const auto target = [&method](std::uint8_t n) {
      return "/v1/chain/" + hex(device_id(n)) + (method == "GET" ? "?from=1" : "");
    };
    const auto theirs = ask(world, by.sign(method, target(8)));
    CHECK(theirs.answer.status == 404);
    are_alike(theirs, ask(world, by.sign(method, target(200))));
  }
}

TEST_CASE("a blob that is somebody else's takes the same work and gives the same answer as one that is nobody's",
          "[row.A05]") {
  Neighbours world;
  const auto chunk = make_chunk(chunk_header(first_header("bob", 1).vault, 1, blob_id(8), 0, 1));
  auto bob = world.device(1, "bob");
  REQUIRE(world.api->handle(bob.sign("PUT", wire::to_path({blob_id(8), 0}), chunk)).status == 200);
  auto by = world.device();
  (void)world.get(by, "/v1/heads");
  for (const std::optional<std::uint64_t> index : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{0}}) {
    const auto theirs = ask(world, by.sign("GET", wire::to_path({blob_id(8), index})));
    CHECK(theirs.answer.status == 404);
    CHECK(theirs.work.size() >= 3);
    are_alike(theirs, ask(world, by.sign("GET", wire::to_path({blob_id(200), index}))));
  }
  const auto ours = [](std::uint8_t n) {
    return make_chunk(chunk_header(first_header("ann", 1).vault, 1, blob_id(n), 0, 1));
  };
  const auto put = ask(world, by.sign("PUT", wire::to_path({blob_id(8), 0}), ours(8)));
  CHECK(put.answer.status == 200);
  are_alike(put, ask(world, by.sign("PUT", wire::to_path({blob_id(7), 0}), ours(7))));
}

TEST_CASE("a server by invitation does the same work for a stranger who tries to make an account that there is",
          "[row.A05]") {
  World world{Registration::invite};
  const auto token = crypto::sha256(Bytes(16, 1));
  REQUIRE(world.storage->add_invitation(token).has_value());
  REQUIRE(world.create("ann", make_keyring(first_header("ann", 1), 1), Bytes(16, 1)).status == 200);
  const auto asked = [&world](const std::string& account) {
    const auto keyring = Sealed::from_untrusted(make_keyring(first_header(account, 2), 2));
    return ask(world, plain("POST", "/v1/account", wire::encode(wire::CreateAccount{account, Bytes(16, 2), keyring})));
  };
  const auto there = asked("ann");
  CHECK(there.answer.status == 403);
  are_alike(there, asked("eve"));
}

}  // namespace enumeration_test

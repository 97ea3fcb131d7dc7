// SPDX-License-Identifier: Apache-2.0
// Accepting keyrings, by the known answers of tests/vectors, which an independent reader judges in the same way, and by
// versions made here for the rules that those do not touch.
#include "crypto/fresh.hpp"
#include "tests/crypto/vec.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::Keychain;
using daemon::login_terms;

namespace keychain_test {
namespace {

using Accepted = Result<std::shared_ptr<const Keychain>>;

std::map<std::string, Block> blocks() {
  std::map<std::string, Block> out;
  for (const auto& block : read_vectors("keyring.vec")) out.emplace(block.text("name"), block);
  return out;
}

// All versions from 1 up to the block's.
std::vector<Sealed> history(const std::map<std::string, Block>& all, const Block& last) {
  std::vector<Sealed> out{Sealed::from_untrusted(last.bytes("object"))};
  for (auto follows = last.text("follows"); follows != "none"; follows = all.at(follows).text("follows"))
    out.insert(out.begin(), Sealed::from_untrusted(all.at(follows).bytes("object")));
  return out;
}

crypto::RootKey root_of(BytesView password, const daemon::LoginTerms& terms) {
  const auto normal = crypto::Password::from(Secret::copy_of(password));
  auto root = crypto::derive_root(normal.value(), terms.suite, terms.account, terms.vault, terms.seed);
  return std::move(root.value());
}

Accepted accept(const std::map<std::string, Block>& all, const Block& last, BytesView password) {
  const auto versions = history(all, last);
  const auto terms = login_terms(versions.back());
  if (!terms) return terms.error();
  return Keychain::accept(versions, root_of(password, *terms), *terms);
}

// The first two devices of the vectors, with the private halves that tests/vectors/generators gives them.
struct Receiver {
  DeviceId id;
  crypto::BoxPrivate box;
};
std::vector<Receiver> receivers() {
  const auto box = [](const char* text) { return crypto::BoxAccess::make(Secret::copy_of(bytes_of_hex(text))); };
  std::vector<Receiver> out;
  out.push_back({of_byte<DeviceId>(0x11), box("8879e1c78d25eee685d080d89e65663d603c0e600bbe474605e000daf5ad3fef")});
  out.push_back({of_byte<DeviceId>(0x22), box("cb475ccc400e24ebfaeb533d46ad0396604f504389f712ed452fdbd78d55d41e")});
  return out;
}

// The version that follows a household's newest, bent, on both ways into a keychain.
struct Both {
  Accepted next, whole;
  bool refused(Errc error) const { return next.error() == error && whole.error() == error; }
  bool accepted() const { return next.has_value() && whole.has_value(); }
};
Both both(const Household& home, const Household::BendKeyring& bend,
          Household::NewKey new_key = Household::NewKey::no) {
  const auto version = home.next_keyring(bend, new_key);
  REQUIRE(version);
  auto versions = home.versions();
  versions.push_back(*version);
  return {home.keychain->accept_next(*version, home.id(0), home.identity(0)->box),
          Keychain::accept(versions, home.root(), home.terms())};
}

void leave_alone(wire::KeyringHeader&, crypto::KeyringBody&) {}

}  // namespace

TEST_CASE("every good keyring of the vectors is accepted with its password, and names what was made", "[claim.9]") {
  const auto all = blocks();
  std::size_t count = 0;
  for (const auto& [name, block] : all) {
    if (block.must_be_refused()) continue;
    INFO(name);
    const auto keychain = accept(all, block, block.bytes("password"));
    REQUIRE(keychain);
    const auto v = static_cast<std::uint32_t>(block.number("v"));
    CHECK((*keychain)->head().version == v);
    CHECK((*keychain)->head().generation == block.number("g"));
    CHECK(hex((*keychain)->hash_of(v)) == block.text("object_hash"));
    CHECK((*keychain)->hash_of(v + 1).is_zero());
    CHECK((*keychain)->generation_of(v) == block.number("g"));
    CHECK((*keychain)->vault_key(static_cast<std::uint32_t>(block.number("g")) + 1) == nullptr);
    ++count;
  }
  CHECK(count == 11);
}

TEST_CASE("every good keyring of the vectors is refused with another password, as a wrong password is") {
  const auto all = blocks();
  for (const auto& [name, block] : all) {
    if (block.must_be_refused()) continue;
    INFO(name);
    CHECK(accept(all, block, bytes_of("another password")).error() == Errc::auth);
  }
}

TEST_CASE("every bad keyring of the vectors is refused, whatever password is tried", "[claim.9]") {
  const auto all = blocks();
  std::size_t count = 0, by_its_own_rule = 0;
  for (const auto& [name, block] : all) {
    if (!block.must_be_refused()) continue;
    INFO(name << ": " << block.text("reason"));
    bool only_auth = true;
    for (const auto& good : {"v1", "v3", "v4", "v5"}) {
      const auto keychain = accept(all, block, all.at(good).bytes("password"));
      CHECK_FALSE(keychain);
      only_auth = only_auth && keychain.error() == Errc::auth;
    }
    ++count;
    by_its_own_rule += !only_auth;
  }
  CHECK(count >= 70);
  CHECK(by_its_own_rule + 8 >= count);  // else the passwords hide the rules that are tried
}

TEST_CASE("a device that has a version takes each good one after it, and none of the bad ones") {
  const auto all = blocks();
  const auto devices = receivers();
  std::size_t taken = 0, refused = 0;
  for (const auto& [name, block] : all) {
    const auto& follows = block.text("follows");
    if (follows == "none") continue;
    INFO(name);
    const auto before = accept(all, all.at(follows), all.at(follows).bytes("password"));
    REQUIRE(before);
    bool any = false;
    for (const auto& device : devices)
      any = any || (*before)->accept_next(Sealed::from_untrusted(block.bytes("object")), device.id, device.box);
    CHECK(any == !block.must_be_refused());
    (any ? taken : refused) += 1;
  }
  CHECK(taken == 10);
  CHECK(refused >= 60);
}

TEST_CASE("a version in which nothing changed may follow, with the same vault key or a new one") {
  const Household home{2};
  CHECK(both(home, leave_alone).accepted());
  const auto rekeyed = both(home, leave_alone, Household::NewKey::yes);
  REQUIRE(rekeyed.accepted());
  CHECK((*rekeyed.next)->head_hash() == (*rekeyed.whole)->head_hash());
  CHECK((*rekeyed.next)->vault_key(2) != nullptr);
}

TEST_CASE("another vault, account or suite than before is refused") {
  const Household home{2};
  CHECK(both(home, [](auto& header, auto&) { header.vault = of_byte<VaultId>(9); }).next.error() == Errc::tamper);
  CHECK(both(home, [](auto& header, auto&) { header.account = "bob"; }).next.error() == Errc::tamper);
}

TEST_CASE("a whole history under another account, vault, suite or seed than the password was tried with is refused") {
  const Household home;
  const auto tried = [&](auto change) {
    auto terms = home.terms();
    change(terms);
    return Keychain::accept(home.versions(), home.root(), terms).error();
  };
  CHECK(tried([](auto& t) { t.account = "bob"; }) == Errc::auth);
  CHECK(tried([](auto& t) { t.vault = of_byte<VaultId>(9); }) == Errc::auth);
  CHECK(tried([](auto& t) { t.suite = 1; }) == Errc::auth);
  CHECK(tried([](auto& t) { t.seed = of_byte<Seed>(9); }) == Errc::auth);
}

TEST_CASE("a generation that rises by two is refused") {
  const Household home{2};
  const auto by_two = [&](auto& header, auto& body) {
    header.generation += 1;
    body.older.push_back(crypto::new_vault_key(home.root(), a_vault));
  };
  CHECK(both(home, by_two, Household::NewKey::yes).refused(Errc::tamper));
}

TEST_CASE("a history that begins with another version than 1, has one missing or one twice is refused") {
  const Household home{3};
  const auto& all = home.versions();
  const auto tried = [&](std::vector<Sealed> versions) {
    return Keychain::accept(versions, home.root(), home.terms());
  };
  CHECK(tried(all));
  CHECK(tried({}).error() == Errc::gap);
  CHECK_FALSE(tried({all[1], all[2]}));
  CHECK_FALSE(tried({all[0], all[2]}));
  CHECK_FALSE(tried({all[0], all[1], all[1], all[2]}));
  CHECK_FALSE(tried({all[1], all[0], all[2]}));
}

TEST_CASE("the version that a device has already, and the one before it, do not follow") {
  const Household home{3};
  for (const auto& version : home.versions())
    CHECK(home.keychain->accept_next(version, home.id(0), home.identity(0)->box).error() == Errc::tamper);
}

TEST_CASE("a device that appears must be active and have joined in that version") {
  const Household home{2};
  const auto appears = [&](bool active, std::uint32_t joined_more) {
    return both(home, [&](auto& header, auto& body) {
      auto entry = body.devices.front();
      entry.id = of_byte<DeviceId>(0xEE);
      entry.active = active;
      entry.joined_version = header.version - joined_more;
      body.devices.push_back(entry);
      header.devices.push_back({entry.id, entry.net, entry.sig, active});
      std::ranges::sort(header.devices, {}, [](const auto& d) { return d.id; });
    });
  };
  CHECK(appears(true, 0).accepted());
  CHECK(appears(true, 1).refused(Errc::tamper));
  CHECK(appears(false, 0).refused(Errc::tamper));
}

TEST_CASE("a device that is revoked and keeps the vault key is refused, and with a new key it is not") {
  const Household home{2};
  const auto revoke = [&](auto& header, auto& body) {
    for (auto& device : body.devices)
      if (device.id == home.id(1)) device.active = false;
    for (auto& device : header.devices)
      if (device.id == home.id(1)) device.may_write = false;
  };
  CHECK(both(home, revoke).refused(Errc::tamper));
  CHECK(both(home, revoke, Household::NewKey::yes).accepted());
}

TEST_CASE("what was written of a device stays: the version in which it joined, that it is revoked, and its cut") {
  const auto after = [](Head cut, auto change) {
    Household home{2};
    home.revoke(1, cut);
    return both(
        home,
        [&](auto& header, auto& body) {
          for (auto& device : body.devices)
            if (device.id == home.id(1)) change(header, body, device);
        },
        Household::NewKey::yes);
  };
  const Head cut{5, of_byte<Hash>(5)};
  CHECK(after(cut, [](auto&, auto&, auto&) {}).accepted());
  CHECK(after(cut, [](auto&, auto&, auto& device) { device.joined_version = 1; }).refused(Errc::tamper));
  CHECK(after({}, [](auto& header, auto&, auto& device) {
          device.active = true;
          for (auto& open : header.devices) open.may_write = true;
        }).refused(Errc::tamper));
  CHECK(after(cut, [](auto&, auto& body, auto& device) {
          device.revoked_seq = body.heads.at(device.id).seq = 6;
        }).refused(Errc::tamper));
}

TEST_CASE("an earlier vault key that differs, or is missing, is refused") {
  const Household home{2};
  const auto other = [&](auto&, auto& body) { body.older.back() = crypto::new_vault_key(home.root(), a_vault); };
  CHECK(both(home, other, Household::NewKey::yes).refused(Errc::tamper));
}

TEST_CASE("the hash of the keyring that enrolled a device is that of the version in which it joined") {
  const Household home{3};
  for (std::uint32_t i = 0; i < 3; ++i)
    CHECK(home.keychain->enrolment_hash(home.id(i)) == crypto::keyring_hash(home.versions()[i].view()));
  CHECK(home.keychain->enrolment_hash(of_byte<DeviceId>(9)).is_zero());
}

namespace {

// The entry of a device that has joined in a version beside the household's third.
crypto::KeyringDevice stranger(const Household& home, std::uint32_t joined) {
  auto entry = *home.keychain->device(home.id(1));
  entry.id = of_byte<DeviceId>(0xee);
  entry.joined_version = joined;
  return entry;
}

Household::BendKeyring adopting(const crypto::KeyringDevice& device, std::vector<Hash> siblings) {
  return [device, siblings](wire::KeyringHeader& header, crypto::KeyringBody& body) {
    body.devices.push_back(device);
    std::ranges::sort(body.devices, {}, &crypto::KeyringDevice::id);
    header.devices.clear();
    for (const auto& one : body.devices) header.devices.push_back({one.id, one.net, one.sig, one.active});
    header.siblings = siblings;
  };
}

}  // namespace

TEST_CASE("a version that names a sibling takes over who joined in it, and commits may name the sibling from then on") {
  Household home{3};
  const auto gone = of_byte<Hash>(0x51);
  const auto device = stranger(home, 3);
  CHECK_FALSE(home.keychain->has(3, gone));
  const auto next = both(home, adopting(device, {gone}));
  REQUIRE(next.accepted());
  for (const auto& keychain : {*next.next, *next.whole}) {
    CHECK(keychain->has(3, gone));
    CHECK(keychain->has(3, home.keychain->hash_of(3)));
    CHECK_FALSE(keychain->has(5, gone));
    CHECK_FALSE(keychain->has(3, of_byte<Hash>(0x52)));
    CHECK(keychain->enrolment_hash(device.id) == gone);
    CHECK(keychain->enrolment_hash(home.id(2)) == home.keychain->hash_of(3));
  }
}

TEST_CASE("who has joined before is taken over only with a sibling, which is no version of the history") {
  Household home{3};
  const auto gone = of_byte<Hash>(0x51);
  CHECK(both(home, adopting(stranger(home, 3), {})).refused(Errc::tamper));
  CHECK(both(home, adopting(stranger(home, 5), {gone})).refused(Errc::tamper));
  CHECK(both(home, adopting(stranger(home, 1), {gone})).refused(Errc::tamper));
  CHECK(both(home, adopting(stranger(home, 3), {home.keychain->hash_of(3)})).refused(Errc::tamper));
  CHECK(both(home, adopting(stranger(home, 3), {home.keychain->hash_of(2)})).refused(Errc::tamper));
  CHECK(both(home, adopting(stranger(home, 3), {gone})).accepted());
}

}  // namespace keychain_test

// SPDX-License-Identifier: Apache-2.0
// What a keyring change makes is what every reader accepts, by the password and by each device's slot.
#include "daemon/keyring/next_keyring.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::KeyringChange;
using daemon::next_keyring;

namespace next_keyring_test {
namespace {

Household three() {
  Household home{3};
  for (std::size_t i = 0; i < 3; ++i) {
    home.epoch(i);
    home.put(i, "item" + std::to_string(i));
  }
  return home;
}

KeyringChange change(const Household& home) {
  return {.author = home.id(0), .root = home.root(), .joins = {}, .cuts = {}, .heads = home.heads()};
}

}  // namespace

TEST_CASE(
    "a device that is cut is revoked at its last commit, and the others open the new vault key with their slots") {
  auto home = three();
  auto cut = change(home);
  cut.cuts[home.id(1)] = home.head(1);
  const auto version = next_keyring(*home.keychain, cut);
  REQUIRE(version);
  const auto before = home.keychain;
  home.accept(*version);
  const auto& body = home.keychain->body();
  CHECK(home.keychain->head().generation == 2);
  CHECK_FALSE(body.find(home.id(1))->active);
  CHECK(body.find(home.id(1))->revoked_seq == 2);
  CHECK(body.heads == home.heads());
  CHECK(before->accept_next(*version, home.id(0), home.identity(0)->box));
  CHECK(before->accept_next(*version, home.id(2), home.identity(2)->box));
  CHECK_FALSE(before->accept_next(*version, home.id(1), home.identity(1)->box));
}

TEST_CASE("a device that joins is listed with the version in which it did, and nobody gets a new key") {
  auto home = three();
  auto join = change(home);
  crypto::KeyringDevice entry = *home.keychain->device(home.id(2));
  entry.id = DeviceId::from(Bytes(16, 9));
  entry.joined_version = 0;
  join.joins = {entry};
  const auto version = next_keyring(*home.keychain, join);
  REQUIRE(version);
  home.accept(*version);
  CHECK(home.keychain->head().generation == 1);
  CHECK(home.keychain->device(entry.id)->joined_version == 4);
}

TEST_CASE("a new password opens the version that brings it, and the one before opens it no more") {
  auto home = three();
  auto rotate = change(home);
  const Seed seed = Seed::from(Bytes(32, 5));
  const auto password = crypto::Password::from(Secret::copy_of("another"));
  const auto root = crypto::derive_root(*password, home.terms().suite, home.terms().account, home.terms().vault, seed);
  REQUIRE(root);
  rotate.password.emplace(KeyringChange::Password{*root, seed});
  const auto version = next_keyring(*home.keychain, rotate);
  REQUIRE(version);
  auto versions = home.versions();
  versions.push_back(*version);
  auto terms = home.terms();
  terms.seed = seed;
  CHECK(Keychain::accept(versions, *root, terms));
  CHECK(Keychain::accept(versions, home.root(), home.terms()).error() == Errc::auth);
  CHECK(home.keychain->accept_next(*version, home.id(2), home.identity(2)->box));
}

TEST_CASE("a change that would lose commits, or cut whom it cannot, is refused") {
  auto home = three();
  home.accept(next_keyring(*home.keychain, change(home)).value());
  auto lower = change(home);
  lower.cuts[home.id(1)] = home.head_at(1, 1);
  CHECK(next_keyring(*home.keychain, lower).error() == Errc::gap);
  auto stranger = change(home);
  stranger.cuts[DeviceId::from(Bytes(16, 7))] = {};
  CHECK(next_keyring(*home.keychain, stranger).error() == Errc::usage);
  auto behind = change(home);
  behind.heads[home.id(1)] = home.head_at(1, 1);
  CHECK(next_keyring(*home.keychain, behind).error() == Errc::gap);
}

namespace {

struct Sheet {
  explicit Sheet(const Household& home)
      : code(crypto::RecoveryCode::fresh(home.keychain->newest_vault_key(), home.terms().vault)),
        keys(crypto::recovery_keys(code, home.terms().vault)) {}
  crypto::RecoveryCode code;
  crypto::RecoveryKeys keys;
};

void give(Household& home, const Sheet& sheet) {
  auto with_code = change(home);
  with_code.code = &sheet.keys;
  home.accept(next_keyring(*home.keychain, with_code).value());
}

crypto::RootKey new_root(const Household& home, const Seed& seed) {
  const auto password = crypto::Password::from(Secret::copy_of("another"));
  return crypto::derive_root(*password, home.terms().suite, home.terms().account, home.terms().vault, seed).value();
}

}  // namespace

TEST_CASE("a first recovery code needs no new vault key; one that ends another has one, and the other opens no more") {
  auto home = three();
  const Sheet first{home}, second{home};
  give(home, first);
  CHECK(home.keychain->head().generation == 1);
  CHECK(Keychain::accept_by_code(home.versions(), first.keys, home.terms()));
  CHECK(home.keychain->accept_next(home.versions().back(), home.id(2), home.identity(2)->box).error() == Errc::tamper);
  give(home, second);
  CHECK(home.keychain->head().generation == 2);  // else the first one and an old copy would open what comes
  CHECK(home.keychain->head().seed == home.terms().seed);
  CHECK(Keychain::accept_by_code(home.versions(), second.keys, home.terms()));
  CHECK(Keychain::accept_by_code(home.versions(), first.keys, home.terms()).error() == Errc::auth);
}

TEST_CASE("a recovery code opens the vault after the password was changed and after a device was cut") {
  auto home = three();
  const Sheet sheet{home};
  give(home, sheet);
  auto cut = change(home);
  cut.cuts[home.id(1)] = home.head(1);
  home.accept(next_keyring(*home.keychain, cut).value());
  CHECK(home.keychain->head().generation == 2);
  CHECK(Keychain::accept_by_code(home.versions(), sheet.keys, home.terms()));
}

TEST_CASE("the sheet alone sets a new password and a new code, which devices follow with their slots", "[row.C02]") {
  auto home = three();
  const Sheet sheet{home}, next{home};
  give(home, sheet);
  const Seed seed = Seed::from(Bytes(32, 5));
  const auto root = new_root(home, seed);
  KeyringChange recover{.author = home.id(0), .root = root, .joins = {}, .cuts = {}, .heads = home.heads()};
  recover.password.emplace(KeyringChange::Password{root, seed});
  recover.code = &next.keys;
  recover.sheet = &sheet.keys.auth;
  const auto version = next_keyring(*home.keychain, recover);
  REQUIRE(version);
  CHECK(home.keychain->accept_next(*version, home.id(2), home.identity(2)->box));
  auto versions = home.versions();
  versions.push_back(*version);
  auto terms = home.terms();
  terms.seed = seed;
  CHECK(Keychain::accept(versions, root, terms));
  CHECK(Keychain::accept_by_code(versions, next.keys, home.terms()));
  CHECK(Keychain::accept_by_code(versions, sheet.keys, home.terms()).error() == Errc::auth);

  const Sheet stranger{home};  // who signs is the present code, and no other
  recover.sheet = &stranger.keys.auth;
  CHECK(home.keychain->accept_next(next_keyring(*home.keychain, recover).value(), home.id(2), home.identity(2)->box)
            .error() == Errc::tamper);
}

TEST_CASE("a vault whose terms are others, or which seals another code's keys in its body, is not the code's") {
  auto home = three();
  const Sheet sheet{home}, other{home};
  give(home, sheet);
  auto terms = home.terms();
  terms.account = "bob";
  CHECK(Keychain::accept_by_code(home.versions(), sheet.keys, terms).error() == Errc::auth);
  terms = home.terms();
  terms.vault = VaultId::from(Bytes(16, 1));
  CHECK(Keychain::accept_by_code(home.versions(), sheet.keys, terms).error() == Errc::auth);
  CHECK(Keychain::accept_by_code({}, sheet.keys, home.terms()).error() == Errc::gap);

  Household false_home{1};  // RAUTH of one, the rest of another: nobody who follows the rules makes it
  const auto mixed = false_home.next_keyring([&](wire::KeyringHeader& header, crypto::KeyringBody& body) {
    header.recovery_auth = sheet.keys.auth.public_key();
    body.recovery_box = other.keys.box.public_key();
    body.recovery_psk = Secret::copy_of(other.keys.psk.view());
    const auto slot =
        seal_recovery_slot(false_home.keychain->newest_vault_key(), sheet.keys.box.public_key(), sheet.keys.psk,
                           {header.suite, header.vault, header.author, header.version, header.generation});
    header.recovery_slot = *slot;
  });
  false_home.accept(mixed.value());
  CHECK(Keychain::accept_by_code(false_home.versions(), sheet.keys, false_home.terms()).error() == Errc::tamper);
}

}  // namespace next_keyring_test

// What a keyring change makes is what every reader accepts, by the password and by each device's slot.
#include "daemon/next_keyring.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::KeyringChange;
using daemon::next_keyring;

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

// SPDX-License-Identifier: Apache-2.0
// What a change of the keyring is before anybody is asked: who may have made it, whom it names, and what is kept of it.
#include "daemon/members/rekey.hpp"
#include "base/input_errc.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/vault/pending_change.hpp"

#include "base/hex.hpp"
#include "crypto/local.hpp"
#include "daemon/members/members.hpp"
#include "tests/daemon/household.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::is_signed_successor;
using daemon::KeyringChange;
using daemon::next_keyring;
using daemon::UnsentChange;

namespace rekey_test {
namespace {

KeyringChange change_by_nobody(const Household& home) {
  return {.author = home.id(0), .root = home.root(), .joins = {}, .cuts = {}, .heads = home.heads()};
}

struct Another {
  explicit Another(const Household& home) : terms(home.terms()) {
    terms.seed = Seed::from(Bytes(32, 5));
    const auto password = crypto::Password::from(Secret::copy_of("another"));
    root.emplace(std::move(*crypto::derive_root(*password, terms.suite, terms.account, terms.vault, terms.seed)));
  }
  Sealed version(const Household& home) const {
    auto out = change_by_nobody(home);
    out.password.emplace(KeyringChange::Password{*root, terms.seed});
    return next_keyring(*home.keychain, out).value();
  }
  daemon::LoginTerms terms;
  std::optional<crypto::RootKey> root;
};

std::vector<Sealed> with(std::vector<Sealed> versions, const Sealed& more) {
  versions.push_back(more);
  return versions;
}

Sealed sealed_identity(const Household& home) {
  const auto& head = home.keychain->head();
  return seal_identity(home.keychain->newest_vault_key().local(head.vault), head.suite, head.vault, head.generation,
                       *home.identity(0));
}

}  // namespace

TEST_CASE("a successor is known by the password of the version before, without a key") {
  Household home{2};
  const auto& before = home.versions().back();
  const auto renamed = next_keyring(*home.keychain, change_by_nobody(home)).value();
  const auto changed = Another{home}.version(home);
  CHECK(is_signed_successor(before, renamed));
  CHECK(is_signed_successor(before, changed));
  CHECK_FALSE(is_signed_successor(home.versions().front(), changed));
  CHECK_FALSE(is_signed_successor(changed, renamed));
  CHECK_FALSE(is_signed_successor(before, before));
  for (const std::size_t from_end : {std::size_t{1}, std::size_t{65}, std::size_t{66}, std::size_t{200}}) {
    Bytes bytes(changed.view().begin(), changed.view().end());
    bytes[bytes.size() - from_end] ^= 1;
    CHECK_FALSE(is_signed_successor(before, Sealed::from_untrusted(std::move(bytes))));
  }
}

TEST_CASE("of versions that the new password proves, the keychain before is what the old one gave") {
  Household home{2};
  const Another another{home};
  const auto versions = with(home.versions(), another.version(home));
  const auto newest = daemon::Keychain::accept(versions, *another.root, another.terms).value();
  const auto before = newest->first(versions.size() - 1, versions);
  REQUIRE(before);
  CHECK((*before)->keyring_head() == home.keychain->keyring_head());
  CHECK((*before)->head().generation == 1);
  CHECK((*before)->accept_next(versions.back(), home.id(1), home.identity(1)->box));
  CHECK(newest->head().generation == 2);
}

TEST_CASE("a device that gets another name keeps all else, and nobody gets a new key") {
  Household home{2};
  auto rename = change_by_nobody(home);
  rename.names[home.id(1)] = "the old one";
  const auto before = *home.keychain->device(home.id(1));
  home.accept(next_keyring(*home.keychain, rename).value());
  auto expected = before;
  expected.name = "the old one";
  CHECK(*home.keychain->device(home.id(1)) == expected);
  CHECK(home.keychain->head().generation == 1);
}

TEST_CASE("a device is found by its id, four digits of it or more, or a name that is its own") {
  Household home{3};
  const auto id = hex(home.id(1));
  auto rename = change_by_nobody(home);
  rename.names[home.id(0)] = "twin";
  rename.names[home.id(1)] = "other";
  rename.names[home.id(2)] = "twin";
  home.accept(next_keyring(*home.keychain, rename).value());
  CHECK(daemon::find_device(*home.keychain, id).value() == home.id(1));
  CHECK(daemon::find_device(*home.keychain, id.substr(0, 8)).value() == home.id(1));
  CHECK(daemon::find_device(*home.keychain, "other").value() == home.id(1));
  CHECK(daemon::find_device(*home.keychain, "twin").error() == DaemonErrc::device_ambiguous);
  CHECK(daemon::find_device(*home.keychain, id.substr(0, 3)).error() == DaemonErrc::device_unknown);
  CHECK(daemon::find_device(*home.keychain, "").error() == DaemonErrc::device_unknown);
}

TEST_CASE("two spellings of one password are one, and no change") {
  const auto word = [](std::string_view text) { return Secret::copy_of(text); };
  CHECK(daemon::must_differ(word("caf\xc3\xa9"), word("cafe\xcc\x81")).error() == DaemonErrc::password_same);
  CHECK(daemon::must_differ(word("a"), word("")).error() == InputErrc::password_empty);
  CHECK(daemon::must_differ(word("a"), word("a ")));
}

TEST_CASE("with a new vault key the private keys are sealed again, and what stands in a change's place ends it") {
  Household home{1};
  const Another another{home};
  const auto version = another.version(home);
  const TempFolder folder;
  auto store = open_store(folder);
  REQUIRE(store.write([&](store::WriteTxn& tx) {
    tx.put(store::local, "identity", sealed_identity(home));
    put_unsent_change(tx, UnsentChange{version, home.id(0), {7, of_byte<Hash>(3)}});
  }));
  const auto kept = store.read([](const store::ReadTxn& tx) { return daemon::get_unsent_change(tx); }).value();
  REQUIRE(kept);
  CHECK(kept->keyring == version);
  CHECK((kept->revoked == home.id(0) && kept->cut == Head{7, of_byte<Hash>(3)} && !kept->superseded));

  const auto settle = [&](const daemon::Keychain& now) {
    REQUIRE(store.write([&](store::WriteTxn& tx) { return settle_keyring(tx, now); }));
    return store.read([](const store::ReadTxn& tx) {
      return std::pair{crypto::local_generation(tx.get(store::local, "identity")->view()),
                       daemon::get_unsent_change(tx).has_value()};
    });
  };
  CHECK(settle(*home.keychain).value() == std::pair{1u, true});
  const auto now = home.keychain->accept_next(version, home.id(0), home.identity(0)->box).value();
  CHECK(settle(*now).value() == std::pair{2u, false});
  const auto opened = store.read([&](const store::ReadTxn& tx) {
    return crypto::open_local(now->newest_vault_key().local(home.terms().vault),
                              tx.get(store::local, "identity")->view());
  });
  CHECK(opened);
}

}  // namespace rekey_test

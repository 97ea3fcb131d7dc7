// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/input_errc.hpp"
#include "crypto/fresh.hpp"
#include "crypto/tags.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace identity_test {
namespace {

const VaultKey& vk() {
  static const VaultKey key{key_of_byte<VaultKey>(1)};
  return key;
}
const RootKey& root() {
  static const RootKey key = RootAccess::make(Secret::copy_of(Bytes(64, 0x61)));
  return key;
}

IdentitySources sources() { return {vk(), a_vault, {}, 0, of_byte<Hash>(2), of_byte<Hash>(3), 1'700'000'000'000}; }

// Everything about an identity that others see or that seals.
std::set<std::string> faces(const Identity& identity) {
  return {hex(identity.id), hex(KeyAccess::view(identity.dk)), hex(identity.sig.public_key()),
          hex(identity.box.public_key()), hex(identity.net.public_key())};
}

Secret secret(std::string_view text) { return Secret::copy_of(text); }

}  // namespace

TEST_CASE("an identity has five different parts, and two identities share none") {
  auto all = faces(new_identity(sources()));
  REQUIRE(all.size() == 5);
  all.merge(faces(new_identity(sources())));
  CHECK(all.size() == 10);
}

TEST_CASE("a random generator that repeats does not make two devices one, if anything else differs") {
  const RandomSource constant{Bytes(32, 0)};
  const auto first = faces(new_identity(sources()));
  CHECK(first == faces(new_identity(sources())));
  const VaultKey other_key{key_of_byte<VaultKey>(9)};
  std::vector<IdentitySources> others(6, sources());
  others[0].previous = a_device;
  others[1].previous_counter = 1;
  others[2].keyring_hash = {};
  others[3].fingerprint = {};
  others[4].time_ms += 1;
  others[5].vault = {};
  for (const auto& other : others) {
    auto both = faces(new_identity(other));
    both.insert(first.begin(), first.end());
    CHECK(both.size() == 10);
  }
  const IdentitySources with_key{other_key, a_vault, {}, 0, of_byte<Hash>(2), of_byte<Hash>(3), 1'700'000'000'000};
  CHECK(faces(new_identity(with_key)) != first);
}

TEST_CASE("a new epoch has a new device key, under a constant generator too, and everything else of the device") {
  const RandomSource constant{Bytes(32, 0)};
  const auto first = new_identity(sources());
  const auto second = next_epoch(first, sources());
  const auto third = next_epoch(second, sources());
  CHECK((second.epoch == 2 && third.epoch == 3 && third.id == first.id));
  CHECK(third.sig.public_key() == first.sig.public_key());
  CHECK(third.box.public_key() == first.box.public_key());
  CHECK(third.net.public_key() == first.net.public_key());
  CHECK(hex(KeyAccess::view(second.dk)) != hex(KeyAccess::view(first.dk)));
  CHECK(hex(KeyAccess::view(third.dk)) != hex(KeyAccess::view(second.dk)));
}

TEST_CASE("an identity at rest opens to itself, on its vault, for its device") {
  const auto identity = new_identity(sources());
  const auto local = vk().local(a_vault);
  const auto sealed = seal_identity(local, cheap, a_vault, 1, identity);
  const auto net = [&] { return RequestSigner::from_seed(identity.net.seed()); };
  const auto opened = open_identity(local, sealed.view(), a_vault, identity.id, net());
  REQUIRE(opened);
  CHECK(faces(*opened) == faces(identity));
  CHECK(opened->epoch == 1);
  CHECK_FALSE(open_identity(local, sealed.view(), of_byte<VaultId>(9), identity.id, net()));
  CHECK_FALSE(open_identity(local, sealed.view(), a_vault, a_device, net()));
  CHECK_FALSE(open_identity(key_of_byte<LocalKey>(1), sealed.view(), a_vault, identity.id, net()));
  const LocalPlace pages{cheap, a_vault, identity.id, 1, 2, 0};
  CHECK_FALSE(open_identity(local, seal_local(local, pages, Bytes(100)).view(), a_vault, identity.id, net()));
}

TEST_CASE("vault ids, seeds and keys are new each time, and differ under a constant generator where their sources do") {
  CHECK(new_vault_id({}, 1) != new_vault_id({}, 1));
  const RandomSource constant{Bytes(32, 0)};
  CHECK(new_vault_id({}, 1) != new_vault_id({}, 2));
  CHECK(new_seed(a_vault, {}, 1) != new_seed(a_vault, {}, 2));
  const auto vault_key = new_vault_key(root(), a_vault);
  const auto name_key = new_name_key(root(), a_vault);
  CHECK(hex(KeyAccess::view(vault_key)) != hex(KeyAccess::view(name_key)));
  CHECK(hex(KeyAccess::view(vault_key)) != hex(KeyAccess::view(new_vault_key(root(), a_vault, 2))));
  CHECK(hex(KeyAccess::view(vault_key)) != hex(KeyAccess::view(new_vault_key(root(), a_vault, 1, of_byte<Hash>(1)))));
}

TEST_CASE("composed and decomposed input is one password, and nothing is trimmed", "[row.K11]") {
  const auto composed = Password::from(secret("caf\xc3\xa9"));
  const auto decomposed = Password::from(secret("cafe\xcc\x81"));
  REQUIRE(composed);
  REQUIRE(decomposed);
  CHECK(std::ranges::equal(composed->nfc(), decomposed->nfc()));
  CHECK(Password::from(secret(" a\n"))->nfc().size() == 3);
}

TEST_CASE("a password that cannot be one is refused with the reason") {
  CHECK(Password::from(secret("")).error() == InputErrc::password_empty);
  CHECK(Password::from(secret(std::string(1025, 'a'))).error() == InputErrc::password_too_long);
  CHECK(Password::from(secret(std::string(100'000, 'a'))).error() == InputErrc::password_too_long);
  CHECK(Password::from(secret(std::string_view{"a\0b", 3})).error() == InputErrc::password_nul);
  CHECK(Password::from(secret("\xff\xfe")).error() == InputErrc::password_not_utf8);
  CHECK(Password::from(secret(std::string(1024, 'a'))));
}

TEST_CASE("the longest decomposed text that composes to 1024 bytes is accepted") {
  std::string jamo;
  for (int i = 0; i < 341; ++i) jamo += "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8";  // three jamo, one syllable
  CHECK(Password::from(secret(jamo))->nfc().size() == 1023);
}

TEST_CASE("an unknown suite is refused before Argon2id runs, and two accounts or seeds have two roots", "[claim.2]") {
  const auto password = Password::from(secret("password"));
  const auto derive = [&](std::uint8_t suite, std::string_view account, std::uint8_t seed) {
    return derive_root(*password, suite, account, a_vault, of_byte<Seed>(seed));
  };
  for (const int suite : {0, 2, 0x7f, 0xff})
    CHECK(derive(static_cast<std::uint8_t>(suite), "alice", 1).error() == Errc::downgrade);
  const auto face = [&](const Result<RootKey>& from) { return hex(auth_key(*from, a_vault).public_key()); };
  CHECK(face(derive(cheap, "alice", 1)) == face(derive(cheap, "alice", 1)));
  CHECK(face(derive(cheap, "alice", 1)) != face(derive(cheap, "bob", 1)));
  CHECK(face(derive(cheap, "alice", 1)) != face(derive(cheap, "alice", 2)));
}

TEST_CASE("a state code is four groups of five digits, of the vault and the commit") {
  const auto code = state_code(a_vault, of_byte<Hash>(1));
  REQUIRE(code.size() == 23);
  for (std::size_t i = 0; i < code.size(); ++i)
    CHECK((i % 6 == 5 ? code[i] == ' ' : (code[i] >= '0' && code[i] <= '9')));
  CHECK(code != state_code(a_vault, of_byte<Hash>(2)));
  CHECK(code != state_code(of_byte<VaultId>(2), of_byte<Hash>(1)));
}

TEST_CASE("name tags and anchors are MACs of their keys") {
  const NameKey names{key_of_byte<NameKey>(1)};
  CHECK(name_tag(names.tags(a_vault), "a") != name_tag(names.tags(of_byte<VaultId>(1)), "a"));
  CHECK(name_tag(names.tags(a_vault), "a") != name_tag(names.tags(a_vault), "b"));
  CHECK(anchor_mac(vk().anchor(a_vault), bytes_of("x")) != anchor_mac(vk().anchor(of_byte<VaultId>(1)), bytes_of("x")));
}

}  // namespace identity_test

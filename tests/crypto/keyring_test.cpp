// SPDX-License-Identifier: Apache-2.0
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace keyring_test {
namespace {

VaultKey vk(std::uint8_t g) { return key_of_byte<VaultKey>(g); }
AuthKey auth(std::uint8_t n = 1) { return signer_of_byte<AuthKey>(n); }

Sealed a_keyring(const KeyringBody& body, std::uint32_t g = 2) {
  const auto own = auth();
  return seal_keyring(vk(static_cast<std::uint8_t>(g)), vk(1), keyring_hdr0(2, g), body, {own}).value();
}

std::size_t hdr0_size() { return keyring_hdr0(2, 2).size(); }

Result<KeyringBody> open(BytesView keyring) { return open_keyring_body(vk(2), keyring, hdr0_size(), a_vault, 2); }

}  // namespace

TEST_CASE("a keyring body opens to what it was made of") {
  const auto keyring = a_keyring(keyring_body(2));
  const auto body = open(keyring.view());
  REQUIRE(body);
  CHECK(body->devices == keyring_body(2).devices);
  CHECK(body->heads == keyring_body(2).heads);
  REQUIRE(body->older.size() == 1);
  CHECK(std::ranges::equal(KeyAccess::view(body->older[0]), KeyAccess::view(vk(1))));
  CHECK(std::ranges::equal(KeyAccess::view(body->names), KeyAccess::view(keyring_body(2).names)));
  CHECK(verify_link(vk(1), a_vault, keyring.view(), hdr0_size()));
  CHECK_FALSE(verify_link(vk(2), a_vault, keyring.view(), hdr0_size()));
}

TEST_CASE(
    "every single flipped bit of a keyring is refused by body, link or signature, and none by less than all of them") {
  const auto keyring = a_keyring(keyring_body(2));
  for (std::size_t bit = 0; bit < keyring.size() * 8; ++bit) {
    const auto bad = flipped(keyring.view(), bit);
    const auto trailer = keyring_trailer(bad, hdr0_size());
    const bool signed_well =
        trailer && verify_keyring_signature(auth().public_key(), BytesView{bad}.first(trailer->signed_size),
                                            trailer->signatures[0].signature);
    REQUIRE_FALSE(signed_well);
    if (bit / 8 < keyring.size() - keyring_trailer_size(1)) REQUIRE_FALSE(open(bad));
  }
}

TEST_CASE("a keyring cut anywhere has no trailer") {
  const auto keyring = a_keyring(keyring_body(2));
  for (std::size_t size = 0; size < keyring.size(); ++size) REQUIRE_FALSE(open(keyring.view().first(size)));
}

TEST_CASE("a change of password is signed by both AUTH keys, a recovery by RAUTH") {
  const auto own = auth(1), before = auth(9);
  const auto recovery = signer_of_byte<RecoveryAuthKey>(8);
  const auto both = seal_keyring(vk(2), vk(1), keyring_hdr0(2, 2), keyring_body(2), {own, &before}).value();
  const auto trailer = keyring_trailer(both.view(), hdr0_size());
  REQUIRE(trailer);
  REQUIRE(trailer->signatures.size() == 2);
  CHECK(trailer->signatures[1].role == KeyringRole::previous);
  const auto prefix = both.view().first(trailer->signed_size);
  CHECK(verify_keyring_signature(own.public_key(), prefix, trailer->signatures[0].signature));
  CHECK(verify_keyring_signature(before.public_key(), prefix, trailer->signatures[1].signature));
  const auto recovered =
      seal_keyring(vk(2), vk(1), keyring_hdr0(2, 2), keyring_body(2), {own, nullptr, &recovery}).value();
  CHECK(keyring_trailer(recovered.view(), hdr0_size())->signatures[1].role == KeyringRole::recovery);
  CHECK(open(both.view()));
}

TEST_CASE("the trailer is found whatever the number of devices and signatures") {
  for_all(60, [](Random& random) {
    auto body = keyring_body(2);
    const auto more = random.below(255);
    for (std::uint64_t i = 0; i < more; ++i) {
      auto device = body.devices.front();
      device.id = random.fixed<DeviceId>();
      device.name = std::string(1 + random.below(64), 'x');
      body.devices.push_back(device);
    }
    const auto own = auth(1), before = auth(9);
    const bool two = random.chance(50);
    const auto keyring = seal_keyring(vk(2), vk(1), keyring_hdr0(2, 2), body, {own, two ? &before : nullptr}).value();
    REQUIRE(keyring_trailer(keyring.view(), hdr0_size())->signatures.size() == (two ? 2 : 1));
    REQUIRE(open(keyring.view())->devices.size() == body.devices.size());
  });
}

TEST_CASE("a keyring above its limit is not made") {
  auto body = keyring_body(1);
  std::vector<VaultKey> many;
  for (int i = 0; i < 4095; ++i) body.older.push_back(vk(1));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    auto device = body.devices.front();
    std::memcpy(device.id.raw.data(), &i, sizeof i);
    body.devices.push_back(device);
  }
  const auto own = auth();
  CHECK(seal_keyring(vk(2), vk(1), keyring_hdr0(2, 4096), body, {own}).error() == Errc::limit);
  CHECK(open(Bytes(300'000)).error() == Errc::limit);
}

TEST_CASE("a body is for one version, one vault and one vault key") {
  const auto keyring = a_keyring(keyring_body(2));
  CHECK_FALSE(open_keyring_body(vk(3), keyring.view(), hdr0_size(), a_vault, 2));
  CHECK_FALSE(open_keyring_body(vk(2), keyring.view(), hdr0_size(), a_vault, 3));
  CHECK_FALSE(open_keyring_body(vk(2), keyring.view(), hdr0_size(), of_byte<VaultId>(1), 2));
  CHECK_FALSE(open_keyring_body(vk(2), keyring.view(), hdr0_size() - 1, a_vault, 2));
}

TEST_CASE("a clone of a body is sealed to the same content") {
  const RandomSource constant{Bytes(32, 1)};
  const auto body = keyring_body(2);
  CHECK(a_keyring(body) == a_keyring(body.clone()));
}

}  // namespace keyring_test

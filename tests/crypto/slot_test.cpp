// SPDX-License-Identifier: Apache-2.0
#include "crypto/fresh.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace slot_test {
namespace {

const SlotPlace place{cheap, a_vault, a_device, 4, 2};
const auto recipient = of_byte<DeviceId>(0x99);

VaultKey current() { return key_of_byte<VaultKey>(2); }
VaultKey previous() { return key_of_byte<VaultKey>(1); }

Result<VaultKey> open_for(BytesView slot, const BoxPrivate& box, const DeviceId& device = recipient) {
  return open_device_slot(slot, box, previous(), a_vault, device, 4, 2);
}

bool is_current(const Result<VaultKey>& key) {
  return key && std::ranges::equal(KeyAccess::view(*key), KeyAccess::view(current()));
}

}  // namespace

TEST_CASE("a password slot opens with its key; another key is a wrong password, and an altered slot is neither") {
  const PasswordKey key = key_of_byte<PasswordKey>(5);
  const auto slot = seal_password_slot(key, current(), place);
  CHECK(is_current(open_password_slot(key, slot.view(), a_vault)));
  CHECK(open_password_slot(key_of_byte<PasswordKey>(6), slot.view(), a_vault).error() == Errc::auth);
  CHECK(open_password_slot(key, slot.view(), of_byte<VaultId>(1)).error() == Errc::tamper);
  CHECK(open_password_slot(key, slot.view().first(100), a_vault).error() == Errc::tamper);
  CHECK(open_password_slot(key, flipped(slot.view(), slot.size() * 8 - 1), a_vault).error() == Errc::tamper);
  CHECK(open_password_slot(key, {}, a_vault).error() == Errc::tamper);
  for (std::size_t bit = 0; bit < slot.size() * 8; ++bit)
    REQUIRE_FALSE(open_password_slot(key, flipped(slot.view(), bit), a_vault));
}

TEST_CASE("a device slot opens for its device, with the vault key of before, and no flipped bit passes") {
  const auto box = box_of_byte(3);
  const auto slot = seal_device_slot(current(), previous(), place, recipient, box.public_key());
  REQUIRE(slot);
  CHECK(is_current(open_for(slot->view(), box)));
  CHECK_FALSE(open_for(slot->view(), box_of_byte(4)));
  CHECK_FALSE(open_for(slot->view(), box, a_device));
  CHECK_FALSE(open_device_slot(slot->view(), box, current(), a_vault, recipient, 4, 2));
  CHECK_FALSE(open_device_slot(slot->view(), box, previous(), a_vault, recipient, 5, 2));
  for (std::size_t bit = 0; bit < slot->size() * 8; ++bit) REQUIRE_FALSE(open_for(flipped(slot->view(), bit), box));
}

TEST_CASE("a slot cannot be made for a key of small order") {
  CHECK(seal_device_slot(current(), previous(), place, recipient, BoxKey{}).error() == Errc::tamper);
  CHECK(seal_recovery_slot(current(), BoxKey{}, Secret{32}, place).error() == Errc::tamper);
}

TEST_CASE("a recovery slot opens with its code; with another code the code is wrong") {
  const auto code = RecoveryCode::fresh(current(), a_vault);
  const auto keys = recovery_keys(code, a_vault);
  const auto slot = seal_recovery_slot(current(), keys.box.public_key(), keys.psk, place);
  REQUIRE(slot);
  CHECK(is_current(open_recovery_slot(keys, slot->view(), a_vault)));
  const auto other = recovery_keys(RecoveryCode::fresh(current(), a_vault), a_vault);
  CHECK(open_recovery_slot(other, slot->view(), a_vault).error() == Errc::auth);
  for (std::size_t bit = 0; bit < slot->size() * 8; ++bit)
    REQUIRE_FALSE(open_recovery_slot(keys, flipped(slot->view(), bit), a_vault));
}

TEST_CASE("a recovery code is read as it was written, however it is typed, and a wrong character is found") {
  const auto code = RecoveryCode::fresh(current(), a_vault);
  const auto text = code.text();
  REQUIRE(text.size() == 36 + 8);
  const auto read = [](std::string typed) { return RecoveryCode::from_text(Secret::copy_of(std::string_view{typed})); };
  std::string typed{text.text()};
  CHECK(std::ranges::equal(RecoveryAccess::view(*read(typed)), RecoveryAccess::view(code)));
  for (auto& c : typed) {
    if (c == '-') c = ' ';
    if (c == '0') c = 'o';
    if (c == '1') c = 'l';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  CHECK(std::ranges::equal(RecoveryAccess::view(*read(typed)), RecoveryAccess::view(code)));
  int refused = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong{text.text()};
    if (wrong[i] == '-') continue;
    wrong[i] = wrong[i] == '2' ? '3' : '2';
    refused += !read(wrong);
  }
  CHECK(refused >= 35);  // a check of 20 bits; the 36 tries together miss with one chance in 30,000
  CHECK(read("").error() == Errc::usage);
  CHECK(read(std::string{text.text()} + "2").error() == Errc::usage);
  CHECK(read(std::string(44, 'U')).error() == Errc::usage);
}

TEST_CASE("a constant random generator does not make two ephemeral keys one") {
  const RandomSource constant{Bytes(32, 1)};
  const auto a = new_ephemeral(current(), box_of_byte(3).public_key(), a_vault);
  CHECK(a.public_key() != new_ephemeral(current(), box_of_byte(4).public_key(), a_vault).public_key());
  CHECK(a.public_key() != new_ephemeral(previous(), box_of_byte(3).public_key(), a_vault).public_key());
}

}  // namespace slot_test

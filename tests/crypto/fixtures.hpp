// SPDX-License-Identifier: Apache-2.0
// Keys and headers that the tests of crypto/ share.
#pragma once

#include "base/hex.hpp"
#include "crypto/argon2.hpp"
#include "crypto/commit.hpp"
#include "crypto/content.hpp"
#include "crypto/identity.hpp"
#include "crypto/key_access.hpp"
#include "crypto/keyring_body.hpp"
#include "crypto/signer_access.hpp"
#include "crypto/slot.hpp"
#include "crypto/verify.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/property.hpp"
#include "tests/support/seams.hpp"

namespace vault::tests {

inline constexpr std::uint8_t cheap = 0xFE;

template <class T>
T of_byte(std::uint8_t byte) {
  T out;
  out.raw.fill(byte);
  return out;
}
inline Bytes bytes_of_hex(std::string_view text) { return unhex(text).value(); }
template <class T>
T of_hex(std::string_view text) {
  return unhex_fixed<T>(text).value();
}
template <class AnyKey>
AnyKey key_of(BytesView bytes) {
  return crypto::KeyAccess::copy_of<AnyKey>(bytes);
}
template <class AnyKey>
AnyKey key_of_byte(std::uint8_t byte) {
  return key_of<AnyKey>(Bytes(32, byte));
}
template <class AnySigner>
AnySigner signer_of_byte(std::uint8_t byte) {
  return crypto::SignerAccess::from_seed<AnySigner>(Secret::copy_of(Bytes(32, byte)));
}
inline crypto::BoxPrivate box_of_byte(std::uint8_t byte) {
  return crypto::BoxAccess::make(Secret::copy_of(Bytes(32, byte)));
}

inline const auto a_vault = of_byte<VaultId>(0x11);
inline const auto a_device = of_byte<DeviceId>(0x22);

struct CommitFields {
  crypto::Kind kind = crypto::Kind::data;
  std::uint64_t counter = 7;
  std::uint32_t epoch = 1;
  std::uint64_t seq = 2;
};
Bytes commit_hdr0(const CommitFields& fields = {});

// The public part of a keyring with one device, slots left empty: enough to be sealed.
Bytes keyring_hdr0(std::uint32_t version, std::uint32_t generation);
crypto::KeyringBody keyring_body(std::uint32_t generation);

Bytes flipped(BytesView bytes, std::size_t bit);

}  // namespace vault::tests

// SPDX-License-Identifier: Apache-2.0
#include "crypto/verify.hpp"

#include <algorithm>

#include "base/order.hpp"
#include "crypto/botan.hpp"
#include "crypto/signed_message.hpp"

namespace vault::crypto {
namespace {

using Number = std::array<std::uint8_t, 32>;  // little-endian, as in RFC 8032

constexpr Number field_prime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
constexpr Number group_order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                0xa2, 0xde, 0xf9, 0xde, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

// Lists the y of the eight points whose order divides the cofactor: 0, 1, p - 1 and the two of order 8. Each y has at
// most two x, so refusing y refuses both points. Refusing 1 and p - 1 also refuses "x = 0 with the sign bit set".
constexpr Number small_order_y[] = {
    {},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

bool below(Number a, Number end) {  // the last byte counts most
  std::ranges::reverse(a);
  std::ranges::reverse(end);
  return compare_bytes(a, end) < 0;
}

Number number_at(BytesView bytes) {
  Number out;
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

bool is_allowed_point(BytesView encoded) {
  auto y = number_at(encoded);
  y[31] &= 0x7f;
  return below(y, field_prime) &&
         std::find(std::begin(small_order_y), std::end(small_order_y), y) == std::end(small_order_y);
}

}  // namespace

// Need not take constant time, since all inputs are public.
bool verify_signature(const SignKey& key, BytesView message, const Signature& signature) {
  const auto r = signature.view().first(32);
  const auto s = signature.view().subspan(32);
  if (!is_allowed_point(key.view()) || !is_allowed_point(r) || !below(number_at(s), group_order)) return false;
  return Botan::Sodium::crypto_sign_ed25519_verify_detached(signature.raw.data(), message.data(), message.size(),
                                                            key.raw.data()) == 0;
}

bool verify_commit_signature(const SignKey& key, BytesView whole_commit) {
  if (whole_commit.size() < signature_bytes) return false;
  const auto all_before = whole_commit.first(whole_commit.size() - signature_bytes);
  const auto signature = Signature::from(whole_commit.last(signature_bytes));
  return verify_signature(key, signed_message(commit_label, sha256(all_before).view()), signature);
}

bool verify_keyring_signature(const SignKey& key, BytesView signed_prefix, const Signature& signature) {
  return verify_signature(key, signed_message(keyring_label, sha256(signed_prefix).view()), signature);
}

bool verify_request_signature(const SignKey& key, BytesView message, const Signature& signature) {
  return verify_signature(key, signed_message(request_label, message), signature);
}

}  // namespace vault::crypto

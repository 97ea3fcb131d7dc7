// SPDX-License-Identifier: Apache-2.0
#include "crypto/keyring_body.hpp"

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_access.hpp"
#include "crypto/keyring_codec.hpp"
#include "crypto/seal.hpp"
#include "crypto/sealer.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t version_at = layout::common;
constexpr std::size_t generation_at = layout::common + 4;

std::uint32_t u32_at(BytesView hdr0, std::size_t offset) {
  return static_cast<std::uint32_t>(layout::number_at(hdr0, offset, 4));
}
VaultId vault_of(BytesView hdr0) { return VaultId::from(hdr0.subspan(layout::vault_id, VaultId::size)); }

Hash make_link(const VaultKey& previous, const VaultId& vault, BytesView all_before) {
  return hmac_sha256(KeyAccess::view(previous.link(vault)), sha256(all_before).view());
}

// Returns the link, the count and the signatures that follow `all_before`. The first signature is always that of `own`.
Bytes make_trailer(const VaultKey& previous, const KeyringSigners& signers, BytesView all_before) {
  const auto link = make_link(previous, vault_of(all_before), all_before);
  Bytes before{all_before.begin(), all_before.end()};
  before.insert(before.end(), link.raw.begin(), link.raw.end());
  ByteWriter out;
  const bool two = signers.previous != nullptr || signers.recovery != nullptr;
  out.fixed(link).u8(two ? 2 : 1);
  out.u8(static_cast<std::uint8_t>(KeyringRole::own)).fixed(signers.own.sign_keyring(before));
  if (signers.previous != nullptr)
    out.u8(static_cast<std::uint8_t>(KeyringRole::previous)).fixed(signers.previous->sign_keyring(before));
  else if (signers.recovery != nullptr)
    out.u8(static_cast<std::uint8_t>(KeyringRole::recovery)).fixed(signers.recovery->sign_keyring(before));
  return out.take();
}

}  // namespace

Result<Sealed> seal_keyring(const VaultKey& current, const VaultKey& previous, Bytes hdr0, const KeyringBody& body,
                            const KeyringSigners& signers) {
  VAULT_ASSERT(hdr0.size() > generation_at + 4 && hdr0[layout::kind] == static_cast<std::uint8_t>(Kind::keyring));
  VAULT_ASSERT(body.older.size() + 1 == u32_at(hdr0, generation_at));
  VAULT_ASSERT(signers.previous == nullptr || signers.recovery == nullptr);
  const bool two = signers.previous != nullptr || signers.recovery != nullptr;
  const auto trailer_size = keyring_trailer_size(two ? 2 : 1);
  // The content ends with the hash of hdr0, and hdr0 states the length of the content, so that length is computed
  // first.
  const auto frame_size = framed_size(encode_keyring_body(body, hdr0).size());
  if (sealed_size(hdr0.size(), frame_size, trailer_size) > limits::keyring_bytes) return Errc::limit;
  fill_lengths(hdr0, frame_size, trailer_size);
  const auto content = encode_keyring_body(body, hdr0);
  const auto key = current.body(vault_of(hdr0), u32_at(hdr0, version_at));
  const auto sign = [&](BytesView all_before, std::span<std::uint8_t> out) {
    std::ranges::copy(make_trailer(previous, signers, all_before), out.begin());
  };
  return Sealer::seal(KeyAccess::view(key), std::move(hdr0), frame(content.view()), trailer_size, sign);
}

Result<KeyringBody> open_keyring_body(const VaultKey& key, BytesView keyring, std::size_t hdr0_size,
                                      const VaultId& vault, std::uint32_t version) {
  if (keyring.size() > limits::keyring_bytes) return Errc::limit;
  const auto trailer = keyring_trailer(keyring, hdr0_size);
  if (!trailer) return trailer.error();
  const auto hdr0 = keyring.first(hdr0_size);
  if (hdr0_size < generation_at + 4 || vault_of(hdr0) != vault || u32_at(hdr0, version_at) != version)
    return Errc::tamper;
  const auto content = open_framed(key.body(vault, version), keyring, hdr0_size, trailer->size);
  if (!content) return content.error();
  return decode_keyring_body(content->view(), hdr0, u32_at(hdr0, generation_at));
}

bool verify_link(const VaultKey& previous, const VaultId& vault, BytesView keyring, std::size_t hdr0_size) {
  const auto trailer = keyring_trailer(keyring, hdr0_size);
  if (!trailer) return false;
  const auto expected = make_link(previous, vault, keyring.first(trailer->signed_size - Hash::size));
  return constant_time_equal(expected.view(), trailer->link.view());
}

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// HKDF-SHA-256 (RFC 5869) over our labels: info = label ‖ 0x00 ‖ context. Written out here because Botan's
// shortens its output without a word when too much is asked for. Internal to crypto/.
#pragma once

#include "base/secret.hpp"
#include "crypto/hash.hpp"
#include "crypto/labels.hpp"

namespace vault::crypto {

// The bare function. An empty salt is 32 zeros, as the RFC has it. Requires: out.size() <= 255 * 32.
void hkdf_into(BytesView ikm, BytesView salt, BytesView info, std::span<std::uint8_t> out);

Bytes info_of(std::string_view label, std::initializer_list<BytesView> context);

// HKDF(ikm, label ‖ 0x00 ‖ context, size).
Secret derive(BytesView ikm, std::string_view label, std::initializer_list<BytesView> context, std::size_t size = 32);

// Big-endian, for contexts.
inline std::array<std::uint8_t, 4> be32(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8),
          static_cast<std::uint8_t>(v)};
}
inline std::array<std::uint8_t, 8> be64(std::uint64_t v) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 8; i-- > 0; v >>= 8) out[i] = static_cast<std::uint8_t>(v);
  return out;
}

// An ikm of several parts, wiped.
Secret concat(std::initializer_list<BytesView> parts);

}  // namespace vault::crypto

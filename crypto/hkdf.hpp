// SPDX-License-Identifier: Apache-2.0
// Computes HKDF-SHA-256 (RFC 5869) with our labels: info = label ‖ 0x00 ‖ context. Botan's HKDF is not used because it
// silently shortens its output if too much is asked for. Internal to crypto/.
#pragma once

#include "base/secret.hpp"
#include "crypto/hash.hpp"
#include "crypto/labels.hpp"

namespace vault::crypto {

// Computes bare HKDF. An empty salt means 32 zeros, as in the RFC. Requires: out.size() <= 255 * 32.
void hkdf_into(BytesView ikm, BytesView salt, BytesView info, std::span<std::uint8_t> out);

Bytes info_of(std::string_view label, std::initializer_list<BytesView> context);

// Returns HKDF(ikm, label ‖ 0x00 ‖ context, size).
Secret derive(BytesView ikm, std::string_view label, std::initializer_list<BytesView> context, std::size_t size = 32);

// Return a number as big-endian bytes, for contexts.
inline std::array<std::uint8_t, 4> be32(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8),
          static_cast<std::uint8_t>(v)};
}
inline std::array<std::uint8_t, 8> be64(std::uint64_t v) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 8; i-- > 0; v >>= 8) out[i] = static_cast<std::uint8_t>(v);
  return out;
}

// Joins the parts of an ikm in memory that is wiped.
Secret concat(std::initializer_list<BytesView> parts);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Returns what Ed25519 really signs and verifies: label ‖ 0x00 ‖ message. crypto/FORMAT.md §2.
#pragma once

#include "base/bytes.hpp"

namespace vault::crypto {

inline constexpr std::string_view commit_label = "vaultd/v1/commit";
inline constexpr std::string_view keyring_label = "vaultd/v1/keyring";
inline constexpr std::string_view request_label = "vaultd/v1/request";
inline constexpr std::string_view export_label = "vaultd/v1/export";
inline constexpr std::size_t signature_bytes = 64;

inline Bytes signed_message(std::string_view label, BytesView message) {
  ByteWriter out;
  out.raw(bytes_of(label)).u8(0).raw(message);
  return out.take();
}

}  // namespace vault::crypto

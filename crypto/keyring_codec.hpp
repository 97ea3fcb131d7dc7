// SPDX-License-Identifier: Apache-2.0
// Converts the plaintext of a keyring body to and from bytes. Internal to crypto/keyring_body.cpp.
#pragma once

#include "crypto/keyring_body.hpp"

namespace vault::crypto {

// Requires: hdr0 states its lengths, because its hash is the last field.
Secret encode_keyring_body(const KeyringBody& body, BytesView hdr0);

// `generation` is the one in hdr0. Errors: downgrade for a minimum format above ours; tamper.
[[nodiscard]] Result<KeyringBody> decode_keyring_body(BytesView content, BytesView hdr0, std::uint32_t generation);

}  // namespace vault::crypto

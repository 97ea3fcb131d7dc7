// SPDX-License-Identifier: Apache-2.0
// Runs Argon2id and makes the salt for it. Internal to crypto/ and its tests.
#pragma once

#include "base/secret.hpp"
#include "crypto/password.hpp"

namespace vault::crypto {

// Runs Argon2id of RFC 9106, version 0x13, without secret and associated data.
void argon2id(BytesView password, BytesView salt, const seams::Argon2Costs& costs, std::span<std::uint8_t> out);

Hash password_salt(std::uint8_t suite, std::string_view account, const VaultId& vault, const Seed& seed);

struct RootAccess {
  static BytesView view(const RootKey& root) { return root.bytes_.view(); }
  static RootKey make(Secret bytes) { return RootKey{std::move(bytes)}; }
};

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Turns a password into the two keys that it gives: crypto/FORMAT.md §3.
#pragma once

#include <string_view>

#include "base/errc.hpp"
#include "crypto/key.hpp"
#include "crypto/sign.hpp"
#include "crypto/suite.hpp"

namespace vault::crypto {

// Holds a password in NFC, so that the same text typed on two systems is one password. 1 to 1024 bytes, no NUL.
class Password {
 public:
  // Converts `utf8` to NFC and trims nothing. Errors: password_empty, password_too_long, password_nul,
  // password_not_utf8.
  [[nodiscard]] static Result<Password> from(const Secret& utf8);

  BytesView nfc() const { return nfc_.view(); }

 private:
  explicit Password(Secret nfc) : nfc_(std::move(nfc)) {}
  Secret nfc_;
};

// Holds the 64 bytes that Argon2id returns. Only the two keys below are derived from them.
class RootKey {
 public:
  static constexpr std::size_t size = 64;

 private:
  friend struct RootAccess;
  explicit RootKey(Secret bytes) : bytes_(std::move(bytes)) {}
  Secret bytes_;
};

// Runs Argon2id with the time and memory of the suite: half a second and 256 MiB for suite 1. Requires: `account`
// passed its own check (1 to 128 bytes). Errors: downgrade for an unknown suite, before any of that is spent.
[[nodiscard]] Result<RootKey> derive_root(const Password& password, std::uint8_t suite, std::string_view account,
                                          const VaultId& vault, const Seed& seed);

PasswordKey password_key(const RootKey& root, const VaultId& vault);
AuthKey auth_key(const RootKey& root, const VaultId& vault);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Handles the recovery code, 160 random bits on a sheet of paper, and derives its keys. crypto/FORMAT.md §3.
#pragma once

#include "base/errc.hpp"
#include "crypto/box.hpp"
#include "crypto/key.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

// Holds 20 bytes, written as nine groups of four characters of Crockford's base32: 32 characters are the code, 4 a
// check that finds typing errors before anything is derived.
class RecoveryCode {
 public:
  static constexpr std::size_t size = 20;

  static RecoveryCode fresh(const VaultKey& key, const VaultId& vault);

  // Reads a code in any case, with or without dashes and spaces; O counts as 0, I and L as 1. Errors: auth if the check
  // does not fit; usage if `text` cannot be a code at all.
  [[nodiscard]] static Result<RecoveryCode> from_text(const Secret& text);
  Secret text() const;  // "ABCD-EFGH-..."

 private:
  friend struct RecoveryAccess;
  explicit RecoveryCode(Secret bytes) : bytes_(std::move(bytes)) {}
  Secret bytes_;
};

// Opens the code to the .cpp files of crypto/ and their tests.
struct RecoveryAccess {
  static RecoveryCode make(Secret bytes) { return RecoveryCode{std::move(bytes)}; }
  static BytesView view(const RecoveryCode& code) { return code.bytes_.view(); }
};

// Finds a typing error in a code whose check does not fit. Returns the group, from 1, in which changing one character
// or swapping two neighbours makes the check fit; 0 if there is no such group, or more than one.
std::size_t wrong_group(const Secret& text);

struct RecoveryKeys {
  BoxPrivate box;        // RBOX
  RecoveryAuthKey auth;  // RAUTH
  Secret psk;            // RPSK, 32 bytes
};
RecoveryKeys recovery_keys(const RecoveryCode& code, const VaultId& vault);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// The recovery code: 160 random bits on a sheet of paper, and the keys that it gives. crypto/FORMAT.md §3.
#pragma once

#include "base/errc.hpp"
#include "crypto/box.hpp"
#include "crypto/key.hpp"
#include "crypto/sign.hpp"

namespace vault::crypto {

// 20 bytes, written as nine groups of four characters of Crockford's base32: 32 for the code, 4 for a check that
// finds what was typed wrong before anything is derived from it.
class RecoveryCode {
 public:
  static constexpr std::size_t size = 20;

  static RecoveryCode fresh(const VaultKey& key, const VaultId& vault);

  // Any case, with or without dashes and spaces; O is 0, I and L are 1. Errors: auth if the check does not fit,
  // usage if it cannot be a code at all.
  [[nodiscard]] static Result<RecoveryCode> from_text(const Secret& text);
  Secret text() const;  // "ABCD-EFGH-..."

 private:
  friend struct RecoveryAccess;
  explicit RecoveryCode(Secret bytes) : bytes_(std::move(bytes)) {}
  Secret bytes_;
};

struct RecoveryAccess {  // for the .cpp files of crypto/ and their tests
  static RecoveryCode make(Secret bytes) { return RecoveryCode{std::move(bytes)}; }
  static BytesView view(const RecoveryCode& code) { return code.bytes_.view(); }
};

// Of a text whose check does not fit: the group, from 1, in which one other character, or two of it the other way
// round, would make it fit; 0 when there is none, or more than one.
std::size_t wrong_group(const Secret& text);

struct RecoveryKeys {
  BoxPrivate box;        // RBOX
  RecoveryAuthKey auth;  // RAUTH
  Secret psk;            // RPSK, 32 bytes
};
RecoveryKeys recovery_keys(const RecoveryCode& code, const VaultId& vault);

}  // namespace vault::crypto

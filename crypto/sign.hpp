// SPDX-License-Identifier: Apache-2.0
// Keys that sign with Ed25519, one type for each thing that is signed. The labels of crypto/FORMAT.md §2 are added
// inside, so that no signature made for one purpose is good for another.
#pragma once

#include "base/secret.hpp"

namespace vault::crypto {

// What the four below share. Holds seed ‖ public key, 64 bytes, made from the seed once.
class Signer {
 public:
  SignKey public_key() const;

 protected:
  explicit Signer(Secret seed);
  Signature sign(std::string_view label, BytesView message) const;

 private:
  friend struct SignerAccess;  // crypto/signer_access.hpp
  Secret pair_;
};

// AUTH: made from the password. Logs in and authorises changes of the keyring.
class AuthKey : public Signer {
 public:
  // `signed_prefix`: all of the keyring before the count of its signatures.
  Signature sign_keyring(BytesView signed_prefix) const;
  Signature sign_request(BytesView message) const;

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// RAUTH: made from the recovery code. Stands for the AUTH of the version before, once.
class RecoveryAuthKey : public Signer {
 public:
  Signature sign_keyring(BytesView signed_prefix) const;
  Signature sign_request(BytesView message) const;

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// SIG_d. Signs nothing but the commits that crypto/commit.hpp seals.
class CommitSigner : public Signer {
 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// NET_d. Guards ciphertext only, and is kept unsealed so that a locked daemon can sync.
class RequestSigner : public Signer {
 public:
  Signature sign_request(BytesView message) const;

  Secret seed() const;                                 // 32 bytes, to be stored
  static RequestSigner from_seed(const Secret& seed);  // requires: 32 bytes

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

}  // namespace vault::crypto

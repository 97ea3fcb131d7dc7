// SPDX-License-Identifier: Apache-2.0
// Defines the keys that sign with Ed25519, one type for each thing that is signed. They add the labels of
// crypto/FORMAT.md §2 themselves, so a signature for one purpose is never good for another.
#pragma once

#include "base/secret.hpp"

namespace vault::crypto {

// Holds what the four signers share: seed ‖ public key, 64 bytes, computed once from the seed.
class Signer {
 public:
  SignKey public_key() const;

 protected:
  explicit Signer(Secret seed);
  Signature sign(std::string_view label, BytesView message) const;

 private:
  friend struct SignerAccess;  // in crypto/signer_access.hpp
  Secret pair_;
};

// AUTH is made from the password. It logs in and authorises changes of the keyring.
class AuthKey : public Signer {
 public:
  // `signed_prefix` is the whole keyring version before the count of its signatures.
  Signature sign_keyring(BytesView signed_prefix) const;
  Signature sign_request(BytesView message) const;

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// RAUTH is made from the recovery code. It replaces the AUTH of the version before, once.
class RecoveryAuthKey : public Signer {
 public:
  Signature sign_keyring(BytesView signed_prefix) const;
  Signature sign_request(BytesView message) const;

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// SIG_d signs the commits that crypto/commit.hpp seals, and nothing else.
class CommitSigner : public Signer {
 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

// NET_d signs a device's requests and its exports' manifests. It protects only ciphertext, so it is stored unsealed and
// a locked daemon can sync and export.
class RequestSigner : public Signer {
 public:
  Signature sign_request(BytesView message) const;
  // `signed_prefix` is the whole manifest before the count of its signatures.
  Signature sign_manifest(BytesView signed_prefix) const;

  // Returns 32 bytes to store.
  Secret seed() const;
  // Requires: 32 bytes.
  static RequestSigner from_seed(const Secret& seed);

 private:
  friend struct SignerAccess;
  using Signer::Signer;
};

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Gives the .cpp files of crypto/ and their tests, and nobody else, access to the seeds of signing keys.
#pragma once

#include "crypto/sign.hpp"
#include "crypto/signed_message.hpp"

namespace vault::crypto {

struct SignerAccess {
  template <class AnySigner>
  static AnySigner from_seed(Secret seed) {
    return AnySigner{std::move(seed)};
  }
  static BytesView seed(const Signer& signer) { return signer.pair_.view().first(32); }
  static Signature sign_commit(const CommitSigner& signer, BytesView digest) {
    return signer.sign(commit_label, digest);
  }
};

}  // namespace vault::crypto

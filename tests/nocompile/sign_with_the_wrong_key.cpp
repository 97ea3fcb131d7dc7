// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.hpp"

using namespace vault::crypto;

vault::Signature approve(const AuthKey& auth, const RequestSigner& net, vault::BytesView keyring) {
#ifdef FORBIDDEN
  (void)auth;
  return net.sign_keyring(keyring);
#else
  (void)net;
  return auth.sign_keyring(keyring);
#endif
}

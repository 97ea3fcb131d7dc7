// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

using namespace vault::crypto;

bool same(const VaultKey& a, const VaultKey& b) {
#ifdef FORBIDDEN
  return a == b;
#else
  return &a == &b;
#endif
}

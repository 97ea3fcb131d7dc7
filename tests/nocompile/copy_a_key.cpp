// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

using namespace vault::crypto;

VaultKey keep(VaultKey& key) {
#ifdef FORBIDDEN
  return key;
#else
  return std::move(key);
#endif
}

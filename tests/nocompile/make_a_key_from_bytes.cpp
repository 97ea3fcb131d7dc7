// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

using namespace vault::crypto;

VaultKey make(vault::Secret bytes, VaultKey& other) {
#ifdef FORBIDDEN
  return VaultKey{std::move(bytes)};
#else
  bytes = {};
  return std::move(other);
#endif
}

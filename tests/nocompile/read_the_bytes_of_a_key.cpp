// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

struct Mine : vault::crypto::VaultKey {
  using VaultKey::VaultKey;
#ifdef FORBIDDEN
  vault::BytesView view() const { return bytes_.view(); }
#endif
};

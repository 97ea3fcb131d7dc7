// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.hpp"

void look(const vault::crypto::BlobKey& key, vault::BytesView object) {
#ifdef FORBIDDEN
  vault::crypto::open(key, object, 88);
#else
  (void)vault::crypto::open(key, object, 88);
#endif
}

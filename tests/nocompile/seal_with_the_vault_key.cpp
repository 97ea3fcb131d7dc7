// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.hpp"

using namespace vault::crypto;

vault::Sealed write(const VaultKey& key, const vault::VaultId& vault_id, vault::Bytes hdr0) {
#ifdef FORBIDDEN
  (void)vault_id;
  return seal_framed<Kind::local>(key, std::move(hdr0), {});
#else
  return seal_framed<Kind::local>(key.local(vault_id), std::move(hdr0), {});
#endif
}

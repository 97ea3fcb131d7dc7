// SPDX-License-Identifier: Apache-2.0
#include "crypto/commit.hpp"

using namespace vault::crypto;

vault::Sealed write(const OwnDeviceKey& own, const DeviceKey& other, const CommitSigner& signer, vault::Bytes hdr0) {
#ifdef FORBIDDEN
  return seal_commit(other, signer, std::move(hdr0), {});
#else
  (void)other;
  return seal_commit(own, signer, std::move(hdr0), {});
#endif
}

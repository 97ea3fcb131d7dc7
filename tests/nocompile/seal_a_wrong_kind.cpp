// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.hpp"

using namespace vault::crypto;

vault::Sealed write(const LocalKey& key, vault::Bytes hdr0) {
#ifdef FORBIDDEN
  return seal_framed<Kind::keyring>(key, std::move(hdr0), {});
#else
  return seal_framed<Kind::local>(key, std::move(hdr0), {});
#endif
}

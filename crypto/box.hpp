// SPDX-License-Identifier: Apache-2.0
// X25519 private keys: BOX_d of a device, RBOX of a recovery code, and the ephemeral one of a slot.
#pragma once

#include <optional>

#include "base/secret.hpp"

namespace vault::crypto {

class BoxPrivate {
 public:
  BoxKey public_key() const;

 private:
  friend struct BoxAccess;
  explicit BoxPrivate(Secret bytes);
  Secret bytes_;
};

// For the .cpp files of crypto/ and their tests.
struct BoxAccess {
  static BoxPrivate make(Secret bytes) { return BoxPrivate{std::move(bytes)}; }
  static BytesView view(const BoxPrivate& key) { return key.bytes_.view(); }

  // X25519(key, peer), 32 bytes; nullopt when it is all zeros, as RFC 7748 §6.1 allows and we demand: then
  // `peer` has small order and the secret is none.
  static std::optional<Secret> agree(const BoxPrivate& key, const BoxKey& peer);
};

}  // namespace vault::crypto

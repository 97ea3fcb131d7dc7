// SPDX-License-Identifier: Apache-2.0
// Holds X25519 private keys: BOX_d of a device, RBOX of a recovery code, and the ephemeral key of a slot.
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

// Opens these keys to the .cpp files of crypto/ and their tests.
struct BoxAccess {
  static BoxPrivate make(Secret bytes) { return BoxPrivate{std::move(bytes)}; }
  static BytesView view(const BoxPrivate& key) { return key.bytes_.view(); }

  // Returns X25519(key, peer), 32 bytes. Returns nullopt if they are all zeros, a check that RFC 7748 §6.1 allows and
  // we demand: `peer` then has small order, and the result is no secret.
  static std::optional<Secret> agree(const BoxPrivate& key, const BoxKey& peer);
};

}  // namespace vault::crypto

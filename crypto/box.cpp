// SPDX-License-Identifier: Apache-2.0
#include "crypto/box.hpp"

#include "base/assert.hpp"
#include "crypto/botan.hpp"

namespace vault::crypto {

BoxPrivate::BoxPrivate(Secret bytes) : bytes_(std::move(bytes)) { VAULT_ASSERT(bytes_.size() == 32); }

BoxKey BoxPrivate::public_key() const {
  VAULT_ASSERT(bytes_.size() == 32);  // fails for a key that was moved from
  BoxKey out;
  Botan::Sodium::crypto_scalarmult_curve25519_base(out.raw.data(), bytes_.view().data());
  return out;
}

std::optional<Secret> BoxAccess::agree(const BoxPrivate& key, const BoxKey& peer) {
  VAULT_ASSERT(key.bytes_.size() == 32);
  Secret out{32};
  Botan::Sodium::crypto_scalarmult_curve25519(out.writable().data(), key.bytes_.view().data(), peer.raw.data());
  const std::array<std::uint8_t, 32> zeros{};
  if (constant_time_equal(out.view(), zeros)) return std::nullopt;
  return out;
}

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Computes SHA-256 and HMAC-SHA-256. A function that takes several views hashes their concatenation.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.hpp"

namespace Botan {
class HashFunction;
}

namespace vault::crypto {

// Hashes data that does not fit in memory at once.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  Sha256& update(BytesView more);
  // Returns the hash and starts anew.
  Hash finish();

 private:
  std::unique_ptr<Botan::HashFunction> state_;
};

Hash sha256_of(std::span<const BytesView> parts);
void hmac_into(BytesView key, std::span<const BytesView> parts, std::span<std::uint8_t, 32> out);

template <class... Views>
Hash sha256(const Views&... views) {
  const BytesView parts[] = {views...};
  return sha256_of(parts);
}

template <class... Views>
Hash hmac_sha256(BytesView key, const Views&... views) {
  const BytesView parts[] = {views...};
  Hash out;
  hmac_into(key, parts, out.raw);
  return out;
}

}  // namespace vault::crypto

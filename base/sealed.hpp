// SPDX-License-Identifier: Apache-2.0
// Sealed is ciphertext: bytes that anybody may see. crypto/ makes it from plaintext. Bytes from a disk or a network
// become one through from_untrusted, which is easy to grep for. Storage and wire take nothing else.
#pragma once

#include <utility>

#include "base/bytes.hpp"

namespace vault {

namespace crypto {
class Sealer;
}

class Sealed {
 public:
  Sealed() = default;
  static Sealed from_untrusted(Bytes bytes) { return Sealed{std::move(bytes)}; }
  static Sealed from_untrusted(BytesView bytes) { return Sealed{Bytes(bytes.begin(), bytes.end())}; }

  BytesView view() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  bool operator==(const Sealed&) const = default;

 private:
  friend class crypto::Sealer;
  explicit Sealed(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
};

}  // namespace vault

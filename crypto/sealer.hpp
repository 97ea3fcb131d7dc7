// SPDX-License-Identifier: Apache-2.0
// Seals and opens without typed keys: crypto/FORMAT.md §4. Internal to crypto/; all others use crypto/seal.hpp and the
// functions for each kind of object, which know which key may seal what.
//
// No function takes a key and an IV. The IV is made from hdr0. The key of AES-GCM is made from the given key and
// everything else, fresh randomness included.
#pragma once

#include <functional>

#include "base/sealed.hpp"
#include "base/secret.hpp"
#include "crypto/layout.hpp"
#include "crypto/segments.hpp"

namespace vault::crypto {

// Returns the size of the whole object.
std::size_t sealed_size(std::size_t hdr0, std::size_t plaintext, std::size_t trailer);

// Writes n and total, the only bytes of hdr0 that depend on what is sealed.
void fill_lengths(Bytes& hdr0, std::size_t plaintext, std::size_t trailer);

enum class Opening {
  opened,
  outdated,      // another format or an unknown suite
  malformed,     // another kind, lengths that do not fit, or a counter that its kind does not have
  other_key,     // the commitment is not that of this key and header
  not_authentic  // the key is right, but a tag is wrong
};

struct Opened {
  Opening how;
  Secret plaintext;  // empty unless opened
};

class Sealer {
 public:
  // Fills in the trailer, from all of the object before it.
  using Trailer = std::function<void(BytesView all_before, std::span<std::uint8_t> out)>;

  // Takes `plaintext` by value, so that it cannot change between hashing and sealing. Requires: hdr0 with its 56 common
  // bytes and zeros for n and total; at least one byte of plaintext; total below 2^32.
  static Sealed seal(BytesView key, Bytes hdr0, Secret plaintext, std::size_t trailer_size = 0,
                     const Trailer& trailer = {});

  // `object` may be any bytes. Until it proves authentic, only its lengths, format, suite and kind are looked at.
  static Opened open(BytesView key, Kinds kinds, BytesView object, std::size_t hdr0_size, std::size_t trailer_size = 0);
};

}  // namespace vault::crypto

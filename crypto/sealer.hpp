// SPDX-License-Identifier: Apache-2.0
// The seal itself, without types: crypto/FORMAT.md §4. Internal to crypto/; everybody else uses crypto/seal.hpp and
// the functions for each kind of object, which know what key may seal what.
//
// No function takes a key and an IV. The IV is made from hdr0, the key of AES-GCM from the key that is given and from
// everything else, fresh randomness included.
#pragma once

#include <functional>

#include "base/sealed.hpp"
#include "base/secret.hpp"
#include "crypto/layout.hpp"
#include "crypto/segments.hpp"

namespace vault::crypto {

// Of the whole object.
std::size_t sealed_size(std::size_t hdr0, std::size_t plaintext, std::size_t trailer);

// Writes n and total, the only bytes of hdr0 that depend on what is sealed.
void fill_lengths(Bytes& hdr0, std::size_t plaintext, std::size_t trailer);

enum class Opening {
  opened,
  outdated,      // another format, an unknown suite
  malformed,     // another kind, lengths that do not fit, a counter that its kind does not have
  other_key,     // the commitment is not that of this key and header
  not_authentic  // the right key, and a tag that is wrong
};

struct Opened {
  Opening how;
  Secret plaintext;  // empty unless opened
};

class Sealer {
 public:
  // Fills the trailer, given all of the object before it.
  using Trailer = std::function<void(BytesView all_before, std::span<std::uint8_t> out)>;

  // `plaintext` is owned, so that it cannot change between being hashed and being sealed. Requires: hdr0 with
  // its 56 common bytes and zeros for n and total; 1 <= plaintext.size(), and total below 2^32.
  static Sealed seal(BytesView key, Bytes hdr0, Secret plaintext, std::size_t trailer_size = 0,
                     const Trailer& trailer = {});

  // `object` may be anything. Nothing of it is looked at before it is authentic but lengths, format, suite and kind.
  static Opened open(BytesView key, Kinds kinds, BytesView object, std::size_t hdr0_size, std::size_t trailer_size = 0);
};

}  // namespace vault::crypto

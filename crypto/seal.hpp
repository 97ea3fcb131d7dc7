// SPDX-License-Identifier: Apache-2.0
// Sealing and opening with typed keys. A key seals only the kinds of its purpose, which the compiler checks; what it
// opens is checked against the object. Commits, keyrings, slots, blob chunks and local state have functions of their
// own, in the header named after each: they build on these.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/frame.hpp"
#include "crypto/key.hpp"
#include "crypto/sealer.hpp"

namespace vault::crypto {

// Seals `plaintext` as it is. Requires: hdr0 of that kind, zeros at its n and total.
template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) [[nodiscard]] Sealed seal(const Key<Purpose>& key, Bytes hdr0, Secret plaintext);

// Seals the frame of `content`.
template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) [[nodiscard]] Sealed
    seal_framed(const Key<Purpose>& key, Bytes hdr0, BytesView content);

// The plaintext of `object`, which may be anything. Errors: downgrade for another format or an unknown suite;
// tamper for everything else, without saying what.
template <class Purpose>
[[nodiscard]] Result<Secret> open(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size,
                                  std::size_t trailer_size = 0);

// The content of a framed one.
template <class Purpose>
[[nodiscard]] Result<Secret> open_framed(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size,
                                         std::size_t trailer_size = 0);

// The one place that turns an Opened into a Result.
[[nodiscard]] Result<Secret> plaintext_of(Opened opened);
[[nodiscard]] Result<Secret> content_of(Opened opened);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Seals and opens with typed keys. The compiler checks that a key seals only the kinds of its purpose; opening checks
// the kind of the object. Commits, keyrings, slots, blob chunks and local state have functions of their own, in headers
// named after them, which build on these.
#pragma once

#include "base/errc.hpp"
#include "base/sealed.hpp"
#include "crypto/frame.hpp"
#include "crypto/key.hpp"
#include "crypto/sealer.hpp"

namespace vault::crypto {

// Seals `plaintext` without a frame. Requires: hdr0 of that kind, with zeros for n and total.
template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) [[nodiscard]] Sealed seal(const Key<Purpose>& key, Bytes hdr0, Secret plaintext);

// Seals the frame around `content`.
template <Kind kind, class Purpose>
requires(Purpose::seals.has(kind)) [[nodiscard]] Sealed
    seal_framed(const Key<Purpose>& key, Bytes hdr0, BytesView content);

// Returns the plaintext of `object`, which may be any bytes. Errors: downgrade for another format or an unknown suite;
// tamper for everything else, without saying what.
template <class Purpose>
[[nodiscard]] Result<Secret> open(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size,
                                  std::size_t trailer_size = 0);

// Returns the content of a framed object. Errors: as open().
template <class Purpose>
[[nodiscard]] Result<Secret> open_framed(const Key<Purpose>& key, BytesView object, std::size_t hdr0_size,
                                         std::size_t trailer_size = 0);

// Turn an Opened into a Result. Nothing else does.
[[nodiscard]] Result<Secret> plaintext_of(Opened opened);
[[nodiscard]] Result<Secret> content_of(Opened opened);

}  // namespace vault::crypto

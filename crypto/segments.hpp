// SPDX-License-Identifier: Apache-2.0
// Seals and opens the segments of an object with AES-256-GCM, which no other file names. Internal to crypto/.
//
// A key of AES-GCM is never used alone. It is made for one object, with the commitment in the object's header, and
// every IV is made from that header.
#pragma once

#include "base/secret.hpp"
#include "crypto/layout.hpp"

namespace vault::crypto {

// Holds ek ‖ ck of crypto/FORMAT.md §4.
struct SealKeys {
  std::array<std::uint8_t, 32 + layout::commitment> raw{};
  ~SealKeys() { wipe(raw); }
  BytesView ek() const { return BytesView{raw}.first(32); }
  BytesView ck() const { return BytesView{raw}.last(layout::commitment); }
};

std::uint32_t segments_of(std::size_t plaintext);

// Appends the sealed segments of `plaintext` to `out`. `header` is hdr0 ‖ salt ‖ ck. `key`, from which `keys` were
// derived, is passed to the audit only.
void seal_segments(const SealKeys& keys, BytesView header, BytesView plaintext, BytesView key, Bytes& out);

// Fills `out`, whose size must be that of the plaintext. False at the first segment that is not authentic; `out` must
// then not be used.
[[nodiscard]] bool open_segments(const SealKeys& keys, BytesView header, BytesView sealed, Secret& out);

}  // namespace vault::crypto

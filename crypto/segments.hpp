// SPDX-License-Identifier: Apache-2.0
// The segments of a sealed object: AES-256-GCM, and the only place that names it. Internal to crypto/.
//
// A key of AES-GCM never comes alone: it is made for one object, with the commitment that stands in the object's
// header, and every IV is made from that header.
#pragma once

#include "base/secret.hpp"
#include "crypto/layout.hpp"

namespace vault::crypto {

// ek ‖ ck of crypto/FORMAT.md §4.
struct SealKeys {
  std::array<std::uint8_t, 32 + layout::commitment> raw{};
  ~SealKeys() { wipe(raw); }
  BytesView ek() const { return BytesView{raw}.first(32); }
  BytesView ck() const { return BytesView{raw}.last(layout::commitment); }
};

std::uint32_t segments_of(std::size_t plaintext);

// Appends the sealed segments of `plaintext` to `out`. `header` is hdr0 ‖ salt ‖ ck; `key`, from which the others were
// derived, is for the audit alone.
void seal_segments(const SealKeys& keys, BytesView header, BytesView plaintext, BytesView key, Bytes& out);

// Fills `out`, whose size is the plaintext's. False at the first segment that is not authentic; then what `out` has
// must not be used.
[[nodiscard]] bool open_segments(const SealKeys& keys, BytesView header, BytesView sealed, Secret& out);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// Frames: content behind its length, padded so that its size says little. crypto/FORMAT.md §5.
#pragma once

#include "base/errc.hpp"
#include "base/secret.hpp"

namespace vault::crypto {

// The size of a frame of `length` bytes with its four of length: Padmé, at least 256. Requires: 1 <= length < 2^32.
std::size_t padded(std::size_t length);

// The size of the frame around `content` bytes.
inline std::size_t framed_size(std::size_t content) { return padded(4 + content); }

Secret frame(BytesView content);

// The content of a frame; a view into it. Errors: tamper for another length or padding than frame() makes.
[[nodiscard]] Result<BytesView> unframe(BytesView frame);

}  // namespace vault::crypto

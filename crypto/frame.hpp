// SPDX-License-Identifier: Apache-2.0
// Frames content: a length before it, padding behind it so that its size says little. crypto/FORMAT.md §5.
#pragma once

#include "base/errc.hpp"
#include "base/secret.hpp"

namespace vault::crypto {

// Returns the size of a frame for `length` bytes, the four of its length field included: Padmé, at least 256. Requires:
// 1 <= length < 2^32.
std::size_t padded(std::size_t length);

// Returns the size of the frame around `content` bytes.
inline std::size_t framed_size(std::size_t content) { return padded(4 + content); }

Secret frame(BytesView content);

// Returns a view of the content of a frame. Errors: tamper if length or padding is not what frame() makes.
[[nodiscard]] Result<BytesView> unframe(BytesView frame);

}  // namespace vault::crypto

// SPDX-License-Identifier: Apache-2.0
// A QR code in half-block characters, two rows of it in a line of text.
#pragma once

#include <cstddef>
#include <optional>

#include "base/secret.hpp"

namespace vault::ctl {

struct QrText {
  Secret text;            // lines of equal width, each with a newline
  std::size_t width = 0;  // of a line, in characters
};

// With the quiet zone that cameras need. `colours`: black on white whatever the terminal's colours are; else light
// modules are drawn in its foreground. Nothing where the content is too long for a code.
std::optional<QrText> qr_text(const Secret& content, bool colours);

}  // namespace vault::ctl

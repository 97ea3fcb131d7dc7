// SPDX-License-Identifier: Apache-2.0
// Draws a QR code with half-block characters, two rows of modules in a line of text.
#pragma once

#include <cstddef>
#include <optional>

#include "base/secret.hpp"

namespace vault::ctl {

struct QrText {
  Secret text;            // lines of equal width, each with a newline
  std::size_t width = 0;  // of each line, in characters
};

// Draws the code with the quiet zone that cameras need. `colours` makes it black on white whatever the terminal's
// colours; otherwise light modules are drawn in the terminal's foreground. Returns nullopt if the content is too long
// for a code.
std::optional<QrText> qr_text(const Secret& content, bool colours);

}  // namespace vault::ctl

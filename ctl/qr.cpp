// SPDX-License-Identifier: Apache-2.0
#include "ctl/qr.hpp"

#include <qrencode.h>

#include <memory>

namespace vault::ctl {
namespace {

constexpr int quiet_zone = 4;  // modules on each side, as in ISO/IEC 18004
constexpr std::string_view black_on_white = "\x1b[38;5;231;48;5;16m", as_before = "\x1b[0m";

// Wipes the bitmap, which tells as much as the content, and frees it.
struct WipeAndFree {
  void operator()(QRcode* code) const {
    wipe({code->data, static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width)});
    QRcode_free(code);
  }
};
using Code = std::unique_ptr<QRcode, WipeAndFree>;

bool is_light(const QRcode& code, int row, int column) {
  row -= quiet_zone;
  column -= quiet_zone;
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return true;
  return (code.data[row * code.width + column] & 1) == 0;
}

std::string_view half_blocks(bool upper, bool lower) {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

}  // namespace

std::optional<QrText> qr_text(const Secret& content, bool colours) {
  const Code code{QRcode_encodeData(static_cast<int>(content.size()), content.view().data(), 0, QR_ECLEVEL_M)};
  if (!code) return std::nullopt;
  const int width = code->width + 2 * quiet_zone;
  QrText out{{}, static_cast<std::size_t>(width)};
  for (int row = 0; row < width; row += 2) {
    if (colours) out.text.append(bytes_of(black_on_white));
    for (int column = 0; column < width; ++column)
      out.text.append(bytes_of(half_blocks(is_light(*code, row, column), is_light(*code, row + 1, column))));
    if (colours) out.text.append(bytes_of(as_before));
    out.text.append(bytes_of("\n"));
  }
  return out;
}

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
#include "ipc/value.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace vault::ipc {
namespace {

// Holds how many bytes a character has by its first byte (0 if none begins so), and the least code point that needs as
// many.
struct Shape {
  std::size_t size;
  char32_t least;
};

Shape shape(unsigned char first) {
  if (first < 0x80) return {1, 0};
  if ((first & 0xE0) == 0xC0) return {2, 0x80};
  if ((first & 0xF0) == 0xE0) return {3, 0x800};
  if ((first & 0xF8) == 0xF0) return {4, 0x10000};
  return {0, 0};
}

// Returns the size of the character that `text` begins with, or 0.
std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const auto [size, least] = shape(first);
  if (size <= 1) return size;
  if (size > text.size()) return 0;
  char32_t code = first & (0x7Fu >> size);
  for (const char c : text.substr(1, size - 1)) {
    const auto next = static_cast<unsigned char>(c);
    if ((next & 0xC0) != 0x80) return 0;
    code = code << 6 | (next & 0x3Fu);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < least || code > 0x10FFFF || surrogate ? 0 : size;
}

// Bound the pieces in which base64 is converted. base/hex.hpp returns memory that is not wiped, so each piece is wiped
// here.
constexpr std::size_t plain_piece = 3 * 1024, coded_piece = 4 * 1024;

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Secret secret_base64(BytesView bytes) {
  Secret out;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(plain_piece, bytes.size()));
    auto coded = base64(piece);
    out.append(bytes_of(coded));
    wipe({reinterpret_cast<std::uint8_t*>(coded.data()), coded.size()});
    bytes = bytes.subspan(piece.size());
  }
  return out;
}

std::optional<Secret> secret_unbase64(std::string_view text) {
  Secret out;
  while (!text.empty()) {
    const auto piece = text.substr(0, coded_piece);
    text.remove_prefix(piece.size());
    auto plain = unbase64(piece);
    const bool padded_inside = plain && !text.empty() && plain->size() != plain_piece;
    if (!plain || padded_inside) return std::nullopt;
    out.append(*plain);
    wipe(*plain);
  }
  return out;
}

}  // namespace vault::ipc

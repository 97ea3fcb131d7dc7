// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"

#include <array>

namespace vault {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(no_digit);
  for (std::uint8_t i = 0; i < 64; ++i) out[static_cast<unsigned char>(base64_digits[i])] = i;
  return out;
}();

}  // namespace

std::string hex(BytesView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (auto b : bytes) {
    out.push_back(hex_digits[b >> 4]);
    out.push_back(hex_digits[b & 15]);
  }
  return out;
}

std::optional<Bytes> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digits.find(text[i]);
    const auto low = hex_digits.find(text[i + 1]);
    if (high == hex_digits.npos || low == hex_digits.npos) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

std::string base64(BytesView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= n ? base64_digits[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

std::optional<Bytes> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (padding > 2) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t pad = i + 4 == text.size() ? padding : 0;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint32_t digit = k < 4 - pad ? base64_values[static_cast<unsigned char>(text[i + k])] : 0u;
      if (digit == no_digit) return std::nullopt;
      group = group << 6 | digit;
    }
    for (std::size_t k = 0; k < 3 - pad; ++k) out.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * k)));
    if (pad != 0 && (group & ((1u << (8 * pad)) - 1)) != 0) return std::nullopt;  // an encoder leaves these bits zero
  }
  return out;
}

}  // namespace vault

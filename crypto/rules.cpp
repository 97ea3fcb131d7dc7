// SPDX-License-Identifier: Apache-2.0
#include "crypto/rules.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "base/input_errc.hpp"
#include "base/limits.hpp"

namespace vault::crypto {
namespace {

constexpr bool is_control(utf8proc_int32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Calls `accept` for every character. Stops with false at one that `accept` refuses, or at bytes that are not UTF-8.
template <class Accept>
bool every_character(std::string_view text, Accept accept) {
  auto at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t c = *at;
    utf8proc_ssize_t size = 1;
    if (c >= 0x80) size = utf8proc_iterate(at, left, &c);
    if (size <= 0 || !accept(c)) return false;
    at += size;
    left -= size;
  }
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  return every_character(text, [](auto) { return true; });
}

bool is_plain_text(std::string_view text) {
  return every_character(text, [](auto c) { return !is_control(c); });
}

Result<void> check_name(std::string_view name) {
  if (name.empty()) return InputErrc::name_empty;
  if (name.size() > limits::name_bytes) return InputErrc::name_too_long;
  if (is_plain_text(name)) return {};
  return is_utf8(name) ? InputErrc::name_control : InputErrc::name_not_utf8;
}

Result<void> check_content_type(std::string_view type) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (type.size() > limits::content_type_bytes || !std::ranges::all_of(type, printable))
    return InputErrc::content_type_bad;
  return {};
}

Result<void> check_attribute(std::string_view key, std::string_view value) {
  const auto sizes =
      !key.empty() && key.size() <= limits::attribute_key_bytes && value.size() <= limits::attribute_value_bytes;
  if (!sizes || !is_plain_text(key) || !is_plain_text(value)) return InputErrc::attribute_bad;
  return {};
}

Result<void> check_device_name(std::string_view name) {
  if (name.empty() || name.size() > limits::device_name_bytes || !is_plain_text(name))
    return InputErrc::device_name_bad;
  return {};
}

}  // namespace vault::crypto

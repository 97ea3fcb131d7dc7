// SPDX-License-Identifier: Apache-2.0
// Converts to and from hexadecimal and base64. A decoder refuses whatever its encoder would not have written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace vault {

std::string hex(BytesView bytes);  // lower case
std::optional<Bytes> unhex(std::string_view text);

std::string base64(BytesView bytes);  // RFC 4648 §4, padded
std::optional<Bytes> unbase64(std::string_view text);

template <class T>
std::string hex(const T& fixed) requires requires {
  fixed.view();
}
{ return hex(fixed.view()); }

template <class T>
std::optional<T> unhex_fixed(std::string_view text) {
  auto bytes = unhex(text);
  if (!bytes || bytes->size() != T::size) return std::nullopt;
  return T::from(*bytes);
}

}  // namespace vault

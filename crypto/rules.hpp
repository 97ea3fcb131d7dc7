// SPDX-License-Identifier: Apache-2.0
// Checks names, content types and attributes: crypto/FORMAT.md §6. The same rules hold for what a person types, for a
// record of another device, and for what a fuzzer invents.
#pragma once

#include <string_view>

#include "base/errc.hpp"

namespace vault::crypto {

// True for strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// True for UTF-8 without characters of category Cc: U+0000 to U+001F and U+007F to U+009F.
bool is_plain_text(std::string_view text);

// Errors: name_empty, name_too_long, name_not_utf8, name_control.
[[nodiscard]] Result<void> check_name(std::string_view name);

// Errors: content_type_bad.
[[nodiscard]] Result<void> check_content_type(std::string_view type);

// Errors: attribute_bad.
[[nodiscard]] Result<void> check_attribute(std::string_view key, std::string_view value);

// Errors: device_name_bad.
[[nodiscard]] Result<void> check_device_name(std::string_view name);

}  // namespace vault::crypto

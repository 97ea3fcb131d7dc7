// SPDX-License-Identifier: Apache-2.0
// Converts an item's value for messages of the API: text if it is UTF-8, else base64; always one of the two.
#pragma once

#include <optional>
#include <string_view>

#include "base/errc.hpp"
#include "base/input_errc.hpp"
#include "base/secret.hpp"

namespace vault::ipc {

// True for UTF-8 of RFC 3629: no surrogates, nothing over-long.
bool is_utf8(std::string_view text);

Secret secret_base64(BytesView bytes);
// Refuses what secret_base64() would not write: see base/hex.hpp.
std::optional<Secret> secret_unbase64(std::string_view text);

// Takes the bytes out of a message with `value` and `value_base64`. Errors: value_form_bad unless it has exactly one of
// them; base64_bad.
template <class Message>
Result<Secret> take_value(Message& message) {
  if (message.value.has_value() == message.value_base64.has_value()) return InputErrc::value_form_bad;
  if (message.value) return std::move(*message.value);
  auto bytes = secret_unbase64(message.value_base64->text());
  if (!bytes) return InputErrc::base64_bad;
  return std::move(*bytes);
}

template <class Message>
void set_value(Message& message, Secret bytes) {
  if (is_utf8(bytes.text())) message.value = std::move(bytes);
  else message.value_base64 = secret_base64(bytes.view());
}

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// An item's value in the messages of the API: as text where it is UTF-8, else in base64. One of the two, always.
#pragma once

#include <optional>
#include <string_view>

#include "base/errc.hpp"
#include "base/secret.hpp"

namespace vault::ipc {

bool is_utf8(std::string_view text);  // as RFC 3629 has it: no surrogates, nothing over-long

Secret secret_base64(BytesView bytes);
std::optional<Secret> secret_unbase64(std::string_view text);  // strict: see base/hex.hpp

// The bytes of a message with `value` and `value_base64`. Errc::value_form_bad unless it has exactly one of
// them, Errc::base64_bad.
template <class Message>
Result<Secret> take_value(Message& message) {
  if (message.value.has_value() == message.value_base64.has_value()) return Errc::value_form_bad;
  if (message.value) return std::move(*message.value);
  auto bytes = secret_unbase64(message.value_base64->text());
  if (!bytes) return Errc::base64_bad;
  return std::move(*bytes);
}

template <class Message>
void set_value(Message& message, Secret bytes) {
  if (is_utf8(bytes.text())) message.value = std::move(bytes);
  else message.value_base64 = secret_base64(bytes.view());
}

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
#include "base/error_table.hpp"

namespace vault {

const ErrorDetail* ErrorTable::find(int value) const {
  for (const auto& detail : details_)
    if (detail.code == value) return &detail;
  return nullptr;
}

Errc ErrorTable::class_of(int value) const {
  const auto* detail = find(value);
  return detail != nullptr ? detail->klass : Errc::internal;
}

std::string ErrorTable::message(int value) const {
  const auto* detail = find(value);
  if (detail == nullptr) return make_error_code(Errc::internal).message();
  std::string out;
  auto number = detail->numbers.begin();
  for (const char c : detail->sentence) {
    if (c == '#') out += std::to_string(*number++);
    else out += c;
  }
  return out;
}

}  // namespace vault

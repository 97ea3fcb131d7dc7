// SPDX-License-Identifier: Apache-2.0
// Checks the details of a folder's errors.
#pragma once

#include <string>

#include "base/error_table.hpp"
#include "tests/support/catch.hpp"

namespace vault::tests {

// Checks that every detail has a class and a sentence whose numbers are all there.
inline void check_details(const boost::system::error_category& category) {
  const auto details = dynamic_cast<const ErrorTable&>(category).details();
  CHECK_FALSE(details.empty());
  for (int value = 1; value <= static_cast<int>(details.size()); ++value) {
    const boost::system::error_code error{value, category};
    INFO(value << ": " << error.message());
    CHECK(class_of(error) != Errc::internal);
    CHECK(error.message().size() > 10);
    CHECK(error.message().find('#') == std::string::npos);
  }
}

// True if the sentence of the detail has the number.
template <class E>
bool names(E detail, std::size_t number) {
  return make_error_code(detail).message().find(std::to_string(number)) != std::string::npos;
}

}  // namespace vault::tests

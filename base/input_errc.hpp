// SPDX-License-Identifier: Apache-2.0
// Lists the errors of what is wrong with what a person gave: names, values, passwords, codes, addresses.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class InputErrc : int {
  name_empty = 1,
  name_too_long,
  name_control,
  name_not_utf8,
  value_too_large,
  content_type_bad,
  attribute_bad,
  too_many_attributes,
  batch_too_large,
  batch_empty,
  page_empty,
  name_twice,
  attributes_form_bad,
  text_not_utf8,
  password_empty,
  password_too_long,
  password_nul,
  password_not_utf8,
  account_bad,
  device_name_bad,
  server_url_bad,
  plain_http,
  code_form,
  code_mistyped,
  recovery_place,
  value_form_bad,
  base64_bad,
  profile_bad,
  fd_bad,
};

const boost::system::error_category& input_errors() noexcept;

inline boost::system::error_code make_error_code(InputErrc e) noexcept { return {static_cast<int>(e), input_errors()}; }

// Returns the error of a recovery code that does not fit its check but would if group `group`, from 1, were another.
// Its class is auth.
boost::system::error_code mistyped_error(std::size_t group);

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::InputErrc> : std::true_type {};

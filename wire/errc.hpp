// SPDX-License-Identifier: Apache-2.0
// Lists the errors of what a server answers to well-formed requests, in words for a person.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class WireErrc : int {
  account_exists = 1,
  registration_closed,
  invite_needed,
  format_older,
  quota,
  keyring_devices,
  commit_unsigned,
};

const boost::system::error_category& wire_errors() noexcept;

inline boost::system::error_code make_error_code(WireErrc e) noexcept { return {static_cast<int>(e), wire_errors()}; }

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::WireErrc> : std::true_type {};

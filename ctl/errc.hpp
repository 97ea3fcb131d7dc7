// SPDX-License-Identifier: Apache-2.0
// Lists the errors of vaultctl itself.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class CtlErrc : int {
  password_needed = 1,
  password_mismatch,
  export_folder_taken,
  export_path_bad,
  export_incomplete,
};

const boost::system::error_category& ctl_errors() noexcept;

inline boost::system::error_code make_error_code(CtlErrc e) noexcept { return {static_cast<int>(e), ctl_errors()}; }

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::CtlErrc> : std::true_type {};

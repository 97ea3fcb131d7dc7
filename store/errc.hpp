// SPDX-License-Identifier: Apache-2.0
// Lists the errors of the database and its folder.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class StoreErrc : int {
  state_in_use = 1,
  state_remote,
  state_unsafe,
  disk_full,
  store_damaged,
  store_newer,
  store_older,
  store_stopped,
};

const boost::system::error_category& store_errors() noexcept;

inline boost::system::error_code make_error_code(StoreErrc e) noexcept { return {static_cast<int>(e), store_errors()}; }

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::StoreErrc> : std::true_type {};

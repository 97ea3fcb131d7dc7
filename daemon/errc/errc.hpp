// SPDX-License-Identifier: Apache-2.0
// Lists the errors of vaultd.
#pragma once

#include "base/errc.hpp"

namespace vault {

// Names details. The table in the .cpp gives the class of each, and its sentence.
enum class DaemonErrc : int {
  value_is_blob = 1,
  vault_absent,
  vault_exists,
  vault_damaged,
  vault_missing,
  server_error,
  server_answer_unfit,
  slot_unusable,
  try_under_way,
  transfer_idle,
  locked_meanwhile,
  server_slow,
  interrupted,
  distrusted,
  roll_pending,
  push_locked,
  state_homeless,
  own_damaged,
  counter_exhausted,
  too_many_devices,
  version_unknown,
  version_is_remove,
  merge_clash,
  resolve_form_bad,
  item_not_found,
  item_exists,
  code_unknown,
  code_unknown_here,
  code_refused,
  code_unsure,
  sheet_unlike,
  sheet_ended,
  code_none,
  recovery_other,
  recovery_half,
  recovery_sheet,
  repair_password,
  repair_unknown_key,
  account_taken,
  branches_apart,
  blob_too_large,
  value_damaged,
  blob_missing,
  range_bad,
  fd_missing,
  input_length_wrong,
  password_same,
  password_changed,
  change_unconfirmed,
  device_unknown,
  device_ambiguous,
  device_is_self,
  device_revoked_already,
  device_refused,
  refusal_pending,
};

const boost::system::error_category& daemon_errors() noexcept;

inline boost::system::error_code make_error_code(DaemonErrc e) noexcept {
  return {static_cast<int>(e), daemon_errors()};
}

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::DaemonErrc> : std::true_type {};

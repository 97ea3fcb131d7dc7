// SPDX-License-Identifier: Apache-2.0
// Lists every error of the programs in one table.
//
// An Errc is either a class (tamper, locked, ...) or a detail of a class, whose sentence tells the person what to do.
// Programs branch on the class. The table gives each class its name on the wire, its JSON-RPC number, its exit code and
// its HTTP status. An error_code has no room for a string, so nothing that a user typed can get into a log with it.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <span>
#include <string_view>

namespace vault {

// Classes keep their numbers for ever, because they are the numbers of JSON-RPC errors. Details may be renumbered.
enum class Errc : int {
  auth = 1,   // wrong password, or the server refuses the log-in
  tamper,     // bytes that are not authentic or not well-formed
  rollback,   // older than what this device verified before
  fork,       // two histories for one position
  gap,        // something is missing that a verified part names
  downgrade,  // a suite, format or cost that is unknown or too old
  limit,      // too large, too many, too deep
  keystate,   // sealing would not be safe with the present device identity
  storage,    // this machine's disk or database
  conflict,   // somebody else wrote in between
  denied,     // not allowed for this caller
  locked,     // needs the password first
  offline,    // the server cannot be reached
  not_found,
  usage,  // the request makes no sense
  busy,   // timed out, or another operation of the kind is running
  cancelled,
  no_daemon,
  internal,  // none of the above

  // Details. The table in errc.cpp gives the class of each.
  name_empty = 100,
  name_too_long,
  name_control,
  name_not_utf8,
  value_too_large,
  value_is_blob,
  content_type_bad,
  attribute_bad,
  too_many_attributes,
  batch_too_large,
  name_twice,
  text_not_utf8,
  password_empty,
  password_too_long,
  password_nul,
  password_not_utf8,
  account_bad,
  device_name_bad,
  server_url_bad,
  plain_http,
  vault_absent,
  vault_exists,
  vault_damaged,
  vault_missing,
  account_exists,
  registration_closed,
  invite_needed,
  server_error,
  server_answer_bad,
  server_answer_unfit,
  tls_refused,
  tls_files,
  tls_key_encrypted,
  slot_unusable,
  try_under_way,
  transfer_idle,
  locked_meanwhile,
  server_slow,
  interrupted,
  ca_unreadable,
  ca_not_plain,
  ca_bad,
  ca_expired,
  ca_slow,
  distrusted,
  roll_pending,
  push_locked,
  state_in_use,
  state_remote,
  state_unsafe,
  state_homeless,
  disk_full,
  store_damaged,
  own_damaged,
  store_newer,
  store_older,
  format_older,
  store_stopped,
  counter_exhausted,
  too_many_devices,
  version_unknown,
  version_is_remove,
  merge_clash,
  resolve_form_bad,
  item_not_found,
  frame_too_large,
  too_many_connections,
  too_many_requests,
  join_incomplete,
  code_unknown,
  code_unknown_here,
  code_form,
  code_mistyped,
  code_refused,
  code_unsure,
  code_none,
  recovery_place,
  recovery_other,
  recovery_half,
  recovery_sheet,
  repair_password,
  repair_unknown_key,
  account_taken,
  branches_apart,
  value_form_bad,
  base64_bad,
  runtime_folder_missing,
  runtime_folder_unsafe,
  socket_path_bad,
  socket_path_taken,
  daemon_running,
  profile_bad,
  peer_foreign,
  answer_too_large,
  password_needed,
  password_mismatch,
  export_folder_taken,
  export_path_bad,
  blob_too_large,
  value_damaged,
  blob_missing,
  range_bad,
  fd_missing,
  fd_unexpected,
  fd_bad,
  input_length_wrong,
  export_incomplete,
  quota,
  password_same,
  password_changed,
  change_unconfirmed,
  change_superseded,
  device_unknown,
  device_ambiguous,
  device_is_self,
  device_revoked_already,
  device_refused,
  refusal_pending,
  keyring_devices,
  commit_unsigned,
  item_exists,
  attributes_form_bad,
};

const boost::system::error_category& errc_category() noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), errc_category()}; }

// Returns the error of a recovery code that does not fit its check but would if group `group`, from 1, were another.
// Its class is auth.
boost::system::error_code mistyped_error(std::size_t group);

template <class T>
using Result = boost::system::result<T, boost::system::error_code>;

// Describes one class of errors.
struct ErrorClass {
  Errc code;
  std::string_view kind;      // "E_TAMPER": data.kind of a JSON-RPC error, Vaultd-Error of an HTTP answer
  int exit_code;              // of vaultctl; never renumbered
  int http_status;            // of vault-server
  std::string_view sentence;  // for a person: lower case, no full stop
};

std::span<const ErrorClass> error_classes();

// Returns the class of any error: of an Errc its own row, of the system's file errors storage, of its network errors
// offline, of everything else internal.
const ErrorClass& error_class(const boost::system::error_code& error);
inline Errc class_of(const boost::system::error_code& error) { return error_class(error).code; }

// Returns the class whose kind is `kind`, or nullptr.
const ErrorClass* error_class_named(std::string_view kind);

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::Errc> : std::true_type {};

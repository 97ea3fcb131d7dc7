// SPDX-License-Identifier: Apache-2.0
// Defines the methods of recovery codes.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "ipc/api/device.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

struct RecoveryCreateParams {
  Secret password;
};
BOOST_DESCRIBE_STRUCT(RecoveryCreateParams, (), (password))

// `code` is what a person reads from a sheet: the last group of the code that recovery.create has just made, or the
// whole code or line of a sheet that is in force. The password is needed for the first.
struct RecoveryConfirmParams {
  Secret code;
  std::optional<Secret> password;
};
BOOST_DESCRIBE_STRUCT(RecoveryConfirmParams, (), (code, password))

struct RecoveryConfirmResult {
  bool replaced = false;  // there was a sheet before, which has ended with this
};
BOOST_DESCRIBE_STRUCT(RecoveryConfirmResult, (), (replaced))

struct RecoveryReadParams {
  Secret text;  // a recovery code, or the line of a sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryReadParams, (), (text))

struct RecoveryReadResult {
  Secret code;
  std::optional<std::string> account, server, state_code;  // set if `text` was a line
};
BOOST_DESCRIBE_STRUCT(RecoveryReadResult, (), (code, account, server, state_code))

struct RecoveryUseParams {
  Secret code;  // a recovery code, or the line of a sheet
  Secret new_password;
  std::optional<std::string> server, account, device_name,
      ca_file;                        // for a device without a vault; a line has the first two
  std::optional<std::string> expect;  // the state code on the sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryUseParams, (), (code, new_password, server, account, device_name, ca_file, expect))

struct RecoveryUseResult {
  DeviceName device;
  RecoverySheet sheet;  // the new sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryUseResult, (), (device, sheet))

namespace methods {

inline constexpr Method<RecoveryCreateParams, RecoverySheet> recovery_create{
    "recovery.create", "Make a recovery code, which is in force when recovery.confirm is called with its last group.",
    Use::yes, Takes::nothing, footprint::sheet};
inline constexpr Method<RecoveryConfirmParams, RecoveryConfirmResult> recovery_confirm{
    "recovery.confirm", "Say that the sheet is in a person's hand, which ends the one before.", Use::yes};
inline constexpr Method<RecoveryReadParams, RecoveryReadResult> recovery_read{
    "recovery.read", "Whether a recovery code, or the line of a sheet, is typed right; and what it says."};
inline constexpr Method<RecoveryUseParams, RecoveryUseResult> recovery_use{
    "recovery.use", "Open the vault with a recovery code: set a new password, and make a new code.", Use::yes,
    Takes::nothing, footprint::sheet};

}  // namespace methods
}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// Defines what a recovery sheet says.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "ipc/types.hpp"

namespace vault::ipc {

// Holds what a recovery sheet says. Whoever has the sheet can open the vault and change its password.
struct RecoverySheet {
  Secret code;  // nine groups of four characters
  std::string account, server, created;
  std::string state_code;  // of the vault when the sheet was made; four groups of five digits
  Secret line;             // the whole sheet in one line, for a QR code
  bool replaced = false;   // there was a sheet before, which ends when this one is in force
  bool in_force = false;   // false: recovery.confirm puts it in force
};
BOOST_DESCRIBE_STRUCT(RecoverySheet, (), (code, account, server, created, state_code, line, replaced, in_force))
}  // namespace vault::ipc

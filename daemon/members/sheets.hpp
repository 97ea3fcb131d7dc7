// SPDX-License-Identifier: Apache-2.0
// Recovery sheets of a vault that is here and open: making one with the password, and using one in its place. Each is a
// version of the keyring: daemon/members/rekey.hpp.
#pragma once

#include <optional>
#include <string>

#include "crypto/recovery.hpp"
#include "daemon/members/rekey.hpp"

namespace vault::daemon {

// What is to be printed: nobody else has it.
struct MadeSheet {
  std::shared_ptr<const crypto::RecoveryCode> code;
  std::string state_code;     // of a checkpoint that the server has acknowledged
  std::uint64_t created = 0;  // ms
  bool replaced = false;      // there was a code before, which has ended
};

// A code that no version has yet.
struct NewCode {
  std::shared_ptr<const crypto::RecoveryCode> code;
  std::shared_ptr<const crypto::RecoveryKeys> keys;
};
NewCode new_code(const Unlocked& vault);
bool has_code(const Unlocked& vault);  // the newest version has one

// Makes a code, which ends the one before. `root` is of the password that the vault is open by. Errors: those of
// change_keyring(), but code_unsure where the server may have it or not: then nobody has seen the code.
asio::awaitable<Result<void>> create_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root, std::shared_ptr<MadeSheet> out);

// Sets a new password, signed by the sheet's code, and makes a new code. `expect`: the sheet's state code. Errors:
// code_unknown; code_refused where the code is not the newest; those of change_keyring().
struct SheetUse {
  std::shared_ptr<const crypto::RecoveryKeys> code;
  Secret fresh;
  std::optional<std::string> expect;
};
asio::awaitable<Result<void>> use_sheet(std::shared_ptr<LocalVault> device, Sync& sync, SheetUse use,
                                        std::shared_ptr<MadeSheet> out);

// Of a code that is in force already: all that stands beside it. Errors: those of mark_state().
asio::awaitable<Result<void>> fill_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                         std::shared_ptr<const crypto::RecoveryCode> code,
                                         std::shared_ptr<MadeSheet> out);

}  // namespace vault::daemon

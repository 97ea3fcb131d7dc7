// SPDX-License-Identifier: Apache-2.0
// Makes recovery sheets for an open vault, with the password, and sets a new password with a sheet. Each is a version
// of the keyring: daemon/members/rekey.hpp.
#pragma once

#include <optional>
#include <string>

#include "crypto/recovery.hpp"
#include "daemon/members/rekey.hpp"

namespace vault::daemon {

// Holds what is to be printed. Nobody else has it.
struct MadeSheet {
  std::shared_ptr<const crypto::RecoveryCode> code;
  std::string state_code;     // of a checkpoint that the server has acknowledged
  std::uint64_t created = 0;  // ms since 1970
  bool replaced = false;      // there was a code before, which has ended
};

// Holds a code that no version has yet.
struct NewCode {
  std::shared_ptr<const crypto::RecoveryCode> code;
  std::shared_ptr<const crypto::RecoveryKeys> keys;
};
NewCode new_code(const Unlocked& vault);
bool has_code(const Unlocked& vault);  // true if the newest version has a code

// Makes a code, which ends the one before. `root` is of the password that opened the vault. Errors: those of
// change_keyring(), but code_unsure if the server may have the code or not: nobody has seen it then.
asio::awaitable<Result<void>> create_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root, std::shared_ptr<MadeSheet> out);

// Sets a new password, signed by the sheet's code, and makes a new code. `expect` is the sheet's state code. Errors:
// code_unknown; code_refused if the code is not the newest; those of change_keyring().
struct SheetUse {
  std::shared_ptr<const crypto::RecoveryKeys> code;
  Secret fresh;
  std::optional<std::string> expect;
};
asio::awaitable<Result<void>> use_sheet(std::shared_ptr<LocalVault> device, Sync& sync, SheetUse use,
                                        std::shared_ptr<MadeSheet> out);

// Makes the sheet for a code that is already in force. Errors: those of mark_state().
asio::awaitable<Result<void>> fill_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                         std::shared_ptr<const crypto::RecoveryCode> code,
                                         std::shared_ptr<MadeSheet> out);

}  // namespace vault::daemon

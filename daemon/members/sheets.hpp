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
  bool replaced = false;      // there was a code before, which has ended or will
  bool in_force = true;       // false: confirm_sheet() puts it in force
};

// Holds a code that no version has yet.
struct NewCode {
  std::shared_ptr<const crypto::RecoveryCode> code;
  std::shared_ptr<const crypto::RecoveryKeys> keys;
};
NewCode new_code(const Unlocked& vault);
bool has_code(const Unlocked& vault);  // true if the newest version has a code

// Makes a sheet that is not in force: nothing changes. Errors: those of mark_state().
asio::awaitable<Result<MadeSheet>> prepare_sheet(std::shared_ptr<LocalVault> device, Sync& sync);

// Puts the code in force, which ends the one before. `root` is of the password that opened the vault. Errors: those of
// change_keyring(), but code_unsure if the server may have the code or not.
asio::awaitable<Result<void>> put_in_force(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root,
                                           std::shared_ptr<const crypto::RecoveryCode> code);

// Does both at once, for somebody whose sheet has ended. Errors: of both.
asio::awaitable<Result<void>> create_sheet(std::shared_ptr<LocalVault> device, Sync& sync,
                                           std::shared_ptr<const crypto::RootKey> root, std::shared_ptr<MadeSheet> out);

// Remembers, before a version has the code, that nobody has confirmed its sheet.
asio::awaitable<Result<void>> nobody_has(std::shared_ptr<LocalVault> device, SignKey code);

// Remembers that somebody has the sheet in force.
asio::awaitable<Result<void>> somebody_has(std::shared_ptr<LocalVault> device);

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

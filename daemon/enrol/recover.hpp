// SPDX-License-Identifier: Apache-2.0
// Makes this a device of a vault with nothing but its recovery sheet, when every device is lost and the password
// forgotten. One version of the keyring adds this device, sets a new password, and replaces the sheet's code.
//
// After a cut at any point the person still has something that opens the vault. Until the server has that version it is
// the old sheet; from then on the new password, which the person chose before. A new code that nobody has seen, because
// the answer was lost, is no loss: the password makes another.
#pragma once

#include "crypto/recovery.hpp"
#include "daemon/enrol/enrol.hpp"

namespace vault::daemon {

struct RecoverRequest {
  EnrolRequest enrol;  // its password is the new one; `expect`: the state code of the sheet
  std::shared_ptr<const crypto::RecoveryCode> code;
};

struct Recovered {
  std::shared_ptr<LocalVault> device;                // unlocked
  std::shared_ptr<const crypto::RootKey> root;       // of the new password; null: only an earlier join was finished
  std::shared_ptr<const crypto::RecoveryCode> code;  // the new one; null: an earlier try made one, which is forgotten
};

// Recovers the vault. Errors: code_refused; recovery_half; those of join_vault().
asio::awaitable<Result<Recovered>> recover_vault(asio::any_io_executor executor, Threads& threads,
                                                 std::filesystem::path folder, RecoverRequest request);

}  // namespace vault::daemon

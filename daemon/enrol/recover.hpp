// SPDX-License-Identifier: Apache-2.0
// Becoming a device of a vault with nothing but its recovery sheet: every device is lost and the password forgotten.
// One version of the keyring makes this a device, sets a new password, and ends the sheet for a new one.
//
// The order is such that a cut at any point leaves the person with something that opens the vault. Until the server has
// that version the old sheet does; from then on the new password, which the person chose before. A new code that nobody
// has seen, because the answer was lost, is no loss: the password makes another.
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
  std::shared_ptr<const crypto::RootKey> root;       // of the new password; null: an earlier join was finished, no more
  std::shared_ptr<const crypto::RecoveryCode> code;  // the new one; null when an earlier try made one that is forgotten
};

// Errors: code_refused; recovery_half; those of join_vault().
asio::awaitable<Result<Recovered>> recover_vault(asio::any_io_executor executor, Threads& threads,
                                                 std::filesystem::path folder, RecoverRequest request);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Writes and reads what a recovery sheet says, as the line of text in its QR code. crypto/FORMAT.md §3.
#pragma once

#include <string>

#include "base/errc.hpp"
#include "base/input_errc.hpp"
#include "crypto/recovery.hpp"

namespace vault::crypto {

struct SheetPlace {
  // Fields are empty if only the code was typed. Account and URL are printable; the caller must judge them.
  std::string account, server, state_code;  // state_code has four groups of five digits
};

struct Sheet {
  RecoveryCode code;
  SheetPlace place;
};

// Returns "vaultd-recovery:1:CODE:STATE:ACCOUNT:SERVER". Requires: nothing is empty.
Secret sheet_line(const RecoveryCode& code, const SheetPlace& place);

// Reads a line, or a code alone, with or without blanks around it. Errors: code_form if `text` is neither. If the code
// does not fit its check: mistyped_error() where only one group can be wrong, else code_mistyped, both of class auth.
[[nodiscard]] Result<Sheet> read_sheet(const Secret& text);

}  // namespace vault::crypto

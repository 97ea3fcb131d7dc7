// SPDX-License-Identifier: Apache-2.0
// What a recovery sheet says, and the one line of text that its QR code holds. crypto/FORMAT.md §3.
#pragma once

#include <string>

#include "base/errc.hpp"
#include "crypto/recovery.hpp"

namespace vault::crypto {

struct SheetPlace {
  // Empty where no more than the code was typed. Account and URL are printable; the caller judges them.
  std::string account, server, state_code;  // the last one in four groups of five digits
};

struct Sheet {
  RecoveryCode code;
  SheetPlace place;
};

// "vaultd-recovery:1:CODE:STATE:ACCOUNT:SERVER". Requires: nothing is empty.
Secret sheet_line(const RecoveryCode& code, const SheetPlace& place);

// A line, or a code alone, with blanks around it or without. Errors: code_form when it is neither; of class auth when
// the code does not fit its check: mistyped_error() where one group alone can be at fault, else code_mistyped.
[[nodiscard]] Result<Sheet> read_sheet(const Secret& text);

}  // namespace vault::crypto

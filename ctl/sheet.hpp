// SPDX-License-Identifier: Apache-2.0
// Lays out a recovery sheet, for a person to print or copy.
#pragma once

#include <cstddef>

#include "ipc/api/sheet.hpp"

namespace vault::ctl {

struct Paper {
  std::size_t columns = 0;  // of the terminal; 0 for plain text, without a terminal
  bool colours = false;
};

// Returns the sheet. On a terminal it has a frame, and the QR code of its line below; if the terminal is too narrow for
// one of them, a word says so. All of it is in memory that is wiped.
Secret sheet_text(const ipc::RecoverySheet& sheet, const Paper& paper);

class Session;

struct SheetOptions {
  bool text = false;   // plain text: no QR code, no frame
  bool yes = false;    // somebody keeps what is written: do not ask
  bool shown = false;  // it was written already, as JSON
};

// Writes the sheet to standard output and has a person confirm it, or `options.yes` does. A sheet that is not in force
// is put in force then, with the vault's password. Returns the exit code, after a word on which sheet counts.
int keep_sheet(Session& session, const ipc::RecoverySheet& sheet, const SheetOptions& options, const Secret* password);

// Describes standard output. `text` is true if the person wants only text.
Paper paper_of_stdout(bool text);

}  // namespace vault::ctl

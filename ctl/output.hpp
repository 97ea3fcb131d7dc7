// SPDX-License-Identifier: Apache-2.0
// Writes vaultctl's output: aligned columns and escaped control characters for a person at a terminal, the exact bytes
// or JSON for a program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vault::ctl {

// Writes all bytes, in as many write() calls as it takes. False if the other side is gone or full.
bool write_all(int descriptor, std::string_view bytes);

bool is_terminal(int descriptor);

// Returns text that is safe for a terminal: control characters (C0, DEL, C1) and invalid UTF-8 become \x1b.
std::string printable(std::string_view text);

// Returns text for standard output: printable() at a terminal, unchanged if a program reads it.
std::string shown(std::string_view text);

// True if `descriptor` is a terminal and NO_COLOR is unset or empty.
bool colored(int descriptor);

// Returns `text` in bold if colored(descriptor), else unchanged.
std::string strong(std::string_view text, int descriptor);

// Aligns rows in columns, with two spaces between them and none at the end of a line.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace vault::ctl

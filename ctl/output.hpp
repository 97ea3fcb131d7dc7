// SPDX-License-Identifier: Apache-2.0
// What vaultctl shows, and to whom: a person at a terminal gets aligned columns and escaped control characters, a
// program gets the exact bytes, or JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vault::ctl {

// All bytes to a descriptor, whatever write() takes at a time. False if the other side is gone or full.
bool write_all(int descriptor, std::string_view bytes);

bool is_terminal(int descriptor);

// As a terminal may show it: control characters (C0, DEL, C1) and bytes that are no UTF-8 as \x1b.
std::string printable(std::string_view text);

// Text for standard output: printable() at a terminal, exact where a program reads it.
std::string shown(std::string_view text);

// Whether descriptor is a terminal and NO_COLOR is unset, or empty.
bool colored(int descriptor);

// Bold, if that is so.
std::string strong(std::string_view text, int descriptor);

// Rows with columns of equal width, two spaces between, and no spaces at the end of a line.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace vault::ctl

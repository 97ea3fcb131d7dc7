// SPDX-License-Identifier: Apache-2.0
// Reads passwords from --password-fd, --password-file, or a person at the terminal. Never reads them from argv or the
// environment, which other processes can see.
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "ipc/client.hpp"

namespace vault::ctl {

struct PasswordSource {
  std::optional<int> descriptor;
  std::string file;
  bool no_input = false;  // never ask a person
};

enum class Ask { once, twice };  // twice, if a slip would lock the owner out

// Reads a password and removes one newline at its end, with a carriage return before it, nothing else. Errors:
// password_needed if there is nobody to ask; password_mismatch; password_not_utf8; password_too_long; cancelled at the
// end of input; the system's error.
ipc::Reply<Secret> read_password(const PasswordSource& source, Ask ask);

// Reads a line that a person sees while typing it. Errors: password_needed, cancelled.
bool has_terminal(const PasswordSource& source);  // true if a person can be asked
ipc::Reply<Secret> read_visibly(const PasswordSource& source, std::string_view prompt);

// Reads a password to replace a forgotten one; a person is asked twice.
ipc::Reply<Secret> read_new_password(const PasswordSource& source);

// Reads the present password and its replacement: two lines of a descriptor or file, or a person, who types the second
// one twice. Errors: as read_password(); two_passwords_needed if there is no second line.
struct TwoPasswords {
  Secret present, fresh;
};
ipc::Reply<TwoPasswords> read_two_passwords(const PasswordSource& source);

}  // namespace vault::ctl

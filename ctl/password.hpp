// SPDX-License-Identifier: Apache-2.0
// Where a password comes from: --password-fd, --password-file, or a person at the terminal. Never from argv or
// the environment, which other processes can read.
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "ipc/client.hpp"

namespace vault::ctl {

struct PasswordSource {
  std::optional<int> descriptor;
  std::string file;
  bool no_input = false;  // ask nobody
};

enum class Ask { once, twice };  // twice where a slip of the finger would lock its owner out

// Without one trailing newline, otherwise as it came. Refused with Errc::password_needed if there is nobody to
// ask, password_mismatch, password_not_utf8, password_too_long, cancelled at an end of input, or what the system says.
ipc::Reply<Secret> read_password(const PasswordSource& source, Ask ask);

// A line that a person types and sees. Errors: password_needed, cancelled.
ipc::Reply<Secret> read_visibly(const PasswordSource& source, std::string_view prompt);

// A password that takes the place of a forgotten one, asked for twice.
ipc::Reply<Secret> read_new_password(const PasswordSource& source);

// The present password and the one that takes its place: two lines of a descriptor or file; a person is asked for the
// second one twice. Errors: the same; two_passwords_needed where there is no second line.
struct TwoPasswords {
  Secret present, fresh;
};
ipc::Reply<TwoPasswords> read_two_passwords(const PasswordSource& source);

}  // namespace vault::ctl

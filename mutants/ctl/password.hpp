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

}  // namespace vault::ctl

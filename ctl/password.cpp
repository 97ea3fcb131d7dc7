// SPDX-License-Identifier: Apache-2.0
#include "ctl/password.hpp"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "ctl/errc.hpp"
#include "ctl/files.hpp"
#include "ctl/output.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

// Bounds what is read. The daemon checks the length of the normal form, which is at most this much shorter.
constexpr std::size_t most_bytes = 4 * limits::password_bytes;
constexpr std::array signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

int terminal_to_restore = -1;
termios mode_to_restore;

void restore_and_die(int signal) {  // calls only what is async-signal-safe
  tcsetattr(terminal_to_restore, TCSAFLUSH, &mode_to_restore);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

// Keeps the terminal from showing what is typed, for as long as it lives. A signal that ends the program restores the
// terminal first. A signal that would stop it is ignored, because the shell would continue it with the echo on.
class EchoOff {
 public:
  explicit EchoOff(int terminal) {
    if (tcgetattr(terminal, &mode_to_restore) != 0) return;
    terminal_to_restore = terminal;
    struct sigaction act {};
    for (std::size_t i = 0; i < signals.size(); ++i) {
      act.sa_handler = signals[i] == SIGTSTP ? SIG_IGN : restore_and_die;
      sigaction(signals[i], &act, &before_[i]);
    }
    termios silent = mode_to_restore;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    good_ = tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
  }
  ~EchoOff() {
    if (terminal_to_restore < 0) return;
    tcsetattr(terminal_to_restore, TCSAFLUSH, &mode_to_restore);
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &before_[i], nullptr);
    terminal_to_restore = -1;
  }
  EchoOff(const EchoOff&) = delete;
  bool good() const { return good_; }

 private:
  std::array<struct sigaction, signals.size()> before_{};
  bool good_ = false;
};

Result<Secret> read_line(int terminal) {
  Secret line(most_bytes + 1);
  ssize_t size;
  do size = read(terminal, line.writable().data(), line.size());
  while (size < 0 && errno == EINTR);
  if (size < 0) return last_error();
  if (size == 0) return Errc::cancelled;
  if (static_cast<std::size_t>(size) == line.size()) return InputErrc::password_too_long;
  line.resize(static_cast<std::size_t>(size));
  return line;
}

Result<Secret> ask_once(int terminal, std::string_view prompt) {
  write_all(terminal, prompt);
  const EchoOff silent{terminal};
  if (!silent.good()) return CtlErrc::password_needed;
  return read_line(terminal);
}

Result<Secret> ask_twice(int terminal, std::string_view prompt, std::string_view again) {
  auto first = ask_once(terminal, prompt);
  if (!first) return first;
  const auto second = ask_once(terminal, again);
  if (!second) return second.error();
  return second->text() == first->text() ? std::move(first) : Result<Secret>{CtlErrc::password_mismatch};
}

class Terminal {
 public:
  Terminal() = default;
  Terminal(const Terminal&) = delete;
  ~Terminal() {
    if (number >= 0) close(number);
  }
  const int number = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
};

Result<Secret> ask_person(Ask ask) {
  const Terminal terminal;
  if (terminal.number < 0) return CtlErrc::password_needed;
  return ask == Ask::twice ? ask_twice(terminal.number, "Password: ", "Password again: ")
                           : ask_once(terminal.number, "Password: ");
}

Result<TwoPasswords> ask_person_for_two() {
  const Terminal terminal;
  if (terminal.number < 0) return CtlErrc::password_needed;
  auto present = ask_once(terminal.number, "Present password: ");
  if (!present) return present.error();
  auto fresh = ask_twice(terminal.number, "New password: ", "New password again: ");
  if (!fresh) return fresh.error();
  return TwoPasswords{std::move(*present), std::move(*fresh)};
}

// Removes the newline at the end of a line, and a carriage return before it, which an editor on Windows writes there.
void drop_newline(Secret& line) {
  if (!line.text().ends_with('\n')) return;
  line.resize(line.size() - (line.text().ends_with("\r\n") ? 2 : 1));
}

// Checks a line from a person or a file and removes the newline at its end.
ipc::Reply<Secret> as_password(Secret text) {
  drop_newline(text);
  if (!ipc::is_utf8(text.text())) return refused<Secret>(ipc::failure_of(InputErrc::password_not_utf8));
  ipc::Reply<Secret> out;
  out.result = std::move(text);
  return out;
}

ipc::Reply<TwoPasswords> as_passwords(ipc::Reply<Secret> present, ipc::Reply<Secret> fresh) {
  if (!present.result) return refused<TwoPasswords>(present.failure);
  if (!fresh.result) return refused<TwoPasswords>(fresh.failure);
  ipc::Reply<TwoPasswords> out;
  out.result = TwoPasswords{std::move(*present.result), std::move(*fresh.result)};
  return out;
}

ipc::Reply<TwoPasswords> split(const Secret& lines) {
  const auto end = lines.text().find('\n');
  if (end == std::string_view::npos)
    return refused<TwoPasswords>(
        ipc::malformed(0, "two passwords are needed: the present one in the first line, the new one in the second"));
  return as_passwords(as_password(Secret::copy_of(lines.text().substr(0, end + 1))),
                      as_password(Secret::copy_of(lines.text().substr(end + 1))));
}

ipc::Reply<Secret> from_source(const PasswordSource& source, Ask ask, std::size_t lines = 1) {
  const auto most = lines * (most_bytes + 2);
  constexpr auto too_long = InputErrc::password_too_long;
  if (source.descriptor)
    return read_all(*source.descriptor, "descriptor " + std::to_string(*source.descriptor), most, too_long);
  if (!source.file.empty()) return read_file(source.file, most, too_long);
  auto typed = source.no_input ? Result<Secret>{CtlErrc::password_needed} : ask_person(ask);
  if (!typed) return refused<Secret>(ipc::failure_of(typed.error()));
  ipc::Reply<Secret> out;
  out.result = std::move(*typed);
  return out;
}

}  // namespace

ipc::Reply<Secret> read_password(const PasswordSource& source, Ask ask) {
  auto password = from_source(source, ask);
  if (!password.result) return password;
  return as_password(std::move(*password.result));
}

bool has_terminal(const PasswordSource& source) { return !source.no_input && Terminal{}.number >= 0; }

ipc::Reply<Secret> read_visibly(const PasswordSource& source, std::string_view prompt) {
  const Terminal terminal;
  if (source.no_input || terminal.number < 0) return refused<Secret>(ipc::failure_of(CtlErrc::password_needed));
  write_all(terminal.number, prompt);
  auto typed = read_line(terminal.number);
  return typed ? as_password(std::move(*typed)) : refused<Secret>(ipc::failure_of(typed.error()));
}

ipc::Reply<Secret> read_new_password(const PasswordSource& source) {
  const Terminal terminal;
  if (source.no_input || terminal.number < 0) return refused<Secret>(ipc::failure_of(CtlErrc::password_needed));
  auto typed = ask_twice(terminal.number, "New password: ", "New password again: ");
  return typed ? as_password(std::move(*typed)) : refused<Secret>(ipc::failure_of(typed.error()));
}

ipc::Reply<TwoPasswords> read_two_passwords(const PasswordSource& source) {
  if (source.descriptor || !source.file.empty()) {
    const auto lines = from_source(source, Ask::once, 2);
    return lines.result ? split(*lines.result) : refused<TwoPasswords>(lines.failure);
  }
  auto typed = source.no_input ? Result<TwoPasswords>{CtlErrc::password_needed} : ask_person_for_two();
  if (!typed) return refused<TwoPasswords>(ipc::failure_of(typed.error()));
  return as_passwords(as_password(std::move(typed->present)), as_password(std::move(typed->fresh)));
}

}  // namespace vault::ctl

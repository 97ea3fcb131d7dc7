// SPDX-License-Identifier: Apache-2.0
// Runs a body in a forked child, to see it end.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace vault::tests {

inline constexpr int killed = -1;

// What the body returns (0 to 255), or `killed` if a signal ended the child. An assertion's message is not shown.
template <class Body>
int in_child(Body body) {
  const auto child = ::fork();
  if (child == 0) {
    for (int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, SIG_DFL);  // Catch2 has handlers
    ::close(STDERR_FILENO);
    ::_exit(body());
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) throw std::runtime_error("fork");
  return WIFEXITED(status) ? WEXITSTATUS(status) : killed;
}

}  // namespace vault::tests

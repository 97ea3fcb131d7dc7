// SPDX-License-Identifier: Apache-2.0
#include "base/harden.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

namespace vault {

void harden_process() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // no ptrace and no /proc/pid/mem by the same uid
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  umask(0077);
  std::signal(SIGPIPE, SIG_IGN);  // a peer that went away is an error code, not a signal
}

}  // namespace vault

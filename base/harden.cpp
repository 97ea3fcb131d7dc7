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
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // processes of the same uid get neither ptrace nor /proc/pid/mem
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  umask(0077);
  std::signal(SIGPIPE, SIG_IGN);  // writing to a peer that went away becomes an error code
}

}  // namespace vault

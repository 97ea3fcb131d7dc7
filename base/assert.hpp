// SPDX-License-Identifier: Apache-2.0
// VAULT_ASSERT: for what can only be false if we made a mistake. It ends the process, in every build.
// What a peer, a user or a disk can cause is never asserted: it is a Result.
#pragma once

#include <cstdio>
#include <cstdlib>

#ifdef NDEBUG
#error "vaultd is never built without assertions: a broken invariant here can repeat a nonce"
#endif

#define VAULT_ASSERT(condition)                                                            \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: internal error: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

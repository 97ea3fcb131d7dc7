// SPDX-License-Identifier: Apache-2.0
// VAULT_ASSERT checks what can only be false through a mistake of ours, and ends the process, in every build. Do not
// assert what a peer, a user or a disk can cause: return a Result.
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

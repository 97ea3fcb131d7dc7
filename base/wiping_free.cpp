// SPDX-License-Identifier: Apache-2.0
// Every free() of vaultd and vaultctl wipes first, in whatever library, and with it every `delete`. Secrets have types that wipe
// themselves; this is for what has none: names, attributes and content types in std::string, the frames of coroutines
// that held them, which Asio allocates, and what a library copies. The sanitizers have a free() of their own.
#include <malloc.h>
#include <string.h>

#include <cstdlib>

#if !defined(__SANITIZE_ADDRESS__)

extern "C" void __libc_free(void* memory);  // glibc's, which free() stands for

extern "C" void free(void* memory) noexcept {
  // glibc takes what is larger from the kernel and gives it back at once: the 256 MiB of Argon2id, which Botan has
  // wiped.
  constexpr std::size_t large = 32u << 20;
  if (memory == nullptr) return;
  const auto size = malloc_usable_size(memory);
  if (size <= large) explicit_bzero(memory, size);
  __libc_free(memory);
}

#endif

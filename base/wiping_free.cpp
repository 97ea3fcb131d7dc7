// SPDX-License-Identifier: Apache-2.0
// Wipes memory that vaultd and vaultctl give back, in whatever library: free(), and with it every `delete`, and what
// realloc() leaves behind when it moves or shortens. Secrets have types that wipe
// themselves; this is for what has none: names, attributes and content types in std::string, the frames of coroutines
// that held them, which Asio allocates, and what a library copies. The sanitizers have a free() of their own.
#include <malloc.h>
#include <string.h>

#include <cstdlib>

// g++ says it in one way, clang in the other.
#if defined(__SANITIZE_ADDRESS__)
#define VAULT_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VAULT_SANITIZED
#endif
#endif

#if !defined(VAULT_SANITIZED)

// glibc's own, which free() and realloc() stand for.
extern "C" void __libc_free(void* memory);
extern "C" void* __libc_realloc(void* memory, std::size_t size);

// glibc takes what is larger from the kernel and gives it back at once: the 256 MiB of Argon2id, which Botan has wiped.
constexpr std::size_t large = 32u << 20;

extern "C" void free(void* memory) noexcept {
  if (memory == nullptr) return;
  const auto size = malloc_usable_size(memory);
  if (size <= large) explicit_bzero(memory, size);
  __libc_free(memory);
}

// Shortening stays in place once the end is wiped. Growing takes new memory, for glibc's would move without a wipe;
// what is large the kernel moves, and leaves no copy.
extern "C" void* realloc(void* memory, std::size_t size) noexcept {
  const auto have = memory == nullptr ? 0 : malloc_usable_size(memory);
  if (have == 0 || size == 0 || have > large) return __libc_realloc(memory, size);
  if (size <= have) {
    explicit_bzero(static_cast<char*>(memory) + size, have - size);
    return __libc_realloc(memory, size);
  }
  void* const fresh = malloc(size);
  if (fresh == nullptr) return nullptr;
  memcpy(fresh, memory, have);
  free(memory);
  return fresh;
}

#endif

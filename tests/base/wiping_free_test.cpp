// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/file.hpp"
#include "tests/support/catch.hpp"

using namespace vault;

#if !defined(__SANITIZE_ADDRESS__)
namespace wiping_free_test {
namespace {

constexpr std::size_t begun = 64;  // malloc keeps notes of its own at the beginning of what is free

// What stands at an address, whoever it belongs to.
std::vector<char> memory_at(std::uintptr_t address, std::size_t size) {
  const File memory{::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)};
  std::vector<char> out(size);
  REQUIRE(::pread(memory.get(), out.data(), size, static_cast<off_t>(address)) == static_cast<ssize_t>(size));
  return out;
}

bool holds_a_secret(const std::vector<char>& bytes) { return std::ranges::count(bytes, 's') > 16; }

char* secret_of(std::size_t size) {
  auto* const memory = static_cast<char*>(std::malloc(size));
  REQUIRE(memory != nullptr);
  std::memset(memory, 's', size);
  return memory;
}

}  // namespace

TEST_CASE("memory that was freed, moved or shortened holds nothing of what it was") {
  for (const std::size_t size : {200u, 5'000u, 25'000u}) {
    INFO(size);
    const auto freed = secret_of(size);
    const auto at = reinterpret_cast<std::uintptr_t>(freed);
    CHECK(holds_a_secret(memory_at(at + begun, size - begun)));
    std::free(freed);
    CHECK_FALSE(holds_a_secret(memory_at(at + begun, size - begun)));

    auto* moved = secret_of(size);
    const auto before = reinterpret_cast<std::uintptr_t>(moved);
    auto* const wall = std::malloc(size);  // it cannot grow in place
    moved = static_cast<char*>(std::realloc(moved, 4 * size));
    REQUIRE(reinterpret_cast<std::uintptr_t>(moved) != before);
    CHECK(std::ranges::count(std::vector<char>(moved, moved + size), 's') == static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(holds_a_secret(memory_at(before + begun, size - begun)));

    std::memset(moved, 's', 4 * size);
    moved = static_cast<char*>(std::realloc(moved, size));
    const auto end = reinterpret_cast<std::uintptr_t>(moved) + size;
    CHECK_FALSE(holds_a_secret(memory_at(end + begun, 3 * size - begun)));
    CHECK(std::ranges::count(std::vector<char>(moved, moved + size), 's') == static_cast<std::ptrdiff_t>(size));
    std::free(moved);
    std::free(wall);
  }
}
#endif

}  // namespace wiping_free_test

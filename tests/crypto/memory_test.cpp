// SPDX-License-Identifier: Apache-2.0
// What is left in the memory of this process of secrets that are gone. A secret here is a pattern that a function
// computes byte by byte, so that the test itself never holds it outside of a Secret.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "crypto/local.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace memory_test {
namespace {

constexpr std::size_t enough = 24;  // bytes in a row that cannot be chance

std::uint8_t pattern(std::size_t i) { return static_cast<std::uint8_t>(0x35 + i * 73 + (i >> 3) * 11); }

Secret patterned(std::size_t size) {
  Secret out{size};
  for (std::size_t i = 0; i < size; ++i) out.writable()[i] = static_cast<std::uint8_t>('a' + pattern(i) % 26);
  return out;
}

bool is_pattern(const std::uint8_t* at, std::size_t from) {
  for (std::size_t i = 0; i < enough; ++i)
    if (at[i] != 'a' + pattern(from + i) % 26) return false;
  return true;
}

// A page that the search does not search, for the memory it looks at.
class Window {
 public:
  static constexpr std::size_t size = 1 << 20;
  Window()
      : memory_(static_cast<std::uint8_t*>(
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~Window() { munmap(memory_, size); }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;
  std::uint8_t* data() const { return memory_; }
  bool touches(std::uint64_t from, std::uint64_t end) const {
    const auto own = reinterpret_cast<std::uint64_t>(memory_);
    return from < own + size && own < end;
  }

 private:
  std::uint8_t* memory_;
};

int count_in(int memory, std::uint64_t from, std::uint64_t end, const Window& window) {
  int found = 0;
  for (auto at = from; at < end; at += Window::size - enough) {
    const auto got =
        pread(memory, window.data(), std::min<std::uint64_t>(Window::size, end - at), static_cast<off_t>(at));
    for (std::ptrdiff_t i = 0; i + static_cast<std::ptrdiff_t>(enough) <= got; ++i)
      for (const std::size_t start : {std::size_t{0}, std::size_t{8}}) found += is_pattern(window.data() + i, start);
  }
  wipe({window.data(), Window::size});
  return found;
}

// How often the beginning of the pattern stands in the writable memory of this process.
int remains() {
  const Window window;
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  REQUIRE(memory >= 0);
  int found = 0;
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0, end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s", &from, &end, access) != 3 || access[1] != 'w')
      continue;
    if (end - from > 1u << 28) continue;  // a sanitizer's own, never touched as a whole
    if (!window.touches(from, end)) found += count_in(memory, from, end, window);
  }
  close(memory);
  return found;
}

LocalKey a_key() { return key_of_byte<LocalKey>(0x42); }
const LocalPlace a_place{.suite = cheap, .generation = 1};

}  // namespace

TEST_CASE("the search finds a secret that is still there") {
  const auto secret = patterned(64);
  CHECK(remains() > 0);
}

TEST_CASE("nothing remains of a plaintext that was sealed, opened and given back") {
  auto sealed = seal_local(a_key(), a_place, patterned(3000).view());
  CHECK(open_local(a_key(), sealed.view()));
  CHECK(remains() == 0);
}

TEST_CASE("nothing remains of a plaintext whose tag was wrong, though the library deciphers before it checks") {
  auto sealed = seal_local(a_key(), a_place, patterned(40'000).view());
  Bytes altered{sealed.view().begin(), sealed.view().end()};
  altered.back() ^= 1;
  CHECK(open_local(a_key(), altered).error() == Errc::tamper);
  CHECK(remains() == 0);
}

TEST_CASE("nothing remains of a key that sealed and is gone") {
  {
    const LocalKey key = KeyAccess::make<LocalKey>(patterned(32));
    const auto sealed = seal_local(key, a_place, Bytes(1000));
    CHECK(open_local(key, sealed.view()));
  }
  CHECK(remains() == 0);
}

TEST_CASE("nothing remains of a password from which a root was derived") {
  {
    const auto password = Password::from(patterned(64));
    CHECK(derive_root(*password, cheap, "alice", a_vault, Seed{}));
  }
  CHECK(remains() == 0);
}

}  // namespace memory_test

// SPDX-License-Identifier: Apache-2.0
// for_all(200, [](Random& random) { ... }): a property, tried on seeded random inputs. A failure prints the
// seed; VAULT_SEED=n runs that one alone.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

#include "base/bytes.hpp"
#include "tests/support/catch.hpp"

namespace vault::tests {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>{0, end - 1}(engine_); }
  bool chance(unsigned percent) { return below(100) < percent; }
  Bytes bytes(std::size_t n) {
    Bytes out(n);
    for (auto& b : out) b = static_cast<std::uint8_t>(engine_());
    return out;
  }
  template <class T>
  T fixed() {
    return T::from(bytes(T::size));
  }

 private:
  std::mt19937_64 engine_;
};

template <class Property>
void for_all(std::uint64_t rounds, Property property) {
  const char* only = std::getenv("VAULT_SEED");
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    if (only != nullptr && seed != std::strtoull(only, nullptr, 10)) continue;
    INFO("VAULT_SEED=" << seed);
    Random random{seed};
    property(random);
  }
}

}  // namespace vault::tests

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "crypto/key.hpp"

std::string show(const vault::crypto::VaultKey& key) {
#ifdef FORBIDDEN
  return fmt::format("{}", key);
#else
  return fmt::format("{}", sizeof key);
#endif
}

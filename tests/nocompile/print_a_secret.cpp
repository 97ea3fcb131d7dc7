// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/secret.hpp"

std::string show(const vault::Secret& secret) {
#ifdef FORBIDDEN
  return fmt::format("{}", secret);
#else
  return fmt::format("{}", secret.size());
#endif
}

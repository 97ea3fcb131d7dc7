// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/log.hpp"

void tell(const std::string& name) {
#ifdef FORBIDDEN
  vault::log::info("item", {{"name", name}});
#else
  vault::log::info("item", {{"size", name.size()}});
#endif
}

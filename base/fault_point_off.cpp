// SPDX-License-Identifier: Apache-2.0
#include "base/fault_point.hpp"

namespace vault {

void fault_point(const char*) {}

}  // namespace vault

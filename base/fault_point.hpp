// SPDX-License-Identifier: Apache-2.0
// Declares the points at which a test may end the process. A release links base/fault_point_off.cpp, which does
// nothing; a test program links tests/support/seams.cpp. All other object files are the same in both.
#pragma once

namespace vault {

// Marks such a point. Names are literals: "store.before-commit".
void fault_point(const char* name);

}  // namespace vault

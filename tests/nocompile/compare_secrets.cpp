// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

bool same(const vault::Secret& a, const vault::Secret& b) {
#ifdef FORBIDDEN
  return a == b;
#else
  return vault::constant_time_equal(a.view(), b.view());
#endif
}

// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

vault::Secret keep(const vault::Secret& secret) {
#ifdef FORBIDDEN
  return secret;
#else
  return vault::Secret::copy_of(secret.view());
#endif
}

// SPDX-License-Identifier: Apache-2.0
#include "base/sealed.hpp"

vault::Sealed publish(vault::Bytes plaintext) {
#ifdef FORBIDDEN
  return vault::Sealed{std::move(plaintext)};
#else
  return vault::Sealed::from_untrusted(std::move(plaintext));
#endif
}

// SPDX-License-Identifier: Apache-2.0
// Makes unguessable bytes for the server's own ids and challenges.
#pragma once

#include <sys/random.h>

#include <boost/system/system_error.hpp>
#include <cerrno>

namespace vault::server {

// Returns a random T, a FixedBytes of up to 256 bytes. Throws if the system has no randomness, since nothing can be
// done then.
template <class T>
T random_bytes() {
  static_assert(T::size <= 256, "getrandom(2) gives up to 256 bytes whole");
  T out;
  if (::getrandom(out.raw.data(), out.raw.size(), 0) != static_cast<ssize_t>(out.raw.size()))
    throw boost::system::system_error{errno, boost::system::system_category(), "getrandom"};
  return out;
}

}  // namespace vault::server

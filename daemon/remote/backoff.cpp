// SPDX-License-Identifier: Apache-2.0
#include "daemon/remote/backoff.hpp"

#include <algorithm>

#include "base/errc.hpp"
#include "daemon/errc/errc.hpp"
#include "http/errc.hpp"

namespace vault::daemon {
namespace {

// True if the server is away, and has given no answer that it would repeat.
bool is_absence(const boost::system::error_code& error) {
  return class_of(error) == Errc::offline && error != HttpErrc::tls_refused && error != DaemonErrc::server_error;
}

}  // namespace

std::chrono::milliseconds Backoff::after(const boost::system::error_code& failure) {
  const auto time = std::min(next_, is_absence(failure) ? longest_absence : longest);
  next_ = std::min(2 * time, longest);
  const auto half = time.count() / 2;
  return std::chrono::milliseconds{half + std::uniform_int_distribution<long>{0, half}(dice_)};
}

}  // namespace vault::daemon

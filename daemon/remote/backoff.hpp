// SPDX-License-Identifier: Apache-2.0
// Decides how long to wait after a request to the server failed.
#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <random>

namespace vault::daemon {

// Counts the failures in a row. Each doubles the wait, from a second to half a minute while the server is out of reach,
// since a person expects a sync soon after, and to five minutes when it answers and refuses. Half of a wait is random.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds first{1'000}, longest{300'000}, longest_absence{30'000};

  // Returns how long to wait after this failure: from a half to the whole of the time that it has come to.
  std::chrono::milliseconds after(const boost::system::error_code& failure);

  // Begins anew: a request was answered, or the network is another one.
  void reset() { next_ = first; }

 private:
  std::chrono::milliseconds next_ = first;
  std::minstd_rand dice_{std::random_device{}()};
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Notices that connections may have died silently: a link, an address or a route of this machine has changed
// (rtnetlink), the machine has slept, or somebody has set its clock. It does not look at what changed: whoever is
// notified asks the server. Nothing polls: the kernel wakes us.
//
// A resume shows as a clock that was set: it ends a timer of CLOCK_REALTIME with TFD_TIMER_CANCEL_ON_SET. (Comparing
// CLOCK_BOOTTIME with CLOCK_MONOTONIC would need a timer that wakes the machine to look.)
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace vault::daemon {

class Network {
 public:
  // Calls `changed` on the executor, once for a burst of changes, until this is destroyed. Never calls it if the kernel
  // refuses both sources.
  Network(boost::asio::any_io_executor executor, std::function<void()> changed);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vault::daemon

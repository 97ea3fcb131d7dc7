// SPDX-License-Identifier: Apache-2.0
// Tells the service manager, as sd_notify(3) describes, that the program serves, what its status is and that its event
// loop runs. Does nothing without $NOTIFY_SOCKET, as in a terminal. libsystemd is not used: it waits when the manager
// does not read, and would bring compressors and ciphers into the server.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace vault::notify {

// Says that new connections are answered from now on. Waits until the manager has room for the message.
void ready();
// Says that the program is stopping, because it was told to.
void stopping();
// Says that the program is not ready yet and may need up to `most` until it is.
void works(std::string_view status, std::chrono::seconds most);

// Reports the program's status from the event loop until stop(). With WatchdogSec= it also reports that the program
// lives, at least twice in each interval.
//
// Only the loop must run for that. A thread that waits for a disk does not make the manager kill the daemon: no mutex
// can hang, a process cannot be killed out of such a wait, and a new process would meet the same disk without the
// password. Left alone, the daemon goes on when the disk does.
class Heartbeat {
 public:
  using Status = std::function<std::string()>;  // returns one line for `systemctl status`; called on the loop
  Heartbeat(boost::asio::any_io_executor loop, Status status);
  void stop() { timer_.cancel(); }

 private:
  void beat();

  boost::asio::steady_timer timer_;
  Status status_;
  std::string told_;
  std::chrono::microseconds watchdog_{0}, pause_{0};  // zero: no watchdog; no manager
};

}  // namespace vault::notify

// SPDX-License-Identifier: Apache-2.0
// What the service manager is told, as sd_notify(3) describes it: that the program serves, how it stands, that its
// loop turns. Without $NOTIFY_SOCKET, as in a terminal, all of this does nothing. It is spoken here and not by
// libsystemd, which waits when the manager does not read, and would bring its compressors and ciphers to the server.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace vault::notify {

void ready();     // whoever connects from now on is answered; waits until the manager has room for it
void stopping();  // told to stop
void works(std::string_view status, std::chrono::seconds most);  // is not ready yet, and may take so long to be

// From its making until stop() it tells, from the loop, how the program stands, and with WatchdogSec= that it lives:
// at least twice in each interval.
//
// Only the loop must turn for that. A thread that waits for a disk is none of the manager's business: there are no
// mutexes to hang in, a process cannot be killed out of such a wait, and one that is started in its place meets the
// same disk, without the password. The daemon that is left alone goes on when the disk does.
class Heartbeat {
 public:
  using Status = std::function<std::string()>;  // one line for `systemctl status`; asked for on the loop
  Heartbeat(boost::asio::any_io_executor loop, Status status);
  void stop() { timer_.cancel(); }

 private:
  void beat();

  boost::asio::steady_timer timer_;
  Status status_;
  std::string told_;
  std::chrono::microseconds watchdog_{0}, pause_{0};  // zero: nobody watches; nobody listens
};

}  // namespace vault::notify

// SPDX-License-Identifier: Apache-2.0
// Limits how long somebody goes on asking a server: until a time, which received bytes extend, or until something more
// urgent cuts it. A single request has its own deadline; this is for many requests that each take their time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>

#include "base/errc.hpp"
#include "daemon/errc/errc.hpp"
#include "http/message.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

// Returns how long a person waits, at most, for the server in a verb that has to ask it or to send a change.
std::chrono::seconds patience_of_a_person();

// Lives on the event loop. Has no end until begin(). Requires: whatever waits ends before this is destroyed.
class Patience {
 public:
  Patience() = default;
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  // Begins again, without an end; or with an end after `time`, extended by a second for each limits::slow_answer_bytes
  // received.
  void begin() { begin_until(Clock::time_point::max()); }
  void begin(std::chrono::milliseconds time) { begin_until(Clock::now() + time); }

  // Ends at once: what is under way fails with interrupted, and so does each request before the next begin().
  void cut();

  // Returns the answer to a request. Errors: the request's own; interrupted; server_slow when the time is over.
  asio::awaitable<Result<wire::HttpResponse>> within(asio::awaitable<Result<wire::HttpResponse>> request);

 private:
  using Clock = std::chrono::steady_clock;

  void begin_until(Clock::time_point end);
  void look_again();  // wakes all that wait
  bool is_over() const { return cut_ || end_ <= Clock::now(); }
  boost::system::error_code why() const { return cut_ ? DaemonErrc::interrupted : DaemonErrc::server_slow; }
  asio::awaitable<void> over();

  Clock::time_point end_ = Clock::time_point::max();
  bool cut_ = false;
  std::list<asio::steady_timer*> waiting_;
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// How long somebody goes on asking a server: until a time, which what comes puts off, or until something else matters
// more. One request that hangs has a deadline of its own; this is for many that each take their time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>

#include "base/errc.hpp"
#include "http/message.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

// For how long a person waits for a server, at most, that a verb has to ask: for what is there, and for its own change.
std::chrono::seconds patience_of_a_person();

// Lives on the event loop. What waits ends before it does. Without an end until it begins.
class Patience {
 public:
  Patience() = default;
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  // Begins anew, without an end; or with one after `time`, put off by a second for each limits::slow_answer_bytes that
  // come.
  void begin() { begin_until(Clock::time_point::max()); }
  void begin(std::chrono::milliseconds time) { begin_until(Clock::now() + time); }

  // Ends at once: what is under way fails with interrupted, and so does whatever is asked before the next begin().
  void cut();

  // The answer to a request. Errors: its own; interrupted; server_slow when the time is over.
  asio::awaitable<Result<wire::HttpResponse>> within(asio::awaitable<Result<wire::HttpResponse>> request);

 private:
  using Clock = std::chrono::steady_clock;

  void begin_until(Clock::time_point end);
  void look_again();  // those who wait
  bool is_over() const { return cut_ || end_ <= Clock::now(); }
  boost::system::error_code why() const { return cut_ ? Errc::interrupted : Errc::server_slow; }
  asio::awaitable<void> over();

  Clock::time_point end_ = Clock::time_point::max();
  bool cut_ = false;
  std::list<asio::steady_timer*> waiting_;
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Decides when a device asks its server again. A WebSocket that is kept open across rounds says that the heads have
// changed; if there is none, a long poll does. wire/PROTOCOL.md §5, §6.
//
// Notices are not believed: one only makes a round due, and a round that brings nothing makes the next notice wait
// longer. So a server that sends notices without end causes at most one round a minute. Lives on the event loop.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "base/limits.hpp"
#include "daemon/remote/remote.hpp"

namespace vault::daemon {

class Notices {
 public:
  using Clock = std::chrono::steady_clock;

  // Calls `changed` when due() may have come nearer. Requires: `remote` outlives this.
  Notices(asio::any_io_executor executor, Remote& remote, std::function<void()> changed);

  // Listens until cancelled, while rounds succeed.
  asio::awaitable<void> listen();

  // Returns when the next round is due, as things are.
  Clock::time_point due() const;

  void round_begins();
  // Notes a good round: `heads` is the hash of what the server has now, `fruitful` if it had something new.
  void round_was_good(const Hash& heads, bool fruitful);

  // Makes the WebSocket prove that it lives, after the network has changed. False if there is none.
  bool probe();

 private:
  enum class Ended { lost, refused };
  asio::awaitable<void> good_round();
  asio::awaitable<Ended> watch();
  asio::awaitable<void> poll_until(Clock::time_point end);
  void heard(BytesView notice);
  void doubt();
  bool is_news() const;

  Remote& remote_;
  std::function<void()> changed_;
  asio::steady_timer good_;  // cancelled by each good round
  std::uint64_t good_rounds_ = 0;
  std::optional<WebSocket> socket_;
  Hash seen_;                                                            // by the last good round
  std::optional<std::array<std::uint8_t, limits::notice_bytes>> heard_;  // since a round began
  bool doubt_ = false;                                                   // something may have been missed
  bool by_notice_ = false;                                               // the present round
  std::chrono::milliseconds pause_{0};                                   // before a notice counts again
  Clock::time_point last_round_;                                         // its end
};

}  // namespace vault::daemon

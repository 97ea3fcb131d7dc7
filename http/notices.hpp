// SPDX-License-Identifier: Apache-2.0
// What one watcher is to be told: the newest notice, once. One that nobody has taken yet gives way to the next, so a
// slow reader costs the bytes of one.
//
// Shared by who puts and who takes, on one thread.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/bytes.hpp"

namespace vault::server {

class Notices {
 public:
  explicit Notices(boost::asio::any_io_executor executor)
      : changed_(std::move(executor), boost::asio::steady_timer::time_point::max()) {}

  // Says nothing twice: what was put last, whether taken or not, is not put again.
  void put(Bytes notice) {
    if (ended_ || notice == last_) return;
    last_ = std::move(notice);
    is_new_ = true;
    changed_.cancel();
  }
  void end() {
    ended_ = true;
    changed_.cancel();
  }
  bool ended() const { return ended_; }

  // Waits for a notice that was not taken; nothing after the end. One taker at a time.
  boost::asio::awaitable<std::optional<Bytes>> next() {
    while (!is_new_ && !ended_) co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (ended_) co_return std::nullopt;
    is_new_ = false;
    co_return last_;
  }

 private:
  boost::asio::steady_timer changed_;
  Bytes last_;
  bool is_new_ = false, ended_ = false;
};

}  // namespace vault::server

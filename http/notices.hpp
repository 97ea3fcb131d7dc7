// SPDX-License-Identifier: Apache-2.0
// Holds the newest notice for one watcher and hands it out once. A newer notice replaces one that was not taken yet, so
// a slow reader costs the memory of one notice. Whoever puts and whoever takes share it on one thread.
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

  // Stores `notice`, unless it equals the last one that was put, taken or not.
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

  // Waits for a notice that was not taken yet; nullopt after the end. One caller at a time.
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

// SPDX-License-Identifier: Apache-2.0
// Limits the large values on their way between a program and the vault: each may have a thread that waits.
//
// If no place is free, one is taken from the program that has more than one, and more than the asking one; else from
// the value that has not moved for longest, if that is long. So idle pipes keep nobody out.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "base/limits.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

// Lives on the event loop.
class Transfers {
 public:
  class Place {
   public:
    // Takes a place for the program `peer`; false as a bool if it got none.
    Place(Transfers& transfers, asio::any_io_executor executor, pid_t peer);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    explicit operator bool() const { return has_; }

    void moved() { last_moved_ = Clock::now(); }
    // Returns when the place was given to another. Requires: the wait ends before this does.
    asio::awaitable<void> taken_away();

   private:
    friend class Transfers;
    using Clock = std::chrono::steady_clock;
    Transfers& transfers_;
    pid_t peer_;
    Clock::time_point last_moved_ = Clock::now();
    asio::steady_timer away_;
    bool has_ = false;
  };

 private:
  std::size_t places_of(pid_t peer) const;
  Place* to_give_way(pid_t to) const;

  std::list<Place*> places_;  // in the order in which they were taken
};

}  // namespace vault::daemon

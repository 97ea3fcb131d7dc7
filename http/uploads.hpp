// SPDX-License-Identifier: Apache-2.0
// The bodies of requests that are in memory: how much room they have taken, and which of them gives way to another.
//
// Room goes by bytes that have come, so what is only announced costs nobody anything. When it is short, strangers give
// way before clients whose session has proven itself, then who is slower than a rate that any line has, then the
// address that holds most, then the slowest.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <string>

#include "base/limits.hpp"

namespace vault::server {

class Uploads {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    std::size_t bytes = limits::bodies_bytes;          // of all bodies
    std::size_t slow_bytes = limits::slow_body_bytes;  // a second: what comes slower gives way first
    std::chrono::milliseconds grace = limits::slow_grace;
  };

  // One body, from its first byte until its handler is done with it. It lives no longer than its Uploads.
  class Body {
   public:
    struct From {
      std::string address;
      bool known = false;  // the request names a session that has proven itself
    };
    // `give_way` ends the request; it is called once at most, and not after whole().
    Body(Uploads& in, From from, std::function<void()> give_way);
    ~Body();
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    // Takes room for `more` bytes, for which others give way; false if this one is the first that would.
    bool grow(std::size_t more);
    void received(std::size_t all) { received_ = all; }
    // It is with its handler now: no longer spared, and still counted.
    void whole();

   private:
    friend class Uploads;
    Uploads& in_;
    From from_;
    std::function<void()> give_way_;
    Clock::time_point began_;
    std::size_t received_ = 0, held_ = 0;
    bool coming_ = true;
    std::list<Body*>::iterator place_;
  };

  explicit Uploads(Limits limits, std::function<Clock::time_point()> now = Clock::now)
      : limits_(limits), now_(std::move(now)) {}
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  std::size_t bytes() const { return bytes_; }

  // Each makes one body give way, the first that should; false if there is none.
  bool spare_slow();
  bool spare_any();

 private:
  Body* first_to_give_way() const;
  bool is_slow(const Body& body) const;
  double rate(const Body& body) const;
  static void spare(Body& body);

  Limits limits_;
  std::function<Clock::time_point()> now_;
  std::list<Body*> coming_;
  std::size_t bytes_ = 0;
};

}  // namespace vault::server

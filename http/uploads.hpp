// SPDX-License-Identifier: Apache-2.0
// Counts the memory of request bodies and decides which of them gives way when it runs short.
//
// Only bytes that have arrived count, so a body that is merely announced costs nobody anything. Bodies of strangers
// give way before those of clients whose session has proven itself; then bodies slower than any line should be; then
// those of the address that holds most; then the slowest.
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
    std::size_t slow_bytes = limits::slow_body_bytes;  // bytes a second: a body that is slower gives way first
    std::chrono::milliseconds grace = limits::slow_grace;
  };

  // Counts one body, from its first byte until its handler is done with it. Requires: the Uploads outlives it.
  class Body {
   public:
    struct From {
      std::string address;
      bool known = false;  // the request names a session that has proven itself
    };
    // `give_way` ends the request. It is called at most once, and never after whole().
    Body(Uploads& in, From from, std::function<void()> give_way);
    ~Body();
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;

    // Takes room for `more` bytes and makes others give way for it. False if this body would be the first to give way.
    bool grow(std::size_t more);
    void received(std::size_t all) { received_ = all; }
    // Notes that the body is complete and with its handler: it no longer gives way but still counts.
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

  // Each makes the first suitable body give way: a slow one, or any. False if there is none.
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

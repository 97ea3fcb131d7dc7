// What a wrong password costs: time. The first few are free, for a person mistypes; after them each one is followed by
// a wait, twice as long as the one before up to half a minute, in which no password is tried. A right one ends it.
//
// The number of failures is on the disk before a password is tried, so killing the daemon wins nothing, and a new one
// begins with the wait that was due. Waits go by the steady clock. Lives on the event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "daemon/device.hpp"

namespace vault::daemon {

class Attempts {
 public:
  // A place among those who wait to try a password: there are few, since each may take a second. False: none free.
  class Place {
   public:
    explicit Place(Attempts& attempts) : attempts_(attempts), taken_(attempts.waiting_ < places) {
      if (taken_) ++attempts_.waiting_;
    }
    ~Place() {
      if (taken_) --attempts_.waiting_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    explicit operator bool() const { return taken_; }

   private:
    Attempts& attempts_;
    bool taken_;
  };

  // Runs the unlock of this device, which the caller lets no other run beside. Errors: those of the unlock; busy, with
  // the seconds to wait in its sentence, in which case it was not run.
  asio::awaitable<Result<void>> run(std::shared_ptr<Device> device, asio::awaitable<Result<void>> unlock);

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned places = 8;

  Result<void> begin(const Device& device);
  asio::awaitable<void> remember(std::shared_ptr<Device> device, std::uint64_t failures);

  unsigned waiting_ = 0;
  Clock::time_point next_ = Clock::now();  // when the next password may be tried
  std::uint64_t failures_ = 0;             // one after the other
  bool loaded_ = false;
};

}  // namespace vault::daemon

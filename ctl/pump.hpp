// SPDX-License-Identifier: Apache-2.0
// Joins the daemon to a file that it cannot take itself, such as a terminal, a socket or another user's pipe: a thread
// moves the bytes through a pipe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <thread>

#include "base/errc.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"

namespace vault::ctl {

class Pump {
 public:
  // Moves `first`, then all bytes of `from`, to the daemon.
  static Result<Pump> into_daemon(Secret first, int from);
  // Moves all bytes from the daemon to `to`.
  static Result<Pump> out_of_daemon(int to);
  Pump(Pump&&) noexcept = default;
  Pump& operator=(Pump&&) = delete;
  ~Pump();

  int daemon_end() const { return daemon_end_.get(); }
  std::uint64_t moved() const { return state_->moved; }

  // Call when the daemon has answered. Waits until the bytes under way are written, and stops. Returns the error of the
  // other file.
  boost::system::error_code finish();

 private:
  struct State {
    File in, out, stop;  // read from, written to, and closed to end the reading early
    std::atomic<std::uint64_t> moved{0};
    boost::system::error_code error;
  };
  explicit Pump(std::unique_ptr<State> state) : state_(std::move(state)) {}
  void run(Secret first);

  std::unique_ptr<State> state_;
  File daemon_end_, stop_;
  bool drains_ = false;
  std::thread thread_;
};

}  // namespace vault::ctl

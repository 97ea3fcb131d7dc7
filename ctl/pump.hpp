// SPDX-License-Identifier: Apache-2.0
// A pipe between the daemon and a file that it cannot take itself: a terminal, a socket, another user's pipe. A thread
// moves the bytes.
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
  // Gives `first` and then all that `from` has, into the daemon's end.
  static Result<Pump> into_daemon(Secret first, int from);
  // Gives all that comes out of the daemon's end to `to`.
  static Result<Pump> out_of_daemon(int to);
  Pump(Pump&&) noexcept = default;
  Pump& operator=(Pump&&) = delete;
  ~Pump();

  int daemon_end() const { return daemon_end_.get(); }
  std::uint64_t moved() const { return state_->moved; }

  // When the daemon has answered: waits for what is under way to be given out, and stops. The error of the other file.
  boost::system::error_code finish();

 private:
  struct State {
    File in, out, stop;  // what is read, what is written, and what ends the reading early
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

// SPDX-License-Identifier: Apache-2.0
// Decides who may open, change or close the vault: one at a time, which bounds how fast passwords can be tried. A try
// costs an Argon2id and nothing else: a right password is never refused because others were wrong.
//
// A lock comes first. Then comes the program that has been wrong least often; among equals the one that has waited
// longest. A program waits with one try at a time. Lives on the event loop.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

#include "base/errc.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

class Gate {
 public:
  using Peer = pid_t;  // the program that asks; 0: vaultd itself

  explicit Gate(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Holds the gate: while it lives nobody else has a pass.
  class Pass {
   public:
    Pass(Gate& gate, Peer peer) : gate_(&gate), peer_(peer) {}
    Pass(Pass&& from) noexcept : gate_(std::exchange(from.gate_, nullptr)), peer_(from.peer_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->next();
    }
    // Reports whether the password that was tried was right.
    void was(bool right) { gate_->count(peer_, right); }

   private:
    Gate* gate_;
    Peer peer_;
  };

  // Waits for a pass. Errors: try_under_way if this program has or awaits one; busy if too many wait that were wrong no
  // more often. Requires: the coroutine is not cancelled.
  asio::awaitable<Result<Pass>> take(Peer peer);
  asio::awaitable<Pass> take_first();

 private:
  struct Waiter;
  bool is_here(Peer peer) const;
  std::uint64_t wrongs(Peer peer) const;
  bool make_room(Peer peer);
  asio::awaitable<bool> wait(Peer peer, bool first);
  void next();
  void count(Peer peer, bool right);

  asio::any_io_executor executor_;
  bool taken_ = false;
  Peer holder_ = 0;
  std::list<Waiter*> waiters_;            // in the order in which they came
  std::map<Peer, std::uint64_t> wrongs_;  // wrong tries since the last right one
};

}  // namespace vault::daemon

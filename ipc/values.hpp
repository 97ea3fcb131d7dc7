// SPDX-License-Identifier: Apache-2.0
// What is in memory for clients of what the vault keeps: requests that bring values, calls that use items, and results
// until their client has taken them. A lock waits for all of it: gone().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

namespace vault::ipc {

class Values {
 public:
  // A client for whom there are any. It outlives its holds.
  class Holder {
   public:
    virtual ~Holder() = default;
    virtual void end_waits() = 0;        // of calls that wait for room: the vault is locked, they would get nothing
    virtual void drop_taken() = 0;       // lets go of what the client has taken by now
    virtual void drop_sent() = 0;        // the same with what was sent, taken or not: it is out of our hands
    virtual void drop_everything() = 0;  // the client takes nothing
  };

 private:
  struct Holding {
    std::uint64_t number;
    Holder* holder;
  };
  struct State {
    std::uint64_t taken = 0;
    std::list<Holding> holdings;  // the oldest first
  };

 public:
  // As long as it lives there is something. It may outlive the Values.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& from) noexcept : state_(std::move(from.state_)), at_(from.at_) {}
    Hold& operator=(Hold&& from) noexcept;
    ~Hold() { drop(); }
    explicit operator bool() const { return state_ != nullptr; }
    void drop();

   private:
    friend class Values;
    Hold(std::shared_ptr<State> state, Holder& holder);

    std::shared_ptr<State> state_;
    std::list<Holding>::iterator at_;
  };

  Hold take(Holder& holder) { return Hold{state_, holder}; }

  // Returns when nothing is left of what was taken before the call. Requires: the vault is locked, so that calls end by
  // themselves. Clients have limits::lock_grace to take what they asked for.
  boost::asio::awaitable<void> gone();

 private:
  std::vector<Holder*> holders_before(std::uint64_t number) const;

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace vault::ipc

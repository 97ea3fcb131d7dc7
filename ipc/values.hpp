// SPDX-License-Identifier: Apache-2.0
// Tracks what is in memory for clients and came from the vault or goes into it: requests that bring values, calls that
// use items, and results until their client has taken them. A lock waits for all of it with gone().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

namespace vault::ipc {

class Values {
 public:
  // Stands for a client that has holds. Requires: it outlives them.
  class Holder {
   public:
    virtual ~Holder() = default;
    // Ends the waits of its calls for room: the vault is locked, so they would get nothing.
    virtual void end_waits() = 0;
    // Drops the holds on what the client has taken by now.
    virtual void drop_taken() = 0;
    // Drops the holds on what was sent, taken or not: we cannot take it back.
    virtual void drop_sent() = 0;
    // Drops everything, since the client takes nothing.
    virtual void drop_everything() = 0;
  };

 private:
  struct Holding {
    std::uint64_t number;
    Holder* holder;
  };
  struct State {
    std::uint64_t taken = 0;
    std::list<Holding> holdings;  // oldest first
  };

 public:
  // Marks that something is in memory, for as long as it lives. May outlive the Values.
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

  // Returns when everything is gone that was held before the call. Requires: the vault is locked, so calls end by
  // themselves. Clients have limits::lock_grace to take what they asked for.
  boost::asio::awaitable<void> gone();

 private:
  std::vector<Holder*> holders_before(std::uint64_t number) const;

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// Bounds the memory that answers take, from before they are made until their clients have taken them. There is a limit
// for all answers and a lower one for each party, which is an account or a connection. A request that finds no room
// waits; room that becomes free goes first to the party that holds least.
//
// A client that does not take its answer makes others wait only for a grace period. Then one answer gives way: of the
// party that holds most, or of the waiting party if its own share is full, the one that has been under way longest.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/delivery.hpp"
#include "base/limits.hpp"

namespace vault {

class AnswersInFlight {
 public:
  using Party = std::array<std::uint8_t, 16>;
  struct Limits {
    std::size_t bytes = limits::answers_bytes;
    std::size_t party_bytes = limits::account_answers_bytes;
    std::size_t party_waits = limits::account_waits;  // requests of one party that may wait for room
    std::chrono::milliseconds grace = limits::slow_grace;
  };

  // Reserves the room of one answer. May outlive the AnswersInFlight.
  class Room : public Delivery {
   public:
    // Sets the size of the answer to `bytes`, exactly or as an upper bound. Frees what was reserved above it.
    virtual void made(std::size_t bytes) = 0;
  };

  explicit AnswersInFlight(Limits limits);

  // Waits for its turn and reserves room for an answer of at most `most` bytes. Returns nullptr if too many requests of
  // the party wait, or if end_waits() was called. Throws operation_aborted when it is cancelled. Requires: `most` is
  // not above the share of a party.
  boost::asio::awaitable<std::shared_ptr<Room>> take(Party party, std::size_t most);

  // Reserves room at once, even above the limits. Use it for answers so small that nobody should wait for them.
  std::shared_ptr<Room> add(const Party& party, std::size_t bytes);

  void end_waits(const Party& party);
  // Notes that the party's client takes what it is sent: its grace period begins again.
  void progress(const Party& party);

  std::size_t bytes() const;

 private:
  struct State;
  class Place;
  class InLine;
  std::shared_ptr<State> state_;
};

}  // namespace vault

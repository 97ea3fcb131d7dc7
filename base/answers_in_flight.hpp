// SPDX-License-Identifier: Apache-2.0
// Room for answers in memory, from before they are made until they are taken: so many bytes in all, and of them so
// many for one party, an account or a connection. Who finds no room waits for its turn, which comes first to the party
// that has least.
//
// A client that does not take its answer keeps others waiting for a grace only. Then the answer gives way that has been
// under way longest, of the party that has most; where the party's own share is full, of that party.
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
    std::size_t party_waits = limits::account_waits;  // answers of one party that wait for room
    std::chrono::milliseconds grace = limits::slow_grace;
  };

  // One answer's room. It may outlive the AnswersInFlight.
  class Room : public Delivery {
   public:
    // The answer has so many bytes, or will have at most: what was taken above it is free again.
    virtual void made(std::size_t bytes) = 0;
  };

  explicit AnswersInFlight(Limits limits);

  // Room for an answer of at most `most` bytes, at its turn; nullptr if too many of the party wait, or end_waits() was
  // called. Requires: `most` fits the share of a party. Ends with operation_aborted when it is cancelled.
  boost::asio::awaitable<std::shared_ptr<Room>> take(Party party, std::size_t most);

  // The same at once, be there room or not: what is so small that nobody shall wait with it.
  std::shared_ptr<Room> add(const Party& party, std::size_t bytes);

  void end_waits(const Party& party);
  void progress(const Party& party);  // its client takes what there is: a grace begins again

  std::size_t bytes() const;

 private:
  struct State;
  class Place;
  class InLine;
  std::shared_ptr<State> state_;
};

}  // namespace vault

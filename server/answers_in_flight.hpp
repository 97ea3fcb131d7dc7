// Room for answers in memory, from before they are made until they are taken: so many bytes in all, and of them so
// many for one account. Who finds no room waits for its turn, which comes first to the account that has least.
//
// A client that does not take its answer keeps others waiting for a grace only. Then the answer gives way that has been
// under way longest, of the account that has most; where the account's own share is full, of that account.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "wire/http.hpp"

namespace vault::server {

class AnswersInFlight {
 public:
  struct Limits {
    std::size_t bytes = limits::answers_bytes;
    std::size_t account_bytes = limits::account_answers_bytes;
    std::size_t account_waits = limits::account_waits;  // requests of one account that wait for room
    std::chrono::milliseconds grace = limits::slow_grace;
  };

  // One answer's room. It may outlive the AnswersInFlight.
  class Room : public wire::Delivery {
   public:
    // The answer is made and has so many bytes: what was taken above it is free again.
    virtual void made(std::size_t bytes) = 0;
  };

  AnswersInFlight(boost::asio::any_io_executor executor, Limits limits);

  // Room for an answer of at most `most` bytes, at its turn; nullptr if too many of the account wait. Requires: `most`
  // fits the share of an account. Ends with operation_aborted when the handler is cancelled, as one whose client hung
  // up is.
  boost::asio::awaitable<std::shared_ptr<Room>> take(VaultId account, std::size_t most);

  std::size_t bytes() const;

 private:
  struct State;
  class Place;
  std::shared_ptr<State> state_;
};

}  // namespace vault::server

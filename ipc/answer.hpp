// SPDX-License-Identifier: Apache-2.0
// Answer holds the text that answers a message, in parts, with its room in memory. The text is made once and then only
// moved, so each byte of it is in memory once until it has been sent.
#pragma once

#include <memory>
#include <vector>

#include "base/answers_in_flight.hpp"
#include "ipc/json.hpp"
#include "ipc/values.hpp"

namespace vault::ipc {

struct Answer {
  std::vector<Wire> parts;
  std::shared_ptr<AnswersInFlight::Room> room;
  Values::Hold hold;  // held if a lock must wait for something in the answer

  std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& part : parts) sum += part.size();
    return sum;
  }
  bool empty() const { return parts.empty(); }
};

// Stands for the client that asks, as far as its calls need to know it.
class Caller : public Values::Holder {
 public:
  virtual AnswersInFlight::Party party() const = 0;
  virtual bool is_gone() const = 0;  // nobody waits for answers any more
};

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// Defines how whoever sends an answer tells whoever bounds its memory that sending begins and ends.
#pragma once

#include <functional>

namespace vault {

// Lives as long as the answer is in memory; its destructor ends the reservation.
class Delivery {
 public:
  virtual ~Delivery() = default;
  // Notes that the answer is being sent from now on. `give_up` ends the sending when memory runs short. It is called at
  // most once, and never after this object is destroyed.
  virtual void begins(std::function<void()> give_up) = 0;
};

}  // namespace vault

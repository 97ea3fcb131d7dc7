// SPDX-License-Identifier: Apache-2.0
// How the one who sends an answer and the one who has bounded its memory speak to each other.
#pragma once

#include <functional>

namespace vault {

// Whoever has to know how long an answer is in memory: as long as it holds this.
class Delivery {
 public:
  virtual ~Delivery() = default;
  // It is being sent from now on. `give_up` ends that, if there is no other room; it is called once at most, and not
  // after this is gone.
  virtual void begins(std::function<void()> give_up) = 0;
};

}  // namespace vault

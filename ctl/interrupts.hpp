// SPDX-License-Identifier: Apache-2.0
// Lets a person interrupt a change that vaultd has begun without losing what becomes of it.
#pragma once

#include <csignal>

namespace vault::ctl {

// While it lives, the first SIGINT does not end the program: it says that vaultd goes on and that the result is waited
// for. The second ends it as SIGINT does, after a word on where to look. One at a time.
class SeenThrough {
 public:
  SeenThrough();
  SeenThrough(const SeenThrough&) = delete;
  SeenThrough& operator=(const SeenThrough&) = delete;
  ~SeenThrough();

  // Says what is to be said since the last call. Call it a few times a second.
  void tick();
  // True if a person asked to end.
  static bool interrupted();

 private:
  bool told_ = false;
  struct sigaction before_ {};
};

}  // namespace vault::ctl

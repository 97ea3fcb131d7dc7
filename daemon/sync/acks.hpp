// SPDX-License-Identifier: Apache-2.0
// When this device tells what it has seen. Its own writes do; a device that only reads seals an ack: a minute after the
// first word that was new, so that a write may carry it, and at most one in ten minutes. Acks are not worth an ack: two
// devices that answered each other's would never end.
#pragma once

#include <chrono>
#include <optional>

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class Acks {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Acks(std::shared_ptr<LocalVault> device);

  // When tell() will have something to say; the end of time while nothing is owed.
  Clock::time_point due() const;

  // Seals an ack if one is owed and due. After a pull that was verified, and never of a device that may not write.
  asio::awaitable<void> tell();

 private:
  asio::awaitable<bool> is_owed(std::shared_ptr<Unlocked> vault);

  std::shared_ptr<LocalVault> device_;
  std::chrono::milliseconds delay_, least_;
  crypto::SeenVector looked_;  // what was not named when it was looked at last
  bool owed_ = false;          // and whether that deserves an ack
  std::optional<Clock::time_point> since_;
};

}  // namespace vault::daemon

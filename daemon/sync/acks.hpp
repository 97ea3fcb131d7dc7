// SPDX-License-Identifier: Apache-2.0
// Decides when this device says what it has seen. Its own writes do so; a device that only reads seals an ack: a minute
// after the first new commit, so that a write may carry it, and at most one in ten minutes. Acks are never answered
// with an ack: two devices that did would never end.
#pragma once

#include <chrono>
#include <optional>

#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class Acks {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Acks(std::shared_ptr<LocalVault> device);

  // Returns when tell() will have something to say; the end of time while nothing is owed.
  Clock::time_point due() const;

  // Seals an ack if one is owed and due. For use after a verified pull. Requires: the device may write.
  asio::awaitable<void> tell();

 private:
  asio::awaitable<bool> is_owed(std::shared_ptr<Unlocked> vault);

  std::shared_ptr<LocalVault> device_;
  std::chrono::milliseconds delay_, least_;
  crypto::SeenVector looked_;  // the heads not yet named when last checked
  bool owed_ = false;          // whether they deserve an ack
  std::optional<Clock::time_point> since_;
};

}  // namespace vault::daemon

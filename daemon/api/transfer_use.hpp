// SPDX-License-Identifier: Apache-2.0
// Counts a transfer of a large value as use of the vault while it lives, so that it does not lock itself in the middle.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "daemon/app/app.hpp"

namespace vault::daemon {

// Lives on the event loop, for as long as the transfer. When nothing has moved for limits::transfer_use the transfer no
// longer counts, until something moves again: a forgotten pipe keeps no vault open.
class TransferUse {
 public:
  // Requires: `app` outlives this.
  TransferUse(App& app, asio::any_io_executor executor);
  TransferUse(const TransferUse&) = delete;
  TransferUse& operator=(const TransferUse&) = delete;
  ~TransferUse();

  void moved();

 private:
  void wait();
  void stop_counting();

  App& app_;
  bool counts_ = true;
  asio::steady_timer idle_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace vault::daemon

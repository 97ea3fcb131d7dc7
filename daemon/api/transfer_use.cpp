// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/transfer_use.hpp"

#include "base/limits.hpp"
#include "crypto/seams.hpp"

namespace vault::daemon {

TransferUse::TransferUse(App& app, asio::any_io_executor executor) : app_(app), idle_(std::move(executor)) {
  app_.use(true);
  wait();
}

TransferUse::~TransferUse() { stop_counting(); }

void TransferUse::moved() {
  if (!std::exchange(counts_, true)) app_.use(true);
  wait();
}

void TransferUse::wait() {
  idle_.expires_after(crypto::seams::pause("transfer.use", limits::transfer_use));
  idle_.async_wait([this, alive = std::weak_ptr{alive_}](const boost::system::error_code& error) {
    if (!error && !alive.expired()) stop_counting();
  });
}

void TransferUse::stop_counting() {
  if (std::exchange(counts_, false)) app_.use(false);
}

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/transfers.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "crypto/seams.hpp"

namespace vault::daemon {

Transfers::Place::Place(Transfers& transfers, asio::any_io_executor executor, pid_t peer)
    : transfers_(transfers), peer_(peer), away_(std::move(executor), Clock::time_point::max()) {
  auto& places = transfers_.places_;
  if (places.size() >= limits::blob_calls) {
    auto* other = transfers_.to_give_way(peer);
    if (other == nullptr) return;
    other->has_ = false;
    other->away_.cancel();
    places.remove(other);
  }
  has_ = true;
  places.push_back(this);
}

Transfers::Place::~Place() {
  if (has_) transfers_.places_.remove(this);
}

asio::awaitable<void> Transfers::Place::taken_away() { co_await away_.async_wait(asio::as_tuple(asio::use_awaitable)); }

std::size_t Transfers::places_of(pid_t peer) const {
  return static_cast<std::size_t>(std::ranges::count(places_, peer, &Place::peer_));
}

// Returns the place to take: the one idle longest of the program that has most; null if none may be taken.
Transfers::Place* Transfers::to_give_way(pid_t to) const {
  const auto order = [this](const Place* one) {
    const auto many = places_of(one->peer_);
    return std::pair{many > 1 ? places_.size() - many : places_.size(), one->last_moved_};
  };
  auto* first = *std::ranges::min_element(places_, {}, order);
  const auto many = places_of(first->peer_);
  if (many > 1 && many > places_of(to) + 1) return first;
  auto* idlest = *std::ranges::min_element(places_, {}, &Place::last_moved_);
  const std::chrono::seconds idle{crypto::seams::amount("transfers.idle-seconds", limits::idle_transfer.count())};
  return Place::Clock::now() - idlest->last_moved_ > idle ? idlest : nullptr;
}

}  // namespace vault::daemon

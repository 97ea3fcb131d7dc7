// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/gate.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"
#include "daemon/errc/errc.hpp"

namespace vault::daemon {

struct Gate::Waiter {
  Peer peer;
  bool first;
  asio::steady_timer called;
  enum class Heard { nothing, turn, no_room } heard = Heard::nothing;

  void call(Heard word) {
    heard = word;
    called.cancel();
  }
};

bool Gate::is_here(Peer peer) const {
  if (peer == 0) return false;
  return (taken_ && holder_ == peer) || std::ranges::find(waiters_, peer, &Waiter::peer) != waiters_.end();
}

std::uint64_t Gate::wrongs(Peer peer) const {
  const auto at = wrongs_.find(peer);
  return at != wrongs_.end() ? at->second : 0;
}

// True if `peer` may wait. If all places are taken, it takes the place of a program that was wrong more often.
bool Gate::make_room(Peer peer) {
  const auto tries = std::ranges::count(waiters_, false, &Waiter::first);
  if (static_cast<std::size_t>(tries) < limits::waiting_tries) return true;
  const auto most =
      std::ranges::max_element(waiters_, {}, [this](const Waiter* w) { return w->first ? 0 : wrongs(w->peer); });
  if (wrongs((*most)->peer) <= wrongs(peer)) return false;
  (*most)->call(Waiter::Heard::no_room);
  waiters_.erase(most);
  return true;
}

// Returns true when it is the caller's turn; false if another program took the place.
asio::awaitable<bool> Gate::wait(Peer peer, bool first) {
  if (!std::exchange(taken_, true)) {
    holder_ = peer;
    co_return true;
  }
  Waiter self{peer, first, asio::steady_timer{executor_, asio::steady_timer::time_point::max()}};
  waiters_.push_back(&self);
  while (self.heard == Waiter::Heard::nothing) co_await self.called.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return self.heard == Waiter::Heard::turn;
}

asio::awaitable<Result<Gate::Pass>> Gate::take(Peer peer) {
  if (is_here(peer)) co_return DaemonErrc::try_under_way;
  if (!make_room(peer)) co_return Errc::busy;
  const bool mine = co_await wait(peer, false);
  if (!mine) co_return Errc::busy;
  co_return Pass{*this, peer};
}

asio::awaitable<Gate::Pass> Gate::take_first() {
  co_await wait(0, true);
  co_return Pass{*this, 0};
}

void Gate::next() {
  const auto best = std::ranges::min_element(waiters_, {}, [this](const Waiter* waiter) {
    return std::pair{!waiter->first, wrongs(waiter->peer)};
  });
  taken_ = best != waiters_.end();
  if (!taken_) return;
  holder_ = (*best)->peer;
  (*best)->call(Waiter::Heard::turn);
  waiters_.erase(best);
}

void Gate::count(Peer peer, bool right) {
  constexpr std::size_t most_peers = 1024;
  if (right || wrongs_.size() > most_peers) wrongs_.erase(right ? peer : wrongs_.begin()->first);
  if (!right) ++wrongs_[peer];
}

}  // namespace vault::daemon

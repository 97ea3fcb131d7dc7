// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync/notices.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"
#include "crypto/verify.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;
using Clock = Notices::Clock;

constexpr auto first_pause = 1'000ms;
constexpr auto longest_pause = 60'000ms;
constexpr auto lasting = 30s;              // after so long a WebSocket is opened again at once
constexpr auto longest_retry = 300s;       // between two tries of one that does not last
constexpr auto round_beside_watch = 600s;  // for a server that answers pings and sends no notices
constexpr auto round_beside_poll = 2 * limits::long_poll;

}  // namespace

Notices::Notices(asio::any_io_executor executor, Remote& remote, std::function<void()> changed)
    : remote_(remote), changed_(std::move(changed)), good_(executor, Clock::time_point::max()) {}

// -- What makes a round due

bool Notices::is_news() const {
  return doubt_ || (heard_ && !std::equal(heard_->begin(), heard_->end(), seen_.view().begin()));
}

Clock::time_point Notices::due() const {
  if (is_news()) return last_round_ + pause_;
  return last_round_ + (socket_ ? std::chrono::seconds{round_beside_watch} : round_beside_poll);
}

void Notices::round_begins() {
  by_notice_ = is_news();
  if (Clock::now() - last_round_ >= longest_pause) pause_ = 0ms;
  heard_.reset();
  doubt_ = false;
}

void Notices::round_was_good(const Hash& heads, bool fruitful) {
  seen_ = heads;
  last_round_ = Clock::now();
  if (fruitful) pause_ = 0ms;
  else if (by_notice_) pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
  ++good_rounds_;
  good_.cancel();
}

void Notices::heard(BytesView notice) {
  heard_.emplace();
  std::copy(notice.begin(), notice.end(), heard_->begin());
  if (is_news()) changed_();
}

void Notices::doubt() {
  doubt_ = true;
  changed_();
}

bool Notices::probe() {
  if (socket_) socket_->probe();
  return socket_.has_value();
}

// -- Listening

// Waits until a round succeeds: before that it is not known whether the server is there and accepts our key.
asio::awaitable<void> Notices::good_round() {
  const auto before = good_rounds_;
  while (good_rounds_ == before) co_await good_.async_wait(asio::as_tuple(asio::use_awaitable));
}

// Opens a WebSocket. One that lasted and then broke is opened again as soon as a round has shown that the server is
// back. One that is refused, or does not last, is tried again later and later; meanwhile long polls do its work.
asio::awaitable<void> Notices::listen() {
  Clock::duration retry = first_pause;
  co_await good_round();
  for (;;) {
    const auto began = Clock::now();
    const auto ended = co_await watch();
    const bool lasted = ended == Ended::lost && Clock::now() - began >= lasting;
    if (ended == Ended::refused) retry = longest_retry;
    if (lasted) retry = first_pause;
    doubt();
    co_await good_round();
    if (lasted) continue;
    co_await poll_until(Clock::now() + retry);
    retry = std::min<Clock::duration>(2 * retry, longest_retry);
  }
}

asio::awaitable<Notices::Ended> Notices::watch() {
  auto opened = co_await remote_.watch();
  if (!opened) co_return class_of(opened.error()) == Errc::offline ? Ended::lost : Ended::refused;
  socket_ = std::move(*opened);
  for (;;) {
    const auto notice = co_await socket_->next();
    if (!notice || notice->size() != limits::notice_bytes) break;
    heard(*notice);
  }
  socket_->close();
  socket_.reset();
  co_return Ended::lost;
}

// Polls until `end`. After a poll that fails or finds no change, waits a little; after one that finds a change, for a
// round.
asio::awaitable<void> Notices::poll_until(Clock::time_point end) {
  asio::steady_timer pause{good_.get_executor()};
  while (Clock::now() < end) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end - Clock::now());
    const auto heads = co_await remote_.heads_changed(seen_, std::min(left, limits::long_poll));
    if (heads) heard(crypto::sha256(encode(*heads)).view().first(limits::notice_bytes));
    else doubt();
    if (is_news()) co_await good_round();
    pause.expires_after(first_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

}  // namespace vault::daemon

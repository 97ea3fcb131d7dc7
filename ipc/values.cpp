// SPDX-License-Identifier: Apache-2.0
#include "ipc/values.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "base/limits.hpp"

namespace vault::ipc {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds look_again{1};  // the kernel does not tell when a client has taken its last byte

}  // namespace

Values::Hold::Hold(std::shared_ptr<State> state, Holder& holder) : state_(std::move(state)) {
  at_ = state_->holdings.insert(state_->holdings.end(), {++state_->taken, &holder});
}

Values::Hold& Values::Hold::operator=(Hold&& from) noexcept {
  if (this == &from) return *this;
  drop();
  state_ = std::move(from.state_);
  at_ = from.at_;
  return *this;
}

void Values::Hold::drop() {
  if (const auto state = std::exchange(state_, nullptr)) state->holdings.erase(at_);
}

std::vector<Values::Holder*> Values::holders_before(std::uint64_t number) const {
  std::vector<Holder*> out;
  for (const auto& holding : state_->holdings)
    if (holding.number <= number && std::ranges::find(out, holding.holder) == out.end()) out.push_back(holding.holder);
  return out;
}

asio::awaitable<void> Values::gone() {
  const auto last = state_->taken;
  asio::steady_timer timer{co_await asio::this_coro::executor};
  const auto late = Clock::now() + limits::lock_grace;
  for (bool told = false;;) {
    for (auto* holder : holders_before(last)) holder->end_waits();
    for (auto* holder : holders_before(last)) holder->drop_taken();
    if (holders_before(last).empty()) co_return;
    if (Clock::now() > late && !std::exchange(told, true)) {
      for (auto* holder : holders_before(last)) holder->drop_sent();
      for (auto* holder : holders_before(last)) holder->drop_everything();
    }
    timer.expires_after(look_again);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace vault::ipc

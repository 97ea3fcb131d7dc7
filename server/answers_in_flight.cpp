#include "server/answers_in_flight.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/assert.hpp"

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;

namespace {

struct Waiter {
  VaultId account;
  std::size_t most = 0;
  asio::steady_timer turn;
  bool granted = false;
};

}  // namespace

struct AnswersInFlight::State {
  State(asio::any_io_executor on, Limits with) : executor(std::move(on)), limits(with) {}

  std::size_t held(const VaultId& account) const {
    const auto own = of_account.find(account);
    return own == of_account.end() ? 0 : own->second;
  }
  bool fits(const Waiter& waiter) const {
    return bytes + waiter.most <= limits.bytes && held(waiter.account) + waiter.most <= limits.account_bytes;
  }
  void add(const VaultId& account, std::size_t more);
  void drop(const VaultId& account, std::size_t less);
  Waiter* next() const;
  void grant();
  void spare_for(const Waiter& waiter);

  asio::any_io_executor executor;
  Limits limits;
  std::size_t bytes = 0;
  std::unordered_map<VaultId, std::size_t> of_account;  // those that have any
  std::list<Place*> places;                             // the oldest first
  std::list<Waiter*> waiters;                           // the same
};

class AnswersInFlight::Place : public Room {
 public:
  Place(std::shared_ptr<State> in, const VaultId& account, std::size_t bytes)
      : state_(std::move(in)), account_(account), bytes_(bytes) {
    at_ = state_->places.insert(state_->places.end(), this);
  }
  ~Place() override {
    state_->places.erase(at_);
    state_->drop(account_, bytes_);
  }
  void made(std::size_t bytes) override {
    VAULT_ASSERT(bytes <= bytes_);
    const auto before = std::exchange(bytes_, bytes);
    state_->drop(account_, before - bytes);
  }
  void begins(std::function<void()> give_up) override {
    give_up_ = std::move(give_up);
    since_ = Clock::now();
  }

  const VaultId& account() const { return account_; }
  bool can_be_spared(Clock::time_point before) const { return give_up_ && since_ < before; }
  void spare() { std::exchange(give_up_, {})(); }

 private:
  std::shared_ptr<State> state_;
  VaultId account_;
  std::size_t bytes_;
  std::function<void()> give_up_;  // while it is being sent
  Clock::time_point since_;
  std::list<Place*>::iterator at_;
};

void AnswersInFlight::State::add(const VaultId& account, std::size_t more) {
  bytes += more;
  of_account[account] += more;
}

void AnswersInFlight::State::drop(const VaultId& account, std::size_t less) {
  if (less == 0) return;  // an account that has no room left is not listed
  bytes -= less;
  const auto own = of_account.find(account);
  own->second -= less;
  if (own->second == 0) of_account.erase(own);
  grant();
}

// Returns the waiter whose account has the least room, the first of equals; nullptr if nobody waits.
Waiter* AnswersInFlight::State::next() const {
  const auto first = std::ranges::min_element(waiters, {}, [this](const Waiter* each) { return held(each->account); });
  return first == waiters.end() ? nullptr : *first;
}

void AnswersInFlight::State::grant() {
  for (auto* waiter = next(); waiter != nullptr && fits(*waiter); waiter = next()) {
    add(waiter->account, waiter->most);
    waiter->granted = true;
    waiter->turn.cancel();
    waiters.remove(waiter);
  }
}

// Nobody gives way if every answer is too young, or not made yet.
void AnswersInFlight::State::spare_for(const Waiter& waiter) {
  const auto before = Clock::now() - limits.grace;
  const bool own = held(waiter.account) + waiter.most > limits.account_bytes;
  Place* first = nullptr;
  for (auto* place : places) {
    if (!place->can_be_spared(before) || (own && place->account() != waiter.account)) continue;
    if (first == nullptr || held(place->account()) > held(first->account())) first = place;
  }
  if (first != nullptr) first->spare();
}

AnswersInFlight::AnswersInFlight(asio::any_io_executor executor, Limits limits)
    : state_(std::make_shared<State>(std::move(executor), limits)) {}

std::size_t AnswersInFlight::bytes() const { return state_->bytes; }

namespace {

// In the queue while it lives, unless it was granted.
class InLine {
 public:
  InLine(std::list<Waiter*>& line, Waiter& waiter) : line_(line), waiter_(waiter) { line_.push_back(&waiter_); }
  ~InLine() {
    if (!waiter_.granted) line_.remove(&waiter_);
  }
  InLine(const InLine&) = delete;

 private:
  std::list<Waiter*>& line_;
  Waiter& waiter_;
};

}  // namespace

awaitable<std::shared_ptr<AnswersInFlight::Room>> AnswersInFlight::take(VaultId account, std::size_t most) {
  const auto state = state_;
  VAULT_ASSERT(most <= state->limits.account_bytes && most <= state->limits.bytes);
  Waiter waiter{account, most, asio::steady_timer{state->executor}};
  const auto others = std::ranges::count(state->waiters, account, &Waiter::account);
  if (static_cast<std::size_t>(others) >= state->limits.account_waits) co_return nullptr;
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  const InLine in_line{state->waiters, waiter};
  state->grant();
  while (!waiter.granted) {
    waiter.turn.expires_after(state->limits.grace / 4);
    co_await waiter.turn.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) break;
    if (!waiter.granted && state->next() == &waiter) state->spare_for(waiter);
  }
  if (!waiter.granted) throw boost::system::system_error{asio::error::operation_aborted};
  co_return std::make_shared<Place>(state, account, most);
}

}  // namespace vault::server

// SPDX-License-Identifier: Apache-2.0
#include "base/answers_in_flight.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <map>
#include <utility>

#include "base/assert.hpp"

namespace vault {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;
using Party = AnswersInFlight::Party;

namespace {

struct Waiter {
  Party party;
  std::size_t most = 0;
  asio::steady_timer turn;
  std::uint64_t number = 0;  // position in the order of arrival
  bool granted = false, ended = false;
};

// Holds what one party uses and waits for. State::parties lists a party only while this is not empty.
struct Holding {
  std::size_t bytes = 0;
  std::list<Waiter*> waiters;  // oldest first
  Clock::time_point progress;
};

}  // namespace

struct AnswersInFlight::State {
  explicit State(Limits with) : limits(with) {}

  std::size_t held(const Party& party) const {
    const auto own = parties.find(party);
    return own == parties.end() ? 0 : own->second.bytes;
  }
  std::size_t waits(const Party& party) const {
    const auto own = parties.find(party);
    return own == parties.end() ? 0 : own->second.waiters.size();
  }
  bool fits(const Waiter& waiter) const {
    return bytes + waiter.most <= limits.bytes && held(waiter.party) + waiter.most <= limits.party_bytes;
  }
  void add(const Party& party, std::size_t more);
  void drop(const Party& party, std::size_t less);
  void forget_if_idle(const Party& party);
  Waiter* next() const;
  void grant();
  void spare_for(const Waiter& waiter);

  Limits limits;
  std::size_t bytes = 0;
  std::uint64_t numbers = 0;
  std::map<Party, Holding> parties;
  std::list<Place*> places;  // oldest first
};

class AnswersInFlight::Place : public Room {
 public:
  Place(std::shared_ptr<State> in, const Party& party, std::size_t bytes)
      : state_(std::move(in)), party_(party), bytes_(bytes) {
    at_ = state_->places.insert(state_->places.end(), this);
  }
  ~Place() override {
    state_->places.erase(at_);
    state_->drop(party_, bytes_);
  }
  void made(std::size_t bytes) override {
    const auto before = std::exchange(bytes_, bytes);
    if (bytes > before) state_->add(party_, bytes - before);
    else state_->drop(party_, before - bytes);
  }
  void begins(std::function<void()> give_up) override {
    give_up_ = std::move(give_up);
    since_ = Clock::now();
  }

  const Party& party() const { return party_; }
  bool can_be_spared(Clock::time_point before) const {
    const auto own = state_->parties.find(party_);
    return give_up_ && since_ < before && own != state_->parties.end() && own->second.progress < before;
  }
  void spare() { std::exchange(give_up_, {})(); }

 private:
  std::shared_ptr<State> state_;
  Party party_;
  std::size_t bytes_;
  std::function<void()> give_up_;  // empty until begins() is called
  Clock::time_point since_;
  std::list<Place*>::iterator at_;
};

void AnswersInFlight::State::add(const Party& party, std::size_t more) {
  bytes += more;
  parties[party].bytes += more;
}

void AnswersInFlight::State::drop(const Party& party, std::size_t less) {
  if (less > 0) {
    bytes -= less;
    parties[party].bytes -= less;
  }
  forget_if_idle(party);
  if (less > 0) grant();
}

void AnswersInFlight::State::forget_if_idle(const Party& party) {
  const auto own = parties.find(party);
  if (own != parties.end() && own->second.bytes == 0 && own->second.waiters.empty()) parties.erase(own);
}

// Returns the waiter whose party holds the fewest bytes, the oldest waiter among equals; nullptr if nobody waits.
Waiter* AnswersInFlight::State::next() const {
  Waiter* first = nullptr;
  std::size_t least = 0;
  for (const auto& [party, own] : parties) {
    if (own.waiters.empty()) continue;
    auto* oldest = own.waiters.front();
    if (first != nullptr && std::pair{least, first->number} < std::pair{own.bytes, oldest->number}) continue;
    first = oldest;
    least = own.bytes;
  }
  return first;
}

void AnswersInFlight::State::grant() {
  for (auto* waiter = next(); waiter != nullptr && fits(*waiter); waiter = next()) {
    add(waiter->party, waiter->most);
    waiter->granted = true;
    waiter->turn.cancel();
    parties[waiter->party].waiters.remove(waiter);
  }
}

// Ends the sending of one answer to make room for `waiter`. Does nothing if no answer has been under way for the grace.
void AnswersInFlight::State::spare_for(const Waiter& waiter) {
  const auto before = Clock::now() - limits.grace;
  const bool own = held(waiter.party) + waiter.most > limits.party_bytes;
  Place* first = nullptr;
  for (auto* place : places) {
    if ((own && place->party() != waiter.party) || !place->can_be_spared(before)) continue;
    if (first == nullptr || held(place->party()) > held(first->party())) first = place;
  }
  if (first != nullptr) first->spare();
}

AnswersInFlight::AnswersInFlight(Limits limits) : state_(std::make_shared<State>(limits)) {}

std::size_t AnswersInFlight::bytes() const { return state_->bytes; }

// Keeps a waiter in its party's queue for as long as this object lives, or until the waiter is granted room.
class AnswersInFlight::InLine {
 public:
  InLine(State& state, Waiter& waiter) : state_(state), waiter_(waiter) { line().push_back(&waiter_); }
  ~InLine() {
    if (!waiter_.granted) line().remove(&waiter_);
    state_.forget_if_idle(waiter_.party);
  }
  InLine(const InLine&) = delete;

 private:
  std::list<Waiter*>& line() { return state_.parties[waiter_.party].waiters; }

  State& state_;
  Waiter& waiter_;
};

awaitable<std::shared_ptr<AnswersInFlight::Room>> AnswersInFlight::take(Party party, std::size_t most) {
  const auto state = state_;
  VAULT_ASSERT(most <= state->limits.party_bytes && most <= state->limits.bytes);
  Waiter waiter{party, most, asio::steady_timer{co_await asio::this_coro::executor}, ++state->numbers};
  if (state->waits(party) >= state->limits.party_waits) co_return nullptr;
  const InLine in_line{*state, waiter};
  state->grant();
  while (!waiter.granted && !waiter.ended) {
    waiter.turn.expires_after(state->limits.grace / 4);
    co_await waiter.turn.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) break;
    if (!waiter.granted && state->next() == &waiter) state->spare_for(waiter);
  }
  if (waiter.granted) co_return std::make_shared<Place>(state, party, most);
  if (waiter.ended) co_return nullptr;
  throw boost::system::system_error{asio::error::operation_aborted};
}

std::shared_ptr<AnswersInFlight::Room> AnswersInFlight::add(const Party& party, std::size_t bytes) {
  state_->add(party, bytes);
  return std::make_shared<Place>(state_, party, bytes);
}

void AnswersInFlight::end_waits(const Party& party) {
  const auto own = state_->parties.find(party);
  if (own == state_->parties.end()) return;
  for (auto* waiter : own->second.waiters) {
    waiter->ended = true;
    waiter->turn.cancel();
  }
}

void AnswersInFlight::progress(const Party& party) {
  const auto own = state_->parties.find(party);
  if (own != state_->parties.end()) own->second.progress = Clock::now();
}

}  // namespace vault

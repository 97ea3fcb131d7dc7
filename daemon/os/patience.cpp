// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/patience.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"
#include "crypto/seams.hpp"

namespace vault::daemon {

using namespace asio::experimental::awaitable_operators;

std::chrono::seconds patience_of_a_person() {
  return std::chrono::seconds{crypto::seams::amount("person.seconds", 60)};
}

void Patience::begin_until(Clock::time_point end) {
  cut_ = false;
  end_ = end;
  look_again();
}

void Patience::cut() {
  cut_ = true;
  look_again();
}

void Patience::look_again() {
  for (auto* timer : waiting_) timer->cancel();
}

// Returns when it is over or cancelled; it must not throw then, since the other operand of `||` may throw too.
asio::awaitable<void> Patience::over() {
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer timer{co_await asio::this_coro::executor};
  struct Waiting {
    std::list<asio::steady_timer*>& all;
    std::list<asio::steady_timer*>::iterator at;
    ~Waiting() { all.erase(at); }
  } waiting{waiting_, waiting_.insert(waiting_.end(), &timer)};
  while (!is_over()) {
    timer.expires_at(end_);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

asio::awaitable<Result<wire::HttpResponse>> Patience::within(asio::awaitable<Result<wire::HttpResponse>> request) {
  if (is_over()) co_return why();
  auto done = co_await (std::move(request) || over());
  if (done.index() == 1 && is_over()) co_return why();
  if (done.index() == 1) throw boost::system::system_error{make_error_code(asio::error::operation_aborted)};
  auto& answer = std::get<0>(done);
  if (answer && end_ != Clock::time_point::max())
    end_ += std::chrono::milliseconds{answer->body.size() * 1000 / limits::slow_answer_bytes};
  co_return std::move(answer);
}

}  // namespace vault::daemon

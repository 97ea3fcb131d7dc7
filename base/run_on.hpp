// SPDX-License-Identifier: Apache-2.0
// Runs work on another thread and returns to the event loop with its result.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace vault {

// Runs fn() on the pool's thread and returns its result on the caller's executor. Whatever fn captured is destroyed on
// the pool's thread before the caller goes on. If the caller is cancelled meanwhile, fn still runs to its end and the
// caller waits for it: a cancellation that crossed over to the pool would race with that end.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_on(boost::asio::thread_pool& pool, F fn) {
  using R = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<R>) {
    auto with_result = [fn = std::move(fn)]() mutable {
      fn();
      return true;
    };
    (void)co_await run_on(pool, std::move(with_result));
  } else {
    auto job = [](F work) -> boost::asio::awaitable<std::optional<R>> {
      std::optional<R> result;
      {
        F once = std::move(work);
        result.emplace(once());
      }
      co_return result;
    };
    auto uncut = boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot{}, boost::asio::use_awaitable);
    auto result = co_await boost::asio::co_spawn(pool, job(std::move(fn)), std::move(uncut));
    co_return std::move(*result);
  }
}

}  // namespace vault

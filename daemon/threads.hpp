// How work leaves the event loop and comes back.
//
// The loop is one thread and never waits. Four others do: the writer owns every write transaction, Argon2id
// has one to itself because it takes half a second, a worker verifies and opens in bulk, and a reader opens the values
// that somebody waits for, which is short and may wait for the disk. They get owned
// values and give owned values; nothing is shared that changes, so there is no mutex.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/log.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

struct Threads {
  asio::thread_pool writer{1}, argon2{1}, worker{1}, reader{1};
};

// Runs fn() on the pool's thread and gives what it returned, on the caller's executor. What fn captured is
// destroyed on the pool's thread, before the caller goes on. If the caller is cancelled meanwhile, fn still runs
// to its end and the caller waits for it: a cancellation that crosses to the pool would race with that end.
template <class F>
asio::awaitable<std::invoke_result_t<F&>> run_on(asio::thread_pool& pool, F fn) {
  using R = std::invoke_result_t<F&>;
  auto job = [](F work) -> asio::awaitable<std::optional<R>> {
    std::optional<R> result;
    {
      F once = std::move(work);
      result.emplace(once());
    }
    co_return result;
  };
  auto uncut = asio::bind_cancellation_slot(asio::cancellation_slot{}, asio::use_awaitable);
  auto result = co_await asio::co_spawn(pool, job(std::move(fn)), std::move(uncut));
  co_return std::move(*result);
}

// Starts a task of the daemon's own. An exception that leaves it ends the process with a line in the log: a
// daemon whose sync has died quietly is worse than one that systemd starts again.
template <class Executor>
void spawn(Executor executor, log::Literal name, asio::awaitable<void> task) {
  asio::co_spawn(executor, std::move(task), [name](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const boost::system::system_error& e) {
      if (e.code() == asio::error::operation_aborted) return;  // the daemon is stopping
      log::error(name, {{"failed", e.code()}});
    } catch (const std::exception&) {
      log::error(name);
    }
    std::rethrow_exception(failure);
  });
}

}  // namespace vault::daemon

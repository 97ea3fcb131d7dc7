// SPDX-License-Identifier: Apache-2.0
// Defines how work leaves the event loop and comes back.
//
// The loop is one thread and never waits. Other threads do: the writer owns every write transaction; Argon2id has a
// thread of its own because it takes half a second; a worker verifies and opens in bulk; two readers open the values
// that somebody waits for, which is short and may wait for the disk. Each large value that is being moved has a thread,
// since it may wait for a client's file, and sync has one. Threads are given owned values and return owned values;
// nothing that changes is shared, so there is no mutex.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <exception>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/run_on.hpp"
#include "daemon/os/patience.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

struct Threads {
  asio::thread_pool writer{1}, argon2{1}, worker{1}, reader{2}, transfers{limits::blob_calls + 1};
  Patience acts;  // limits requests to servers that a person has asked for: a lock ends them
};

// Starts a task of the daemon's own. An exception that leaves the task ends the process with a line in the log: a
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

// SPDX-License-Identifier: Apache-2.0
#include "http/tls_trust.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "http/errc.hpp"
#include "http/tls_context.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

namespace {

// Passes the result from the reading thread to the loop. The thread calls `tell` under the mutex, because the loop may
// end at any time.
struct Desk {
  std::mutex mutex;
  std::function<void()> tell;  // wakes the loop; empty once nobody waits there
  std::optional<Result<TlsTrust::Context>> found;

  void leave(Result<TlsTrust::Context> what) {
    const std::lock_guard lock{mutex};
    found = std::move(what);
    if (tell) tell();
  }
  void close() {
    const std::lock_guard lock{mutex};
    tell = nullptr;
  }
  std::optional<Result<TlsTrust::Context>> take() {
    const std::lock_guard lock{mutex};
    return std::exchange(found, std::nullopt);
  }
};

}  // namespace

// Holds one reading of the certificates on the loop's side.
struct TlsTrust::Reading {
  std::shared_ptr<Desk> desk = std::make_shared<Desk>();
  std::optional<Result<Context>> found;
  std::vector<asio::steady_timer*> waiting;

  Reading() = default;
  Reading(const Reading&) = delete;
  ~Reading() { desk->close(); }

  void wake() {
    found = desk->take();
    for (auto* timer : waiting) timer->cancel();
  }

  // Registers a waiter with the reading for as long as it waits.
  struct Waiter {
    Waiter(Reading& on, asio::any_io_executor executor, Clock::time_point end)
        : reading(on), timer(std::move(executor), end) {
      reading.waiting.push_back(&timer);
    }
    Waiter(const Waiter&) = delete;
    ~Waiter() { std::erase(reading.waiting, &timer); }

    Reading& reading;
    asio::steady_timer timer;
  };
};

TlsTrust::TlsTrust(asio::any_io_executor executor, std::string host, std::filesystem::path ca_file)
    : executor_(std::move(executor)), host_(std::move(host)), ca_file_(std::move(ca_file)) {}

TlsTrust::~TlsTrust() = default;

void TlsTrust::begin() {
  reading_ = std::make_shared<Reading>();
  const auto desk = reading_->desk;
  desk->tell = [executor = executor_, weak = std::weak_ptr{reading_}] {
    asio::post(executor, [weak] {
      if (const auto reading = weak.lock()) reading->wake();
    });
  };
  try {
    std::thread{[desk, host = host_, ca_file = ca_file_] { desk->leave(make_tls_context(host, ca_file)); }}.detach();
  } catch (const std::system_error&) {
    desk->leave(Errc::busy);
  }
}

asio::awaitable<Result<TlsTrust::Context>> TlsTrust::context(Clock::time_point end) {
  if (system_) co_return system_;
  if (!reading_) begin();
  const auto reading = reading_;
  {
    Reading::Waiter waiter{*reading, executor_, std::min(end, Clock::now() + limits::ca_file_patience)};
    if (!reading->found) co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!reading->found) co_return HttpErrc::ca_slow;
  if (reading_ == reading) reading_.reset();
  if (ca_file_.empty() && *reading->found) system_ = **reading->found;
  co_return *reading->found;
}

bool is_about_ca_file(const boost::system::error_code& error) {
  return error == HttpErrc::ca_unreadable || error == HttpErrc::ca_not_plain || error == HttpErrc::ca_bad ||
         error == HttpErrc::ca_expired || error == HttpErrc::ca_slow;
}

}  // namespace vault::daemon

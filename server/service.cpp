// SPDX-License-Identifier: Apache-2.0
#include "server/service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"
#include "server/answers.hpp"

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using wire::HttpResponse;

namespace {

using Work = std::function<HttpResponse()>;

awaitable<HttpResponse> do_work(Work work) { co_return work(); }

// Finishes work that runs, whoever has gone. No cancellation may reach it: Asio passes one on by an executor that no
// longer exists if the work has just ended.
awaitable<HttpResponse> run_in(asio::thread_pool* pool, Work work) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_return co_await asio::co_spawn(*pool, do_work(std::move(work)), asio::use_awaitable);
}

}  // namespace

Service::Service(asio::any_io_executor loop, Storage& storage, ApiOptions options)
    : loop_(loop), storage_(storage), api_(storage, std::move(options)) {
  // A poll sees every change that was committed before it reads the heads. A later change wakes it, because a poll
  // reads and goes to sleep without a break.
  storage_.watch([this](const VaultId& vault) { asio::post(loop_, [this, vault] { wake(vault); }); });
}

Service::~Service() {
  writer_.join();
  reader_.join();
  storage_.watch(nullptr);
}

awaitable<HttpResponse> Service::answer(wire::HttpRequest request) {
  auto outcome = api_.begin(request);
  request = {};  // the outcome owns what it needs, so a large body is never in memory twice
  if (auto* write = std::get_if<Write>(&outcome)) co_return co_await run_in(&writer_, std::move(write->work));
  if (auto* read = std::get_if<Read>(&outcome)) co_return co_await this->read(std::move(*read));
  if (auto* wait = std::get_if<Wait>(&outcome)) co_return co_await sleep(*wait);
  co_return std::get<HttpResponse>(std::move(outcome));
}

awaitable<HttpResponse> Service::read(Read read) {
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto room = co_await answers_.take(read.vault.raw, read.most);
  if (!room) co_return refusal(Errc::busy);
  auto response = co_await run_in(&reader_, std::move(read.work));
  room->made(response.body.size());
  response.delivery = room;
  co_return response;
}

// Sleeps until the vault changes or time is up. If too many polls of a vault wait, the oldest is answered now.
awaitable<HttpResponse> Service::sleep(Wait wait) {
  asio::steady_timer timer{loop_, wait.most};
  if (waiting_.count(wait.vault) >= limits::account_waits) waiting_.find(wait.vault)->second->cancel();
  const auto place = waiting_.emplace(wait.vault, &timer);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waiting_.erase(place);
  co_return api_.answer_heads(wait.vault);
}

void Service::wake(const VaultId& vault) {
  const auto [first, last] = waiting_.equal_range(vault);
  for (auto sleeper = first; sleeper != last; ++sleeper) sleeper->second->cancel();
  tell(vault);
}

// -- Watchers

awaitable<std::variant<HttpResponse, std::shared_ptr<Notices>>> Service::watch(wire::HttpRequest request) {
  if (request.target != "/v1/watch") co_return co_await answer(std::move(request));
  auto begun = api_.begin_watch(request);
  if (auto* refused = std::get_if<HttpResponse>(&begun)) co_return std::move(*refused);
  co_return add_watcher(std::move(std::get<Caller>(begun)));
}

// Adds a watcher. If the vault then has too many, the oldest ones are ended.
std::shared_ptr<Notices> Service::add_watcher(Caller caller) {
  const auto vault = caller.account.vault;
  auto [first, last] = watchers_.equal_range(vault);
  while (first != last) first = drop_if_over(first);
  for (auto over = watchers_.count(vault); over >= limits::watches; --over) {
    const auto oldest = watchers_.find(vault);
    if (const auto notices = oldest->second.notices.lock()) notices->end();
    watchers_.erase(oldest);
  }
  auto notices = std::make_shared<Notices>(loop_);
  notices->put(api_.notice(vault));
  watchers_.emplace(vault, Watcher{std::move(caller), notices});
  if (!checks_) check_later();
  return notices;
}

// Erases a watcher that is gone or whose key is no longer valid. Returns the next one.
Service::Watchers::iterator Service::drop_if_over(Watchers::iterator watcher) {
  const auto notices = watcher->second.notices.lock();
  const bool there = notices && !notices->ended();
  if (there && api_.is_welcome(watcher->second.caller)) return std::next(watcher);
  if (there) notices->end();
  return watchers_.erase(watcher);
}

void Service::tell(const VaultId& vault) {
  auto [first, last] = watchers_.equal_range(vault);
  if (first == last) return;
  const auto notice = api_.notice(vault);
  while (first != last) first = drop_if_over(first);
  // Storage failed. The log says so, and the client's next round of sync will find out.
  if (notice.empty()) return;
  for (auto [each, end] = watchers_.equal_range(vault); each != end; ++each)
    if (const auto notices = each->second.notices.lock()) notices->put(notice);
}

// Checks watchers from time to time, since another process may remove an account and tells nobody.
void Service::check_later() {
  checks_ = true;
  check_.expires_after(limits::watch_check);
  check_.async_wait([this](boost::system::error_code error) {
    checks_ = false;
    if (error) return;
    for (auto each = watchers_.begin(); each != watchers_.end();) each = drop_if_over(each);
    if (!watchers_.empty()) check_later();
  });
}

}  // namespace vault::server

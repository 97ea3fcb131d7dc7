#include "server/service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using wire::HttpResponse;

namespace {

awaitable<HttpResponse> work_of(Write write) { co_return write.work(); }

}  // namespace

Service::Service(asio::any_io_executor loop, Storage& storage, ApiOptions options)
    : loop_(loop), storage_(storage), api_(storage, std::move(options)) {
  // A change that is committed before a poll reads the heads is seen by that; a later one wakes it, since a poll
  // reads and lies down without giving way.
  storage_.watch([this](const VaultId& vault) { asio::post(loop_, [this, vault] { wake(vault); }); });
}

Service::~Service() {
  writer_.join();
  storage_.watch(nullptr);
}

awaitable<HttpResponse> Service::answer(wire::HttpRequest request) {
  auto outcome = api_.begin(request);
  if (auto* write = std::get_if<Write>(&outcome)) co_return co_await run(std::move(*write));
  if (auto* wait = std::get_if<Wait>(&outcome)) co_return co_await sleep(*wait);
  co_return std::get<HttpResponse>(std::move(outcome));
}

awaitable<HttpResponse> Service::run(Write write) {
  co_return co_await asio::co_spawn(writer_, work_of(std::move(write)), asio::use_awaitable);
}

awaitable<HttpResponse> Service::sleep(Wait wait) {
  asio::steady_timer timer{loop_, wait.most};
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
}

}  // namespace vault::server

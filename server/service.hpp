// SPDX-License-Identifier: Apache-2.0
// Runs the Api. Requests are coroutines on the loop's thread. Writes go to a thread of their own and come back, and so
// do large reads; long polls sleep until their vault changes; watchers are told when it does.
//
// A storage has one service, which takes its watch. Destroy the service after the loop has stopped: its destructor
// waits for the running write and read.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <variant>

#include "base/answers_in_flight.hpp"
#include "http/notices.hpp"
#include "server/api.hpp"

namespace vault::server {

class Service {
 public:
  Service(boost::asio::any_io_executor loop, Storage& storage, ApiOptions options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  Api& api() { return api_; }
  std::size_t sessions() const { return api_.sessions(); }
  std::size_t waiting() const { return waiting_.size(); }  // long polls

  // Answers a request. Cancelling a long poll ends it early, with the present state; a write is never cut short.
  boost::asio::awaitable<wire::HttpResponse> answer(wire::HttpRequest request);

  // Returns the notices for a request that asks for a WebSocket, beginning with the present state. They end when the
  // vault no longer has the caller's key, when the account is removed, or when limits::watches newer watchers of the
  // vault have come.
  boost::asio::awaitable<std::variant<wire::HttpResponse, std::shared_ptr<Notices>>> watch(wire::HttpRequest request);

 private:
  using Sleepers = std::multimap<VaultId, boost::asio::steady_timer*>;
  struct Watcher {
    Caller caller;
    std::weak_ptr<Notices> notices;  // its connection owns them
  };
  using Watchers = std::multimap<VaultId, Watcher>;  // oldest first for each vault

  boost::asio::awaitable<wire::HttpResponse> read(Read read);
  boost::asio::awaitable<wire::HttpResponse> sleep(Wait wait);
  void wake(const VaultId& vault);
  void tell(const VaultId& vault);
  Watchers::iterator drop_if_over(Watchers::iterator watcher);
  std::shared_ptr<Notices> add_watcher(Caller caller);
  void check_later();

  boost::asio::any_io_executor loop_;
  Storage& storage_;
  Api api_;
  AnswersInFlight answers_{{}};
  Sleepers waiting_;
  Watchers watchers_;
  boost::asio::steady_timer check_{loop_};
  bool checks_ = false;
  boost::asio::thread_pool writer_{1};
  boost::asio::thread_pool reader_{1};  // for large reads, one at a time, as suits one disk
};

}  // namespace vault::server

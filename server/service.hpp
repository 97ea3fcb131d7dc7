// SPDX-License-Identifier: Apache-2.0
// The Api at work: requests come as coroutines on the loop's thread, what writes goes to a thread of its own and
// comes back, so does what reads much, long polls sleep until their vault changes, and watchers are told when it does.
//
// One service for one storage, whose watch it takes. Destroy it after the loop has stopped: its destructor waits
// for the write and the read that run.
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

  // Ends early for cancellation of a long poll, with what there is; a write is never cut.
  boost::asio::awaitable<wire::HttpResponse> answer(wire::HttpRequest request);

  // For a request that asks for a WebSocket: what its client is to be told from now on, beginning with the present
  // state. It ends when the caller's key is no longer one of the vault's, the account is removed, or
  // limits::watches newer ones of that vault have come.
  boost::asio::awaitable<std::variant<wire::HttpResponse, std::shared_ptr<Notices>>> watch(wire::HttpRequest request);

 private:
  using Sleepers = std::multimap<VaultId, boost::asio::steady_timer*>;
  struct Watcher {
    Caller caller;
    std::weak_ptr<Notices> notices;  // its connection holds it
  };
  using Watchers = std::multimap<VaultId, Watcher>;  // of a vault the oldest first

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
  boost::asio::thread_pool reader_{1};  // of what is large: one at a time, as one disk would have it
};

}  // namespace vault::server

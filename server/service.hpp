// The Api at work: requests come as coroutines on the loop's thread, what writes goes to a thread of its own and
// comes back, and long polls sleep until their vault changes.
//
// One service for one storage, whose watch it takes. Destroy it after the loop has stopped: its destructor waits
// for the write that runs.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>

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

 private:
  using Sleepers = std::multimap<VaultId, boost::asio::steady_timer*>;

  boost::asio::awaitable<wire::HttpResponse> run(Write write);
  boost::asio::awaitable<wire::HttpResponse> sleep(Wait wait);
  void wake(const VaultId& vault);

  boost::asio::any_io_executor loop_;
  Storage& storage_;
  Api api_;
  Sleepers waiting_;
  boost::asio::thread_pool writer_{1};
};

}  // namespace vault::server

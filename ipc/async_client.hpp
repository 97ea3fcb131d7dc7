// SPDX-License-Identifier: Apache-2.0
// Calls the daemon from coroutines, for programs that have an io_context: bridges, tests.
//
//   auto client = AsyncClient::connect(co_await asio::this_coro::executor, path);
//   auto got = co_await client->call(methods::item_get, GetParams{.name = "note"});
//
// Makes one call at a time. Cancelling the coroutine ends the connection and the call in the daemon.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "ipc/client.hpp"

namespace vault::ipc {

class AsyncClient {
 public:
  // Connects and checks the other side, as Client does. On one machine this is immediate. Errors: those of
  // connect_to_own_daemon.
  static Result<AsyncClient> connect(boost::asio::any_io_executor executor, const SocketPath& where);

  template <class P, class R>
  boost::asio::awaitable<Reply<R>> call(Method<P, R> method, P params) {
    co_return Reply<R>::of(co_await call_json(method.name, Codec<P>::encode(params)));
  }

  // Requires: `method` outlives the call.
  boost::asio::awaitable<Outcome> call_json(std::string_view method, json::value params);

 private:
  AsyncClient(boost::asio::any_io_executor executor, int socket);
  boost::asio::local::stream_protocol::socket socket_;
  std::int64_t last_id_ = 0;
  FrameReader in_;
};

}  // namespace vault::ipc

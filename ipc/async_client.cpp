// SPDX-License-Identifier: Apache-2.0
#include "ipc/async_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/limits.hpp"
#include "ipc/errc.hpp"

namespace vault::ipc {

namespace asio = boost::asio;

AsyncClient::AsyncClient(asio::any_io_executor executor, int socket)
    : socket_(executor, asio::local::stream_protocol{}, socket), in_(limits::answer_bytes) {}

Result<AsyncClient> AsyncClient::connect(asio::any_io_executor executor, const SocketPath& where) {
  const auto socket = connect_to_own_daemon(where, std::chrono::milliseconds{100});
  if (!socket) return socket.error();
  return AsyncClient{executor, *socket};
}

asio::awaitable<Outcome> AsyncClient::call_json(std::string_view method, json::value params) {
  constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
  const auto id = ++last_id_;
  Wire out;
  write_frame(out, FrameStyle::lines, text_of(request_text(id, method, std::move(params))));
  if (out.size() > limits::frame_bytes) co_return failure_of(IpcErrc::frame_too_large);
  co_await asio::async_write(socket_, asio::buffer(out), tuple);  // if that failed, the daemon may still have said why
  Wire chunk(64 * 1024);
  for (;;) {
    auto frame = in_.next();
    if (!frame) co_return failure_of(frame.error());
    if (*frame) {
      if (auto outcome = read_answer(**frame, id)) co_return std::move(*outcome);
      continue;
    }
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(chunk), tuple);
    if (error) {
      boost::system::error_code ignored;
      socket_.close(ignored);
      co_return failure_of(error == asio::error::operation_aborted ? Errc::cancelled : Errc::no_daemon);
    }
    in_.append({chunk.data(), size});
  }
}

}  // namespace vault::ipc

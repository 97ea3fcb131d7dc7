// SPDX-License-Identifier: Apache-2.0
#include "http/client_websocket.hpp"

#include <boost/asio/steady_timer.hpp>

#include "http/errc.hpp"
#include "http/websocket_stream.hpp"

namespace vault::daemon {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::awaitable;
using boost::system::error_code;
using wire::as_result;

struct WebSocket::State {
  explicit State(std::shared_ptr<wire::HttpStream> on)
      : stream(std::move(on)), socket(*stream), patience(stream->get_executor()) {}
  void close() { stream->tcp().close(); }

  std::shared_ptr<wire::HttpStream> stream;
  wire::WebSocketStream socket;
  boost::beast::flat_buffer buffer;
  asio::steady_timer patience;  // while a probe waits
  bool probing = false, pinging = false;
};

namespace {

error_code watch_error(const error_code& error) {
  const auto protocol = make_error_code(websocket::error::closed).category() == error.category();
  if (protocol && error != websocket::error::closed) return HttpErrc::server_answer_bad;
  return class_of(error) == Errc::offline ? error : make_error_code(Errc::offline);
}

// Host and what belongs to the upgrade are Beast's.
auto with_headers(const wire::HttpRequest& request) {
  return websocket::stream_base::decorator([headers = request.headers](websocket::request_type& out) {
    out.set(boost::beast::http::field::user_agent, "vaultd");
    for (const auto& header : headers) out.set(header.name, header.value);
  });
}

}  // namespace

awaitable<WebSocket::Opened> WebSocket::open(std::shared_ptr<wire::HttpStream> stream, const wire::Origin& origin,
                                             wire::HttpRequest request, std::chrono::milliseconds deadline) {
  auto state = std::make_shared<State>(std::move(stream));
  auto& socket = state->socket;
  wire::bound(socket, limits::watch_silence_client, deadline);
  socket.set_option(with_headers(request));
  socket.control_callback([weak = std::weak_ptr{state}](websocket::frame_type kind, boost::beast::string_view) {
    const auto alive = weak.lock();
    if (!alive || kind != websocket::frame_type::pong) return;
    alive->probing = false;
    alive->patience.cancel();
  });
  websocket::response_type answer;
  const std::string host{origin.authority()};
  auto [error] = co_await socket.async_handshake(answer, host, request.target, as_result);
  if (error == websocket::error::upgrade_declined)
    co_return wire::HttpResponse{static_cast<int>(answer.result_int()), wire::headers_of(answer), {}};
  if (error) co_return watch_error(error);
  co_return WebSocket{std::move(state)};
}

awaitable<Result<Bytes>> WebSocket::next() {
  const auto state = state_;
  state->buffer.clear();
  auto [error, size] = co_await state->socket.async_read(state->buffer, as_result);
  if (!error && !state->socket.got_binary()) error = make_error_code(HttpErrc::server_answer_bad);
  if (error) {
    state->close();
    state->patience.cancel();
    co_return error == HttpErrc::server_answer_bad ? error : watch_error(error);
  }
  const auto* first = static_cast<const std::uint8_t*>(state->buffer.data().data());
  co_return Bytes(first, first + state->buffer.size());
}

void WebSocket::probe() {
  if (state_->probing) return;
  state_->probing = true;
  state_->patience.expires_after(limits::probe_deadline);
  state_->patience.async_wait([state = state_](error_code error) {
    if (!error && state->probing) state->close();
  });
  if (std::exchange(state_->pinging, true)) return;  // the one that is still on its way will do
  state_->socket.async_ping({}, [state = state_](error_code) { state->pinging = false; });
}

void WebSocket::close() { state_->close(); }

}  // namespace vault::daemon

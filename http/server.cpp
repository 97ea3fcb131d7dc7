// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <boost/asio/co_spawn.hpp>

#include "base/log.hpp"
#include "http/answer.hpp"
#include "http/listener.hpp"
#include "http/server_state.hpp"

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using asio::cancellation_type;
using asio::ip::tcp;
using boost::system::error_code;
using wire::as_result;

namespace {

using State = HttpServer::State;

// What reaches this is the world's fault, memory perhaps, and costs one connection.
void connection_ended(std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& e) {
    log::error("connection failed", {{"error", e.code()}});
  } catch (const std::exception&) {
    log::error("connection failed");
  }
}

// Closes the first of them that is open: one that is not was spared before, and has not noticed yet.
bool close_first(const Connections& connections) {
  for (auto* c : connections) {
    if (!c->tcp().socket().is_open()) continue;
    c->close();
    return true;
  }
  return false;
}

// Closes a connection whose body comes too slowly, or else the one that has kept us waiting longest, the oldest
// WebSocket, whose client has other ways to ask, or any body; false if all of them are being answered.
bool spare_one(State& state) {
  return state.uploads.spare_slow() || close_first(state.waiting) || close_first(state.watching) ||
         state.uploads.spare_any();
}

void turn_away(State& state, tcp::socket socket) {
  ++state.counts.refusals;
  if (state.tls) return;
  const auto answer = refusal(503, Errc::busy, "too many connections\n");
  const auto text = head_of(answer, Then::close) + std::string{text_of(answer.body)};
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
}

void admit(std::shared_ptr<State> state, tcp::socket socket) {
  ++state->counts.connections;
  if (state->open() >= state->options.connections && !spare_one(*state)) return turn_away(*state, std::move(socket));
  asio::co_spawn(state->executor, serve(state, std::move(socket)), connection_ended);
}

// Ends when the acceptor is closed. An error is a client that was gone again, or no more files for us: then
// make room, and take a breath, or we would come straight back.
awaitable<void> accept_all(std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    auto [error, socket] = co_await state->acceptor.async_accept(as_result);
    if (!error) admit(state, std::move(socket));
    if (!error || !state->acceptor.is_open() || error == asio::error::connection_aborted) continue;
    log::warning("cannot accept", {{"error", error}});
    spare_one(*state);
    asio::steady_timer breath{state->executor, std::chrono::milliseconds{100}};
    co_await breath.async_wait(as_result);
  }
}

error_code use_tls(State& state) {
  auto& context = state.tls.emplace(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_num_tickets(context.native_handle(), 0);  // connections are kept; nobody has to resume one
  const auto used = use_files(context, *state.options.tls);
  return used ? error_code{} : used.error();
}

void close_all(State& state) {
  state.stopping = true;
  error_code ignored;
  state.acceptor.close(ignored);
  for (auto* c : Connections{state.waiting}) c->close();
  for (auto* c : Connections{state.receiving}) c->close();
  auto under_way = state.busy;
  under_way.insert(under_way.end(), state.watching.begin(), state.watching.end());
  for (auto* c : under_way) {
    c->close();
    c->give_up.emit(cancellation_type::terminal);
  }
}

awaitable<void> wait_for_last(State& state, std::chrono::milliseconds at_most) {
  state.ended.expires_after(at_most);
  if (state.open() > 0) co_await state.ended.async_wait(as_result);
}

}  // namespace

Result<HttpServer> HttpServer::start(asio::any_io_executor executor, HttpServerOptions options, HttpHandler handler,
                                     WatchHandler watch) {
  auto state = std::make_shared<State>(std::move(executor), std::move(options), std::move(handler), std::move(watch));
  if (state->options.tls)
    if (auto error = use_tls(*state)) return error;
  auto acceptor = listen(state->executor, state->options.listen, state->tls ? Exposure::anywhere : Exposure::loopback);
  if (!acceptor) return acceptor.error();
  state->acceptor = std::move(*acceptor);
  state->endpoint = state->acceptor.local_endpoint();
  state->options.connections = std::min(state->options.connections, most_connections());
  asio::co_spawn(state->executor, accept_all(state), connection_ended);
  return HttpServer{std::move(state)};
}

HttpServer::~HttpServer() {
  if (state_) close_all(*state_);
}

tcp::endpoint HttpServer::local_endpoint() const { return state_->endpoint; }

HttpServerCounts HttpServer::counts() const {
  auto out = state_->counts;
  out.open = state_->open();
  out.bodies = state_->uploads.bytes();
  out.watches = state_->watching.size();
  return out;
}

awaitable<void> HttpServer::stop() {
  const auto state = state_;
  state->stopping = true;
  error_code ignored;
  state->acceptor.close(ignored);
  for (auto* c : Connections{state->waiting})
    if (c->phase == Phase::idle) c->close();
  for (auto* c : Connections{state->busy}) c->give_up.emit(cancellation_type::total);
  for (auto* c : Connections{state->watching}) c->give_up.emit(cancellation_type::total);
  co_await wait_for_last(*state, state->options.stop_time);
  close_all(*state);
  co_await wait_for_last(*state, std::chrono::milliseconds{200});  // what was closed has only to notice
}

}  // namespace vault::server

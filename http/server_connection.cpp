// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "base/fault_point.hpp"
#include "http/answer.hpp"
#include "http/handler.hpp"
#include "http/hello.hpp"
#include "http/request_rules.hpp"
#include "http/server_state.hpp"

namespace vault::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::cancellation_type;
using asio::ip::tcp;
using boost::system::error_code;
using wire::as_result;
using wire::HttpRequest;
using wire::HttpResponse;
using State = HttpServer::State;

Connection::Connection(State& in, asio::ip::tcp::socket socket)
    : state(in), stream(std::move(socket)), buffer(wire::http_buffer_bytes) {
  error_code ignored;
  const auto peer = tcp().socket().remote_endpoint(ignored);
  remote = peer.address().to_string();
  tcp().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  place = state.waiting.insert(state.waiting.end(), this);
}

Connection::~Connection() {
  is_no_stranger();
  list().erase(place);
  if (state.open() == 0) state.ended.cancel();
}

Connections& Connection::list() {
  if (phase == Phase::watching) return state.watching;
  if (phase == Phase::receiving) return state.receiving;
  return phase == Phase::answering ? state.busy : state.waiting;
}

void Connection::enter(Phase next) {
  auto& from = list();
  phase = next;
  list().splice(list().end(), from, place);
}

void Connection::is_stranger() {
  stranger = true;
  ++state.strangers;
}

void Connection::is_no_stranger() {
  if (std::exchange(stranger, false)) --state.strangers;
}

namespace {

using Head = http::header<true, http::fields>;

enum class Send { all, head_only };

awaitable<bool> write(Connection& c, HttpResponse response, Then then, Send what) {
  const auto head = head_of(response, then);
  const bool body = what == Send::all && has_length(response.status);
  if (response.delivery) response.delivery->begins([&c] { c.close(); });
  const std::array parts{asio::buffer(head), body ? asio::buffer(response.body) : asio::const_buffer{}};
  c.tcp().expires_after(c.state.options.body_time);
  auto [error, size] = co_await asio::async_write(c.stream, parts, as_result);
  co_return !error;
}

// Closing a socket with unread bytes resets it, and the reset can overtake our answer: let the client first
// see the end of our side, and swallow for a while what it is still sending.
awaitable<void> linger(Connection& c) {
  error_code error;
  c.tcp().socket().shutdown(tcp::socket::shutdown_send, error);
  c.buffer.clear();
  c.tcp().expires_after(std::min<std::chrono::milliseconds>(c.state.options.header_time, std::chrono::seconds{2}));
  while (!error) {
    auto [failed, size] = co_await c.tcp().async_read_some(c.buffer.prepare(16 * 1024), as_result);
    error = failed;
  }
}

awaitable<void> refuse(Connection& c, HttpResponse response) {
  ++c.state.counts.refusals;
  const bool sent = co_await write(c, std::move(response), Then::close, Send::all);
  if (sent) co_await linger(c);
}

Wanted wanted_by(const State& state, const Head& head) {
  return state.watch && beast::websocket::is_upgrade(head) ? Wanted::watch : Wanted::answer;
}

// What was given up before its end has begun: a stop, or a place that is needed.
awaitable<void> watch(Connection& c, HttpRequest request, std::shared_ptr<Notices> notices) {
  if (c.state.stopping) co_return;
  c.enter(Phase::watching);
  c.give_up.slot().assign([notices](cancellation_type) { notices->end(); });
  co_await pass_on(c.stream, request, c.state.options.watch, notices, c.state.counts.notices);
  c.give_up.slot().clear();
}

// Waits for the beginning of a request: idle_time between two, header_time for the first.
awaitable<bool> first_bytes(Connection& c, bool is_first) {
  if (!is_first) c.tcp().expires_after(c.state.options.idle_time);
  if (c.buffer.size() > 0) co_return true;
  c.buffer.shrink_to_fit();
  auto [error, size] = co_await c.stream.async_read_some(c.buffer.prepare(1024), as_result);
  c.buffer.commit(size);
  co_return !error;
}

bool is_known(const State& state, std::string_view authorization) {
  return !authorization.empty() && state.options.is_known && state.options.is_known(authorization);
}

// Makes room for `more` bytes of a body of this length, before the body takes memory for them.
bool make_room(Connection& c, Bytes& body, std::size_t more, std::size_t length) {
  const auto needed = std::min(length, body.size() + more);
  if (body.capacity() >= needed) return true;
  const auto next = std::min(length, std::max(needed, 2 * body.capacity()));
  if (!c.body->grow(next - body.capacity())) return false;
  body.reserve(next);
  return true;
}

// Moves what has come from the buffer into the body.
error_code take_in(Connection& c, wire::HttpParser<true>& parser) {
  error_code error;
  c.buffer.consume(parser.put(c.buffer.data(), error));
  c.body->received(parser.get().body().size());
  return error == http::error::need_more ? error_code{} : error;
}

awaitable<bool> go_on(Connection& c, const Head& head) {
  if (head[http::field::expect].empty() || head.version() != 11) co_return true;
  constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  auto [error, size] = co_await asio::async_write(c.stream, asio::buffer(text), as_result);
  co_return !error;
}

awaitable<bool> read_body(Connection& c, wire::HttpParser<true>& parser, bool known) {
  c.enter(Phase::receiving);
  c.body.emplace(c.state.uploads, Uploads::Body::From{c.remote, known}, [&c] { c.close(); });
  c.tcp().expires_after(c.state.options.body_time);
  const bool wanted = co_await go_on(c, parser.get());
  if (!wanted) co_return false;
  constexpr std::size_t piece = 16 * 1024;
  const auto length = static_cast<std::size_t>(parser.content_length().value_or(0));
  error_code error;
  while (!error && !parser.is_done()) {
    if (c.buffer.size() == 0) {
      auto [failed, size] = co_await c.stream.async_read_some(c.buffer.prepare(piece), as_result);
      c.buffer.commit(size);
      if (failed) co_return false;
    }
    if (!make_room(c, parser.get().body(), c.buffer.size(), length)) {
      co_await refuse(c, refusal(503, Errc::busy, "too many requests at a time\n"));
      co_return false;
    }
    error = take_in(c, parser);
  }
  c.body->whole();
  auto answer = error ? answer_to(c.state.options, error) : std::optional<HttpResponse>{};
  if (answer) co_await refuse(c, std::move(*answer));
  co_return !error;
}

HttpRequest request_of(Connection& c, wire::HttpParser<true>& parser) {
  auto message = parser.release();
  return {std::string{message.method_string()}, std::string{message.target()}, wire::headers_of(message),
          std::move(message.body()), c.remote};
}

// One request and its answer; whether there may be another.
awaitable<bool> serve_one(Connection& c) {
  c.enter(Phase::reading);
  wire::HttpParser<true> parser;
  parser.header_limit(static_cast<std::uint32_t>(c.state.options.header_bytes));
  parser.body_limit(c.state.options.body_bytes);
  c.tcp().expires_after(c.state.options.header_time);
  auto [error, size] = co_await http::async_read_header(c.stream, c.buffer, parser, as_result);
  auto answer = error ? answer_to(c.state.options, error) : objection_to(parser.get());
  if (!error && !answer) answer = objection_to_body(c.state.options, parser);
  if (answer) co_await refuse(c, std::move(*answer));
  if (error || answer) co_return false;
  const std::string authorization{parser.get()[http::field::authorization]};
  const bool known = is_known(c.state, authorization);
  bool complete = parser.is_done();
  if (!complete) complete = co_await read_body(c, parser, known);
  if (!complete) co_return false;

  c.enter(Phase::answering);
  const auto what = parser.get().method() == http::verb::head ? Send::head_only : Send::all;
  const bool wants_more = parser.keep_alive() && parser.get().version() == 11;
  const auto wanted = wanted_by(c.state, parser.get());
  auto request = request_of(c, parser);
  auto upgrade = wanted == Wanted::watch ? request : HttpRequest{};
  auto answer_or_watch = co_await run_handler(c, std::move(request), wanted);
  c.body.reset();
  if (is_known(c.state, authorization)) c.is_no_stranger();
  if (auto* notices = std::get_if<std::shared_ptr<Notices>>(&answer_or_watch)) {
    co_await watch(c, std::move(upgrade), std::move(*notices));
    co_return false;
  }
  auto response = std::get<HttpResponse>(std::move(answer_or_watch));
  const auto then = wants_more && !c.state.stopping ? Then::keep_alive : Then::close;
  const bool sent = co_await write(c, std::move(response), then, what);
  fault_point("answer.sent");
  c.enter(Phase::idle);
  const bool again = sent && then == Then::keep_alive && !c.state.stopping;
  co_return again;
}

}  // namespace

awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket) {
  if (state->stopping) co_return;
  Connection c{*state, std::move(socket)};
  c.tcp().expires_after(state->options.header_time);
  bool more = co_await shake_hands(c);
  for (bool is_first = true; more; is_first = false) {
    more = co_await first_bytes(c, is_first);
    if (more) more = co_await serve_one(c);
  }
}

}  // namespace vault::server

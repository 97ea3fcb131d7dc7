// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <list>

#include "base/log.hpp"
#include "crypto/seams.hpp"
#include "http/answer.hpp"
#include "http/listener.hpp"
#include "http/stream.hpp"
#include "http/uploads.hpp"

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

namespace {

struct Connection;
using Connections = std::list<Connection*>;

}  // namespace

struct HttpServer::State {
  State(asio::any_io_executor on, HttpServerOptions with, HttpHandler by, WatchHandler watch_by)
      : executor(std::move(on)),
        options(std::move(with)),
        handler(std::move(by)),
        watch(std::move(watch_by)),
        acceptor(executor),
        ended(executor),
        uploads({.bytes = options.bodies_bytes}) {}

  std::size_t open() const { return waiting.size() + receiving.size() + busy.size() + watching.size(); }

  asio::any_io_executor executor;
  HttpServerOptions options;
  HttpHandler handler;
  WatchHandler watch;
  std::optional<asio::ssl::context> tls;
  tcp::acceptor acceptor;
  tcp::endpoint endpoint;
  HttpServerCounts counts;
  bool stopping = false;
  asio::steady_timer ended;  // cancelled when the last connection ends
  Connections waiting;       // for a request or its head, longest wait first: these can be spared
  Connections receiving;     // a body: `uploads` says which can be spared
  Connections busy;          // with an answer
  Connections watching;      // WebSockets, oldest first
  Uploads uploads;
  std::size_t strangers = 0;  // connections with TLS that have named no session
};

namespace {

using State = HttpServer::State;

using ReadAtLeast = asio::socket_base::receive_low_watermark;

enum class Phase { idle, reading, receiving, answering, watching };

// In this file no co_await stands in a condition: g++ 12 makes an illegal instruction of some of those.

// A connection is a coroutine, serve(), and this is on its frame. While it lives it is in one of the lists.
struct Connection {
  Connection(State& in, tcp::socket socket) : state(in), stream(std::move(socket)), buffer(wire::http_buffer_bytes) {
    error_code ignored;
    const auto peer = tcp().socket().remote_endpoint(ignored);
    remote = peer.address().to_string();
    tcp().socket().set_option(tcp::no_delay(true), ignored);
    place = state.waiting.insert(state.waiting.end(), this);
  }
  Connection(const Connection&) = delete;
  ~Connection() {
    is_no_stranger();
    list().erase(place);
    if (state.open() == 0) state.ended.cancel();
  }

  wire::TcpStream& tcp() { return stream.tcp(); }
  Connections& list() {
    if (phase == Phase::watching) return state.watching;
    if (phase == Phase::receiving) return state.receiving;
    return phase == Phase::answering ? state.busy : state.waiting;
  }

  void enter(Phase next) {
    auto& from = list();
    phase = next;
    list().splice(list().end(), from, place);
  }

  // It costs TLS from here on, and is anybody's until it has named a session that has proven itself.
  void is_stranger() {
    stranger = true;
    ++state.strangers;
  }
  void is_no_stranger() {
    if (std::exchange(stranger, false)) --state.strangers;
  }

  // Its coroutine sees its operation fail, and ends.
  void close() { tcp().close(); }

  State& state;
  wire::HttpStream stream;
  beast::flat_buffer buffer;  // may hold the beginning of the next request
  asio::cancellation_signal give_up;
  std::string remote;
  Phase phase = Phase::idle;
  bool stranger = false;
  std::optional<Uploads::Body> body;
  Connections::iterator place;
};

// ---- Writing

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

// ---- Refusing

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

HttpResponse too_large(std::size_t most) {
  return refusal(413, Errc::limit, fmt::format("a request body holds up to {} bytes\n", most));
}

// The answer to what Beast would not parse; none if the connection failed.
std::optional<HttpResponse> answer_to(const State& state, error_code error) {
  if (error.category() != make_error_code(http::error::bad_method).category()) return {};
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error == http::error::body_limit) return too_large(state.options.body_bytes);
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return refusal(431, Errc::limit, fmt::format("headers hold up to {} bytes\n", state.options.header_bytes));
  return refusal(400, Errc::usage, "malformed request\n");
}

using Head = http::header<true, http::fields>;

bool is_known(http::verb method) {
  for (auto known : {http::verb::get, http::verb::head, http::verb::post, http::verb::put, http::verb::delete_})
    if (method == known) return true;
  return false;
}

// What is well formed and still not accepted. A body has to state its length: two ways to say where a request
// ends are one too many for a server behind proxies.
std::optional<HttpResponse> objection_to(const Head& head) {
  if (head.count(http::field::transfer_encoding) > 0) return refusal(411, Errc::usage, "Content-Length is required\n");
  if (head.count(http::field::host) > 1 || (head.version() == 11 && head.count(http::field::host) == 0))
    return refusal(400, Errc::usage, "exactly one Host is required\n");
  if (!head.target().starts_with('/')) return refusal(400, Errc::usage, "the target is not a path\n");
  if (!is_known(head.method())) {
    auto answer = refusal(405, Errc::usage, "unknown method\n");
    answer.headers.push_back({"Allow", "GET, HEAD, POST, PUT, DELETE"});
    return answer;
  }
  const auto expect = head[http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue"))
    return refusal(417, Errc::usage, "unknown expectation\n");
  return {};
}

// The same for a body that is larger than its path takes.
std::optional<HttpResponse> objection_to_body(const State& state, const wire::HttpParser<true>& parser) {
  if (!state.options.body_limit) return {};
  const auto target = parser.get().target();
  const auto most = state.options.body_limit(std::string_view{target.data(), target.size()});
  if (parser.content_length().value_or(0) <= most) return {};
  return too_large(most);
}

// ---- Running the handler

enum class Wanted { answer, watch };

awaitable<Watched> plain_answer(State& state, HttpRequest request) {
  co_return co_await state.handler(std::move(request));
}

bool can_be_sent(const Watched& answer) {
  const auto* response = std::get_if<HttpResponse>(&answer);
  if (response == nullptr) return true;
  return response->status >= 200 && response->status <= 599 && wire::are_writable(response->headers);
}

awaitable<Watched> handle(State& state, HttpRequest request, Wanted wanted) {
  try {
    auto work = wanted == Wanted::watch ? state.watch(std::move(request)) : plain_answer(state, std::move(request));
    auto answer = co_await std::move(work);
    if (can_be_sent(answer)) co_return answer;
    log::error("answer cannot be sent", {{"status", std::get<HttpResponse>(answer).status}});
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) co_return refusal(503, Errc::busy, "given up\n");
    log::error("request failed", {{"error", e.code()}});
  } catch (const std::exception&) {
    log::error("request failed");
  }
  co_return refusal(500, Errc::internal, "internal error\n");
}

// While a handler runs: passes on that the client has gone or that the time is over. The callbacks may come
// when there is no longer anybody to tell, and therefore share this.
struct Watch {
  explicit Watch(Connection& of) : connection(&of), overtime(of.state.executor, of.state.options.handler_time) {}
  void tell(cancellation_type how) const {
    if (connection != nullptr) connection->give_up.emit(how);
  }
  Connection* connection;
  asio::steady_timer overtime;
};

// If there are bytes to read, the client is there and has sent its next request.
bool has_hung_up(tcp::socket& socket) {
  char byte;
  return recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

class Watching {
 public:
  explicit Watching(Connection& c) : watch_(std::make_shared<Watch>(c)) {
    watch_->overtime.async_wait([watch = watch_](error_code error) {
      if (!error) watch->tell(cancellation_type::terminal);
    });
    c.tcp().socket().async_wait(tcp::socket::wait_read, [watch = watch_](error_code error) {
      if (error || watch->connection == nullptr) return;
      if (has_hung_up(watch->connection->tcp().socket())) watch->tell(cancellation_type::total);
    });
  }
  Watching(const Watching&) = delete;
  ~Watching() {
    auto& c = *std::exchange(watch_->connection, nullptr);
    c.give_up.slot().clear();
    error_code ignored;
    c.tcp().socket().cancel(ignored);  // the wait for a hang-up is all that is under way on it
    watch_->overtime.cancel();
  }

 private:
  std::shared_ptr<Watch> watch_;
};

awaitable<Watched> run_handler(Connection& c, HttpRequest request, Wanted wanted) {
  ++c.state.counts.requests;
  const Watching watching{c};
  co_return co_await asio::co_spawn(c.state.executor, handle(c.state, std::move(request), wanted),
                                    asio::bind_cancellation_slot(c.give_up.slot(), asio::use_awaitable));
}

// ---- A WebSocket

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

// ---- One connection

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
  auto answer = error ? answer_to(c.state, error) : std::optional<HttpResponse>{};
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
  auto answer = error ? answer_to(c.state, error) : objection_to(parser.get());
  if (!error && !answer) answer = objection_to_body(c.state, parser);
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
  crypto::seams::fault_point("answer.sent");
  c.enter(Phase::idle);
  const bool again = sent && then == Then::keep_alive && !c.state.stopping;
  co_return again;
}

// Waits until so many bytes can be read at once, without reading them.
awaitable<bool> has_come(Connection& c, std::size_t bytes, asio::steady_timer& deadline) {
  using namespace asio::experimental::awaitable_operators;
  auto& socket = c.tcp().socket();
  error_code ignored;
  socket.set_option(ReadAtLeast{static_cast<int>(bytes)}, ignored);
  const auto first = co_await (socket.async_wait(tcp::socket::wait_read, as_result) || deadline.async_wait(as_result));
  if (first.index() != 0 || std::get<0>(std::get<0>(first))) co_return false;
  co_return socket.available(ignored) >= bytes;
}

// Waits for a client's whole hello, as its record says how long it is. Until then a connection costs no TLS.
awaitable<bool> whole_hello(Connection& c) {
  constexpr std::size_t header = 6;  // of the record, and the first byte of what is in it
  asio::steady_timer deadline{c.state.executor, c.state.options.header_time};
  bool good = co_await has_come(c, header, deadline);
  std::array<std::uint8_t, header> first{};
  if (good) good = recv(c.tcp().socket().native_handle(), first.data(), header, MSG_PEEK) == header;
  const std::size_t length = std::size_t{first[3]} << 8 | first[4];
  if (good) good = first[0] == 22 && first[1] == 3 && first[5] == 1 && length <= 16 * 1024;
  if (good) good = co_await has_come(c, 5 + length, deadline);
  error_code ignored;
  if (good) c.tcp().socket().set_option(ReadAtLeast{1}, ignored);
  co_return good;
}

// Closes strangers that have TLS, longest wait first, until there is room for one more.
bool make_room_for_stranger(State& state) {
  if (state.strangers < state.options.tls_strangers) return true;
  for (const auto* list : {&state.waiting, &state.receiving})
    for (auto* c : *list) {
      if (!c->stranger) continue;
      c->is_no_stranger();
      c->close();
      return true;
    }
  return false;
}

awaitable<bool> shake_hands(Connection& c) {
  if (!c.state.tls) co_return true;
  const bool begun = co_await whole_hello(c);
  if (!begun || !make_room_for_stranger(c.state)) co_return false;
  c.is_stranger();
  c.tcp().expires_after(c.state.options.header_time);
  c.stream.start_tls(*c.state.tls);
  const auto error = co_await c.stream.handshake(asio::ssl::stream_base::server);
  co_return !error;
}

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

// ---- Accepting

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

// ---- Starting and stopping

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

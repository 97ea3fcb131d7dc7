// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <netinet/tcp.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "http/errc.hpp"
#include "http/stream.hpp"
#include "http/tls_trust.hpp"

namespace vault::daemon {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using wire::as_result;
using wire::HttpRequest;
using wire::HttpResponse;
using Clock = std::chrono::steady_clock;

namespace {

struct Connection {
  explicit Connection(asio::any_io_executor executor) : stream(std::move(executor)), buffer(wire::http_buffer_bytes) {}
  wire::TcpStream& tcp() { return stream.tcp(); }

  wire::HttpStream stream;
  beast::flat_buffer buffer;
  Clock::time_point idle_since;
};
using ConnectionPtr = std::unique_ptr<Connection>;

}  // namespace

struct HttpClient::State {
  State(asio::any_io_executor on, wire::Origin to, HttpClientOptions with)
      : executor(std::move(on)),
        origin(std::move(to)),
        options(std::move(with)),
        trust(executor, origin.host(), options.ca_file) {}

  asio::any_io_executor executor;
  wire::Origin origin;
  HttpClientOptions options;
  TlsTrust trust;
  std::vector<ConnectionPtr> kept;  // longest idle first
  HttpClientCounts counts;
};

namespace {

using State = HttpClient::State;
using StatePtr = std::shared_ptr<State>;

// ---- Errors

bool is_tls(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() ||
         error.category() == asio::ssl::error::get_stream_category();
}

// What went wrong while a request was sent or its answer read, as send() promises it.
error_code reported(const error_code& error) {
  if (error == beast::error::timeout) return Errc::offline;
  if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow)
    return Errc::limit;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return Errc::offline;
  if (error.category() == make_error_code(http::error::bad_method).category()) return HttpErrc::server_answer_bad;
  const auto klass = class_of(error);
  if (error == HttpErrc::server_answer_bad || klass == Errc::offline || klass == Errc::cancelled) return error;
  return Errc::offline;
}

// The peer went away, as opposed to having said something wrong or nothing in time.
bool is_closed(const error_code& error) {
  for (auto closed :
       {error_code{http::error::end_of_stream}, error_code{asio::error::eof}, error_code{asio::error::connection_reset},
        error_code{asio::error::connection_aborted}, error_code{asio::error::broken_pipe},
        error_code{asio::error::timed_out}, error_code{asio::ssl::error::stream_truncated}})
    if (error == closed) return true;
  return false;
}

// ---- Connecting

// Asio looks names up on a thread of its own, and nothing interrupts that: who stops waiting, leaves.
struct Lookup {
  explicit Lookup(asio::any_io_executor executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  error_code error = Errc::offline;  // until there is an answer
  std::vector<tcp::endpoint> found;
};

awaitable<Result<std::vector<tcp::endpoint>>> look_up(StatePtr state, Clock::time_point end) {
  auto lookup = std::make_shared<Lookup>(state->executor);
  lookup->done.expires_at(end);
  lookup->resolver.async_resolve(state->origin.host(), std::to_string(state->origin.port()),
                                 tcp::resolver::numeric_service,
                                 [lookup](error_code error, const tcp::resolver::results_type& results) {
                                   lookup->error = error;
                                   for (const auto& entry : results) lookup->found.push_back(entry.endpoint());
                                   lookup->done.cancel();
                                 });
  co_await lookup->done.async_wait(as_result);
  if (lookup->error) co_return reported(lookup->error);
  co_return std::move(lookup->found);
}

// Where plain HTTP may go, even if some resolver says that "localhost" is elsewhere.
void keep_loopback(std::vector<tcp::endpoint>& endpoints) {
  std::erase_if(endpoints, [](const tcp::endpoint& e) { return !e.address().is_loopback(); });
}

void tune(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  // A kept connection may have died silently, over a suspend for instance: sent data that nobody acknowledges
  // ends it long before our deadline, and the request gets its second try.
  using user_timeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  socket.set_option(user_timeout{10'000}, ignored);
}

// Each of the addresses gets its share of the time that is left, so that a dead first one does not eat it all.
awaitable<error_code> connect(StatePtr state, Connection& c, Clock::time_point end) {
  auto endpoints = co_await look_up(state, end);
  if (!endpoints) co_return endpoints.error();
  if (!state->origin.tls()) keep_loopback(*endpoints);
  error_code error = asio::error::host_not_found;
  auto left = static_cast<int>(endpoints->size());
  for (const auto& endpoint : *endpoints) {
    c.tcp().expires_after((end - Clock::now()) / left--);
    std::tie(error) = co_await c.tcp().async_connect(endpoint, as_result);
    if (!error || class_of(error) == Errc::cancelled) break;
    c.tcp().close();
  }
  if (error) co_return reported(error);
  tune(c.tcp().socket());
  co_return error_code{};
}

bool is_name(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return static_cast<bool>(error);
}

awaitable<error_code> shake_hands(StatePtr state, Connection& c, TlsTrust::Context trusted) {
  auto* tls = c.stream.start_tls(*trusted);
  const auto& host = state->origin.host();
  if (is_name(host) && SSL_set_tlsext_host_name(tls, host.c_str()) != 1) co_return HttpErrc::tls_refused;
  const auto error = co_await c.stream.handshake(asio::ssl::stream_base::client);
  if (error == asio::ssl::error::stream_truncated) co_return Errc::offline;
  if (is_tls(error)) co_return HttpErrc::tls_refused;
  co_return error ? reported(error) : error;
}

awaitable<Result<ConnectionPtr>> fresh_connection(StatePtr state, Clock::time_point end) {
  TlsTrust::Context trusted;
  if (state->origin.tls()) {
    auto context = co_await state->trust.context(end);
    if (!context) co_return context.error();
    trusted = std::move(*context);
  }
  auto c = std::make_unique<Connection>(state->executor);
  auto error = co_await connect(state, *c, end);
  if (error) co_return error;
  ++state->counts.connections;
  c->tcp().expires_at(end);
  if (trusted) error = co_await shake_hands(state, *c, trusted);
  if (error) co_return error;
  co_return std::move(c);
}

// ---- Keeping

ConnectionPtr take_kept(State& state) {
  std::erase_if(state.kept, [&](const auto& c) { return Clock::now() - c->idle_since > state.options.idle_time; });
  if (state.kept.empty()) return {};
  auto c = std::move(state.kept.back());
  state.kept.pop_back();
  return c;
}

void keep(State& state, ConnectionPtr c) {
  c->tcp().expires_never();
  c->buffer.shrink_to_fit();
  c->idle_since = Clock::now();
  if (state.kept.size() >= state.options.kept && !state.kept.empty()) state.kept.erase(state.kept.begin());
  if (state.options.kept > 0) state.kept.push_back(std::move(c));
}

// ---- One request on one connection

std::string head_of(const wire::Origin& origin, const HttpRequest& request) {
  VAULT_ASSERT(wire::are_writable(request.headers));
  VAULT_ASSERT(request.target.starts_with('/') && request.target.find_first_of(" \r\n") == std::string::npos);
  std::string head = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: ";
  head.append(origin.authority()).append("\r\nUser-Agent: vaultd\r\n");
  if (!request.body.empty() || request.method != "GET")
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  wire::append_headers(head, request.headers);
  return head += "\r\n";
}

using Parser = wire::HttpParser<false>;
using ParserPtr = std::unique_ptr<Parser>;

enum class Body { expected, none };  // none: the answer to HEAD

ParserPtr parser_for(Body body, std::size_t body_limit) {
  auto parser = std::make_unique<Parser>();
  parser->header_limit(limits::http_header_bytes);
  parser->body_limit(body_limit);
  parser->skip(body == Body::none);
  return parser;
}

// Nobody asked for more than one interim answer; a server that sends them without end is told off.
constexpr int interim_answers = 4;

// What is well formed and still no answer for us. One that ends where the connection ends may be cut short
// without anybody noticing.
bool is_acceptable(const Parser& parser) {
  const auto& head = parser.get();
  auto is_plain = [&](http::field field, std::string_view plain) {
    return head.count(field) == 0 || beast::iequals(head[field], plain);
  };
  return head.result_int() >= 200 && head.result_int() <= 599 && !parser.need_eof() &&
         is_plain(http::field::content_encoding, "identity") && is_plain(http::field::transfer_encoding, "chunked");
}

// The head of the answer, after at most a few interim ones.
awaitable<error_code> read_head(Connection& c, ParserPtr& parser, Body body, std::size_t body_limit) {
  for (int n = 0; n <= interim_answers; ++n) {
    parser = parser_for(body, body_limit);
    auto [error, size] = co_await http::async_read_header(c.stream, c.buffer, *parser, as_result);
    if (error) co_return error;
    const auto status = parser->get().result_int();
    if (status / 100 != 1 || status == 101) break;
  }
  co_return is_acceptable(*parser) ? error_code{} : HttpErrc::server_answer_bad;
}

struct Answer {
  error_code error;
  HttpResponse response;
  bool any_bytes = false;  // of the answer
  bool keep_alive = false;
};

// A write that fails is no reason not to read: a server that refuses a large request answers before its end.
awaitable<Answer> exchange(Connection& c, const std::string& head, const HttpRequest& request, std::size_t body_limit) {
  Answer out;
  const std::array parts{asio::buffer(head), asio::buffer(request.body)};
  auto [unsent, sent] = co_await asio::async_write(c.stream, parts, as_result);
  if (unsent && !is_closed(unsent)) co_return Answer{unsent, {}, false, false};
  c.buffer.reserve(wire::http_buffer_bytes);
  ParserPtr parser;
  out.error = co_await read_head(c, parser, request.method == "HEAD" ? Body::none : Body::expected, body_limit);
  out.any_bytes = parser->got_some() || c.buffer.size() > 0;
  if (out.error) co_return out;
  if (!parser->is_done())
    std::tie(out.error, std::ignore) = co_await http::async_read(c.stream, c.buffer, *parser, as_result);
  if (out.error) co_return out;
  out.keep_alive = !unsent && parser->keep_alive() && c.buffer.size() == 0;
  auto message = parser->release();
  out.response = {static_cast<int>(message.result_int()), wire::headers_of(message), std::move(message.body())};
  co_return out;
}

Result<HttpResponse> finish(State& state, ConnectionPtr c, Answer answer) {
  if (answer.error) return reported(answer.error);
  if (answer.keep_alive) keep(state, std::move(c));
  return std::move(answer.response);
}

awaitable<Result<HttpResponse>> send_on(StatePtr state, HttpRequest request, Clock::time_point end, std::size_t limit) {
  const auto head = head_of(state->origin, request);
  auto c = take_kept(*state);
  if (c) {
    c->tcp().expires_at(end);
    auto answer = co_await exchange(*c, head, request, limit);
    if (!is_closed(answer.error) || answer.any_bytes) co_return finish(*state, std::move(c), std::move(answer));
  }
  auto fresh = co_await fresh_connection(state, end);
  if (!fresh) co_return fresh.error();
  auto answer = co_await exchange(**fresh, head, request, limit);
  co_return finish(*state, std::move(*fresh), std::move(answer));
}

}  // namespace

HttpClient::HttpClient(asio::any_io_executor executor, wire::Origin origin, HttpClientOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(origin), std::move(options))) {}

awaitable<Result<void>> HttpClient::ready() {
  const auto state = state_;
  if (!state->origin.tls()) co_return Result<void>{};
  const auto trusted = co_await state->trust.context(Clock::now() + limits::ca_file_patience);
  co_return trusted ? Result<void>{} : Result<void>{trusted.error()};
}

awaitable<Result<HttpResponse>> HttpClient::send(HttpRequest request, std::chrono::milliseconds deadline,
                                                 std::size_t body_limit) {
  ++state_->counts.requests;
  return send_on(state_, std::move(request), Clock::now() + deadline, body_limit);
}

awaitable<WebSocket::Opened> HttpClient::upgrade(HttpRequest request, std::chrono::milliseconds deadline) {
  ++state_->counts.requests;
  const auto state = state_;
  auto fresh = co_await fresh_connection(state, Clock::now() + deadline);
  if (!fresh) co_return fresh.error();
  const std::shared_ptr<Connection> connection{std::move(*fresh)};
  auto stream = std::shared_ptr<wire::HttpStream>{connection, &connection->stream};
  co_return co_await WebSocket::open(std::move(stream), state->origin, std::move(request), deadline);
}

void HttpClient::drop_kept() { state_->kept.clear(); }

const wire::Origin& HttpClient::origin() const { return state_->origin; }
HttpClientCounts HttpClient::counts() const { return state_->counts; }

}  // namespace vault::daemon

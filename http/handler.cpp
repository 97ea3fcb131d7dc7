// SPDX-License-Identifier: Apache-2.0
#include "http/handler.hpp"

#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/log.hpp"
#include "http/answer.hpp"

namespace vault::server {

namespace asio = boost::asio;
using asio::awaitable;
using asio::cancellation_type;
using asio::ip::tcp;
using boost::system::error_code;
using wire::HttpRequest;
using wire::HttpResponse;
using State = HttpServer::State;

namespace {

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

}  // namespace

awaitable<Watched> run_handler(Connection& c, HttpRequest request, Wanted wanted) {
  ++c.state.counts.requests;
  const Watching watching{c};
  co_return co_await asio::co_spawn(c.state.executor, handle(c.state, std::move(request), wanted),
                                    asio::bind_cancellation_slot(c.give_up.slot(), asio::use_awaitable));
}

}  // namespace vault::server

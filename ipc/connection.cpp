#include "ipc/connection.hpp"

#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "ipc/dispatch.hpp"
#include "ipc/passed_file.hpp"
#include "ipc/socket_path.hpp"

namespace vault::ipc {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t chunk_bytes = 16 * 1024;
constexpr auto never = asio::steady_timer::time_point::max();

bool is_for_cancelling(const Message& message) {
  const auto* request = std::get_if<Request>(&message.entries.front());
  return !message.batch && request != nullptr && !request->id && request->method == "$/cancelRequest";
}

bool wants_answer(const Message& message) {
  return std::any_of(message.entries.begin(), message.entries.end(), [](const auto& entry) {
    const auto* request = std::get_if<Request>(&entry);
    return request == nullptr || request->id;
  });
}

}  // namespace

Connection::Connection(Socket socket, const Registry& registry, const Deadlines& deadlines)
    : socket_(std::move(socket)),
      peer_(peer_pid(socket_.native_handle())),
      registry_(registry),
      deadlines_(deadlines),
      in_(limits::frame_bytes),
      chunk_(chunk_bytes),
      changed_(socket_.get_executor(), never),
      read_deadline_(socket_.get_executor(), never),
      write_deadline_(socket_.get_executor(), never) {}

awaitable<void> Connection::serve() {
  start(write_answers());
  start(watch(read_deadline_));
  start(watch(write_deadline_));
  co_await read_requests();
  start(watch_hangup());
  co_await until([this] { return over_ || (calls_running_ == 0 && unsent() == 0); });
  abandon();
  boost::system::error_code ignored;
  socket_.close(ignored);
  co_await until([this] { return calls_running_ == 0 && tasks_ == 0; });
}

template <class Condition>
awaitable<void> Connection::until(Condition condition) {
  while (!condition()) co_await changed_.async_wait(tuple);
}

// Everything started here has ended before serve() returns, so it may use this object.
void Connection::start(awaitable<void> task) {
  ++tasks_;
  asio::co_spawn(socket_.get_executor(), std::move(task), [this](std::exception_ptr error) {
    --tasks_;
    if (error) {
      log::error("a connection failed unexpectedly");
      abandon();
    }
    notify();
  });
}

void Connection::finish() {
  finishing_ = true;
  stop_reading();
  notify();
}

void Connection::abandon() {
  over_ = true;
  stop_reading();
  read_deadline_.expires_at(never);  // wakes the watchers, which see that it is over
  write_deadline_.expires_at(never);
  if (socket_.is_open()) socket_.cancel();
  cancel_calls();
  notify();
}

void Connection::give_way() {
  Wire text, out;
  write_json(text, failure_answer(nullptr, failure_of(Errc::too_many_connections)));
  write_frame(out, in_.style(), text_of(text));
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  if (unsent() == 0) socket_.write_some(asio::buffer(out), ignored);
  abandon();
}

void Connection::stop_reading() {
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.shutdown(Socket::shutdown_receive, ignored);  // a pending read sees the end
}

bool Connection::may_take_requests() const {
  return unsent() <= limits::unsent_bytes && calls_running_ < limits::calls;
}

awaitable<void> Connection::read_requests() {
  read_deadline_.expires_after(deadlines_.first_request);
  while (!finishing_ && !over_) {
    if (!may_take_requests()) {
      frame_begun_ = false;  // while we do not read, the client cannot be late
      read_deadline_.expires_at(never);
      co_await until([this] { return finishing_ || over_ || may_take_requests(); });
      continue;
    }
    auto frame = in_.next();
    if (!frame) {
      if (frame.error() == Errc::usage) say(malformed(rpc_code::parse_error, "parse error: bad frame headers"));
      else say(failure_of(frame.error()));
      co_return;
    }
    if (*frame) {
      frame_begun_ = false;
      read_deadline_.expires_at(never);
      asked_ = true;
      last_progress_ = Timer::clock_type::now();
      auto file = take_file();
      auto message = co_await parse(**frame);
      if (over_) co_return;
      message.file = std::move(file);
      message.peer = peer_;
      begin(std::move(message));
    } else if (!co_await read_more()) {
      co_return;
    }
  }
}

awaitable<Message> Connection::parse(std::string_view frame) {
  auto read = [frame] { return read_message(frame); };
  if (frame.size() <= limits::bulk_bytes) co_return read();
  auto large = co_await run_on(registry_.bulk(), read);
  co_return large;
}

awaitable<bool> Connection::read_more() {
  if (in_.begun() && !std::exchange(frame_begun_, true)) read_deadline_.expires_after(deadlines_.frame);
  const auto [error] = co_await socket_.async_wait(Socket::wait_read, tuple);
  if (error) co_return false;
  auto got = receive(socket_.native_handle(), chunk_);
  if (got.size < 0) co_return errno == EAGAIN || errno == EINTR;
  if (got.size == 0) co_return false;
  const auto size = static_cast<std::size_t>(got.size);
  in_.append({chunk_.data(), size});
  wipe({reinterpret_cast<std::uint8_t*>(chunk_.data()), size});
  keep_file(std::move(got.file));
  co_return true;
}

// A second one for a frame that has one is closed.
void Connection::keep_file(File file) {
  if (!file || file_) return;
  file_ = std::move(file);
  file_end_ = in_.received();
}

File Connection::take_file() {
  if (!file_ || in_.given() < file_end_) return File{};
  return std::move(file_);
}

awaitable<void> Connection::watch(Timer& deadline) {
  while (!over_) {
    const auto [error] = co_await deadline.async_wait(tuple);
    if (error || over_ || deadline.expiry() > Timer::clock_type::now()) continue;
    deadline.expires_at(never);
    if (&deadline == &write_deadline_) {
      abandon();
    } else {
      say(failure_of(Errc::busy));
      finish();
    }
  }
}

// After the client's last byte: has it ended its sending side only, or is it gone?
awaitable<void> Connection::watch_hangup() {
  while (!over_) {
    pollfd peer{.fd = socket_.native_handle(), .events = 0, .revents = 0};
    if (poll(&peer, 1, 0) == 1 && (peer.revents & (POLLHUP | POLLERR)) != 0) {
      abandon();
      co_return;
    }
    const auto [error] = co_await socket_.async_wait(Socket::wait_error, tuple);
    if (error) co_return;
  }
}

awaitable<void> Connection::write_answers() {
  for (;;) {
    co_await until([this] { return over_ || !out_.empty(); });
    if (over_) co_return;
    sending_ = std::exchange(out_, Wire{});
    for (sent_ = 0; sent_ < sending_.size();) {
      write_deadline_.expires_after(deadlines_.unread);
      const auto [error, size] = co_await socket_.async_write_some(asio::buffer(sending_) + sent_, tuple);
      if (error) {
        abandon();
        co_return;
      }
      sent_ += size;
      last_progress_ = Timer::clock_type::now();
    }
    sending_ = Wire{};
    sent_ = 0;
    write_deadline_.expires_at(never);
    notify();
  }
}

void Connection::say(std::string_view text) {
  if (over_) return;
  write_frame(out_, in_.style(), text);
  notify();
}

void Connection::say(const Failure& failure) {
  Wire text;
  write_json(text, failure_answer(nullptr, failure));
  say(text_of(text));
}

void Connection::begin(Message message) {
  calls_.remove_if([](const Running& call) { return call.done; });
  if (is_for_cancelling(message)) return cancel_one(std::get<Request>(message.entries.front()).params);
  auto& call = calls_.emplace_back();
  call.answered = wants_answer(message);
  if (const auto* request = std::get_if<Request>(&message.entries.front()); request && !message.batch)
    call.id = request->id;
  ++calls_running_;
  asio::co_spawn(socket_.get_executor(), answer(std::move(message)),
                 asio::bind_cancellation_slot(call.cancel.slot(), [this, &call](std::exception_ptr error) {
                   call.done = true;
                   --calls_running_;
                   if (error) {
                     log::error("a call failed unexpectedly");
                     abandon();
                   }
                   notify();
                 }));
}

awaitable<void> Connection::answer(Message message) {
  const auto text = co_await dispatch(registry_, std::move(message));
  if (!text.empty()) say(text_of(text));
}

void Connection::cancel_one(const json::value& params) {
  const auto* object = params.if_object();
  const auto* id = object ? object->if_contains("id") : nullptr;
  if (id == nullptr) return;
  for (auto& call : calls_)
    if (!call.done && call.id && *call.id == *id) call.cancel.emit(asio::cancellation_type::terminal);
}

void Connection::cancel_calls() {
  for (auto& call : calls_)
    if (!call.done && call.answered) call.cancel.emit(asio::cancellation_type::terminal);
}

}  // namespace vault::ipc

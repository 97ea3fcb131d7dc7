// SPDX-License-Identifier: Apache-2.0
#include "ipc/connection.hpp"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "ipc/dispatch.hpp"
#include "ipc/errc.hpp"
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
  start(watch_hangup());
  co_await read_requests();
  co_await until([this] { return over_ || gone_ || (calls_running_ == 0 && unsent_ == 0); });
  abandon();
  boost::system::error_code ignored;
  socket_.close(ignored);
  co_await until([this] { return calls_running_ == 0 && tasks_ == 0; });
}

template <class Condition>
awaitable<void> Connection::until(Condition condition) {
  while (!condition()) co_await changed_.async_wait(tuple);
}

// Runs `task`. It may use this object, since serve() returns only when everything started here has ended.
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
  read_deadline_.expires_at(never);  // wakes the watchers, which then see over_
  write_deadline_.expires_at(never);
  if (socket_.is_open()) socket_.cancel();
  drop_answers();
  cancel_calls();
  notify();
}

// Notes that the client is gone. What it sent before is still read, since there may be notifications in it.
void Connection::hang_up() {
  gone_ = true;
  cancel_calls();
  notify();
}

void Connection::drop_answers() {
  out_.clear();
  unsent_ = sent_ = 0;
  untaken_.drop();
}

void Connection::give_way() {
  Wire text, out;
  write_json(text, failure_answer(nullptr, failure_of(IpcErrc::too_many_connections)));
  write_frame(out, in_.style(), text_of(text));
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  if (unsent_ == 0) socket_.write_some(asio::buffer(out), ignored);
  abandon();
}

void Connection::stop_reading() {
  boost::system::error_code ignored;
  if (socket_.is_open()) socket_.shutdown(Socket::shutdown_receive, ignored);  // a pending read sees the end
}

bool Connection::may_take_requests() const {
  return unsent_ <= limits::unsent_bytes && calls_running_ < limits::calls && asked_bytes_ <= limits::asked_bytes;
}

awaitable<void> Connection::read_requests() {
  read_deadline_.expires_after(deadlines_.first_request);
  while (!finishing_ && !over_) {
    if (!may_take_requests()) {
      frame_begun_ = false;  // the client cannot be late while we do not read
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
      auto hold = registry_.values().take(*this);
      auto message = co_await parse(**frame);
      if (over_) co_return;
      message.file = std::move(file);
      message.peer = peer_;
      begin(std::move(message), std::move(hold));
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

// Keeps the file for its frame. Closes a second file for the same frame.
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

// Tells a client that is gone from one that only ended its sending side.
awaitable<void> Connection::watch_hangup() {
  while (!over_) {
    pollfd peer{.fd = socket_.native_handle(), .events = 0, .revents = 0};
    if (poll(&peer, 1, 0) == 1 && (peer.revents & (POLLHUP | POLLERR)) != 0) {
      hang_up();
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
    write_deadline_.expires_after(deadlines_.unread);
    const auto [error, size] = co_await socket_.async_write_some(next_bytes(), tuple);
    if (error) {
      if (gone_) drop_answers();
      else abandon();
      notify();
      co_return;
    }
    if (!over_) sent(size);
    if (!out_.empty()) continue;
    write_deadline_.expires_at(never);
    notify();
  }
}

// Returns as many parts as one system call takes.
std::vector<asio::const_buffer> Connection::next_bytes() const {
  constexpr std::size_t most = 64;
  std::vector<asio::const_buffer> out;
  auto skip = sent_;
  for (const auto& answer : out_)
    for (const auto& part : answer.parts) {
      if (out.size() == most) return out;
      if (skip < part.size()) out.push_back(asio::buffer(part) + skip);
      skip -= std::min(skip, part.size());
    }
  return out;
}

void Connection::sent(std::size_t bytes) {
  last_progress_ = Timer::clock_type::now();
  registry_.answers().progress(party());
  unsent_ -= bytes;
  sent_ += bytes;
  while (!out_.empty() && sent_ >= out_.front().size()) {
    sent_ -= out_.front().size();
    if (out_.front().hold && !untaken_) untaken_ = std::move(out_.front().hold);
    out_.pop_front();
  }
  drop_taken();
}

bool Connection::has_untaken_bytes() {
  int bytes = 0;
  return ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

void Connection::drop_taken() {
  if (untaken_ && !has_untaken_bytes()) untaken_.drop();
}

AnswersInFlight::Party Connection::party() const {
  AnswersInFlight::Party out{};
  const auto* self = this;
  std::memcpy(out.data(), &self, sizeof self);
  return out;
}

void Connection::say(Answer answer) {
  if (over_ || gone_ || answer.empty()) return;
  const auto ends = frame_ends(in_.style(), answer.size());
  if (!ends.before.empty()) answer.parts.emplace(answer.parts.begin(), ends.before.begin(), ends.before.end());
  if (!ends.after.empty()) answer.parts.emplace_back(ends.after.begin(), ends.after.end());
  unsent_ += answer.size();
  if (answer.room) answer.room->begins([this] { abandon(); });
  out_.push_back(std::move(answer));
  notify();
}

void Connection::say(const Failure& failure) {
  Answer out;
  write_json(out.parts.emplace_back(), failure_answer(nullptr, failure));
  say(std::move(out));
}

void Connection::begin(Message message, Values::Hold hold) {
  calls_.remove_if([](const Running& call) { return call.done; });
  if (is_for_cancelling(message)) return cancel_one(std::get<Request>(message.entries.front()).params);
  if (gone_ && wants_answer(message)) return;
  auto& call = calls_.emplace_back();
  call.answered = wants_answer(message);
  call.bytes = message.bytes;
  if (const auto* request = std::get_if<Request>(&message.entries.front()); request && !message.batch)
    call.id = request->id;
  ++calls_running_;
  asked_bytes_ += call.bytes;
  asio::co_spawn(socket_.get_executor(), answer(std::move(message), std::move(hold)),
                 asio::bind_cancellation_slot(call.cancel.slot(), [this, &call](std::exception_ptr error) {
                   call.done = true;
                   --calls_running_;
                   asked_bytes_ -= call.bytes;
                   if (error) {
                     log::error("a call failed unexpectedly");
                     abandon();
                   }
                   notify();
                 }));
}

awaitable<void> Connection::answer(Message message, Values::Hold hold) {
  auto answer = co_await dispatch(registry_, *this, std::move(message), std::move(hold));
  say(std::move(answer));
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

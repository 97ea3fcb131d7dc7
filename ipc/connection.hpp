// SPDX-License-Identifier: Apache-2.0
// Serves one client of the daemon: reads frames, runs what they ask for, writes the answers.
//
// Requests of a connection run at the same time, up to limits::calls, and are answered as they finish; those of a batch
// run in order. A client that does not read its answers is not read from: no request is taken while
// limits::unsent_bytes of answers or limits::asked_bytes of running requests are exceeded. A client that goes away
// cancels its calls, whether or not it is being read from. One that only ends its sending side still gets its answers.
// A frame may bring one file: ipc/passed_file.hpp. Everything here runs on the executor of the socket, in one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>

#include "ipc/answer.hpp"
#include "ipc/framing.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

struct Deadlines {
  std::chrono::milliseconds first_request{30'000};  // from connecting to the first byte
  std::chrono::milliseconds frame{5'000};           // from the first byte of a frame to its last
  std::chrono::milliseconds unread{30'000};         // during which a client reads none of its answers
  std::chrono::milliseconds grace{2'000};           // for calls in progress when the server stops
};

class Connection final : public Caller {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  Connection(Socket socket, const Registry& registry, const Deadlines& deadlines);

  // Returns when nothing of this connection runs any more.
  boost::asio::awaitable<void> serve();
  // Takes no more requests, answers the running ones, and ends.
  void finish();
  // Cancels all calls, answers nothing, and ends.
  void abandon();
  // Tells the client that another one needs its place, and abandons.
  void give_way();

  AnswersInFlight::Party party() const override;
  bool is_gone() const override { return over_ || gone_; }
  void end_waits() override { registry_.answers().end_waits(party()); }
  void drop_taken() override;
  void drop_sent() override { untaken_.drop(); }
  void drop_everything() override { abandon(); }

  // Rank connections that may lose their place: first clients that never asked for anything, then those idle for
  // longest. A connection with a running call never loses it.
  bool may_give_way() const { return !over_ && calls_running_ == 0; }
  bool is_over() const { return over_; }
  auto use() const { return std::pair{asked_, last_progress_}; }

 private:
  using Timer = boost::asio::steady_timer;
  struct Running {
    std::optional<json::value> id;  // set for a single request
    bool answered = false;          // a client waits for it: it is no notification
    bool done = false;
    std::size_t bytes = 0;  // size of its request
    boost::asio::cancellation_signal cancel;
  };

  boost::asio::awaitable<void> read_requests();
  boost::asio::awaitable<bool> read_more();
  void keep_file(File file);
  File take_file();  // the file of the frame that was given out last
  // Requires: nothing more is read until it returns, since `frame` points into the reader.
  boost::asio::awaitable<Message> parse(std::string_view frame);
  boost::asio::awaitable<void> write_answers();
  boost::asio::awaitable<void> watch(Timer& deadline);
  boost::asio::awaitable<void> watch_hangup();
  boost::asio::awaitable<void> answer(Message message, Values::Hold hold);
  template <class Condition>
  boost::asio::awaitable<void> until(Condition condition);

  void start(boost::asio::awaitable<void> task);
  void begin(Message message, Values::Hold hold);
  void hang_up();
  void cancel_one(const json::value& params);
  void cancel_calls();
  void say(Answer answer);
  void say(const Failure& failure);
  std::vector<boost::asio::const_buffer> next_bytes() const;
  void sent(std::size_t bytes);
  void drop_answers();
  void stop_reading();
  bool may_take_requests() const;
  bool has_untaken_bytes();  // in the kernel
  void notify() { changed_.cancel(); }

  Socket socket_;
  pid_t peer_;
  const Registry& registry_;
  const Deadlines& deadlines_;
  FrameReader in_;
  Wire chunk_;
  std::list<Answer> out_;
  Values::Hold untaken_;        // held if what was sent has values that the client may not have taken
  File file_;                   // came for a frame that is not complete yet
  std::uint64_t file_end_ = 0;  // position in the stream where that frame ends, or before its end
  std::size_t sent_ = 0;        // bytes of the first of out_
  std::size_t unsent_ = 0;      // bytes of all of out_
  Timer changed_, read_deadline_, write_deadline_;
  std::list<Running> calls_;
  std::size_t calls_running_ = 0, tasks_ = 0;
  std::size_t asked_bytes_ = 0;                                 // bytes of the requests of those calls
  Timer::time_point last_progress_ = Timer::clock_type::now();  // when a request was complete, or answers were read
  bool asked_ = false;                                          // a request was read
  bool frame_begun_ = false;                                    // a frame has begun, and its deadline runs
  bool gone_ = false;                                           // nobody is left to be answered
  bool finishing_ = false;                                      // takes no more requests
  bool over_ = false;                                           // does nothing more
};

}  // namespace vault::ipc

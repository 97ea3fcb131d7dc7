// SPDX-License-Identifier: Apache-2.0
// One client of the daemon: reads frames, runs what they ask for, writes the answers.
//
// Requests of one connection run at the same time, up to limits::calls, and are answered as they finish; those of
// one batch run in order. Whoever does not read answers is not read from: past limits::unsent_bytes no further
// request is taken, nor past limits::asked_bytes of requests at work. A client that goes away cancels its calls,
// whether or not it is read from at that moment; one that only ends its sending side still gets its answers. A frame
// may bring one file: ipc/passed_file.hpp. Single-threaded: everything here runs on the executor of the socket.
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
  std::chrono::milliseconds unread{30'000};         // for which a client reads nothing of its answers
  std::chrono::milliseconds grace{2'000};           // for calls in progress when the server stops
};

class Connection final : public Caller {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  Connection(Socket socket, const Registry& registry, const Deadlines& deadlines);

  boost::asio::awaitable<void> serve();  // returns when nothing of it runs any more
  void finish();                         // take no more requests, answer those at work, end
  void abandon();                        // cancel all calls, answer nothing, end
  void give_way();                       // abandon, with a last word: another client needs the place

  AnswersInFlight::Party party() const override;
  bool is_gone() const override { return over_ || gone_; }
  void end_waits() override { registry_.answers().end_waits(party()); }
  void drop_taken() override;
  void drop_sent() override { untaken_.drop(); }
  void drop_everything() override { abandon(); }

  // Whose place is taken first: the client that never asked for anything, then the one that did nothing for longest.
  // Never one with a call at work.
  bool may_give_way() const { return !over_ && calls_running_ == 0; }
  bool is_over() const { return over_; }
  auto use() const { return std::pair{asked_, last_progress_}; }

 private:
  using Timer = boost::asio::steady_timer;
  struct Running {
    std::optional<json::value> id;  // of a single request
    bool answered = false;          // somebody waits for it: it is no notification
    bool done = false;
    std::size_t bytes = 0;  // of its request
    boost::asio::cancellation_signal cancel;
  };

  boost::asio::awaitable<void> read_requests();
  boost::asio::awaitable<bool> read_more();
  void keep_file(File file);
  File take_file();                                               // of the frame that was given out last
  boost::asio::awaitable<Message> parse(std::string_view frame);  // which stays while nothing more is read
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
  Values::Hold untaken_;        // what was sent has values, and the client has perhaps not taken it
  File file_;                   // whose frame is not whole yet
  std::uint64_t file_end_ = 0;  // its frame ends there or later
  std::size_t sent_ = 0;        // of the first of out_
  std::size_t unsent_ = 0;      // of all of them
  Timer changed_, read_deadline_, write_deadline_;
  std::list<Running> calls_;
  std::size_t calls_running_ = 0, tasks_ = 0;
  std::size_t asked_bytes_ = 0;                                 // of the requests of those
  Timer::time_point last_progress_ = Timer::clock_type::now();  // a request was whole, or answers were read
  bool asked_ = false;                                          // at least once
  bool frame_begun_ = false;                                    // and its deadline is running
  bool gone_ = false;                                           // nobody is there to be answered
  bool finishing_ = false;                                      // no more requests
  bool over_ = false;                                           // no more of anything
};

}  // namespace vault::ipc

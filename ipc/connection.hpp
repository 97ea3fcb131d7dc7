// One client of the daemon: reads frames, runs what they ask for, writes the answers.
//
// Requests of one connection run at the same time, up to limits::calls, and are answered as they finish; those of
// one batch run in order. Whoever does not read answers is not read from: past limits::unsent_bytes no further
// request is taken. A client that goes away cancels its calls; one that only ends its sending side still gets its
// answers. A frame may bring one file: ipc/passed_file.hpp. Single-threaded: everything here runs on the executor of
// the socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>

#include "ipc/framing.hpp"
#include "ipc/registry.hpp"

namespace vault::ipc {

struct Deadlines {
  std::chrono::milliseconds first_request{30'000};  // from connecting to the first byte
  std::chrono::milliseconds frame{5'000};           // from the first byte of a frame to its last
  std::chrono::milliseconds unread{30'000};         // for which a client reads nothing of its answers
  std::chrono::milliseconds grace{2'000};           // for calls in progress when the server stops
};

class Connection {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  Connection(Socket socket, const Registry& registry, const Deadlines& deadlines);

  boost::asio::awaitable<void> serve();  // returns when nothing of it runs any more
  void finish();                         // take no more requests, answer those at work, end
  void abandon();                        // cancel all calls, answer nothing, end
  void give_way();                       // abandon, with a last word: another client needs the place

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
  boost::asio::awaitable<void> answer(Message message);
  template <class Condition>
  boost::asio::awaitable<void> until(Condition condition);

  void start(boost::asio::awaitable<void> task);
  void begin(Message message);
  void cancel_one(const json::value& params);
  void cancel_calls();
  void say(std::string_view text);
  void say(const Failure& failure);
  void stop_reading();
  bool may_take_requests() const;
  std::size_t unsent() const { return out_.size() + sending_.size() - sent_; }
  void notify() { changed_.cancel(); }

  Socket socket_;
  pid_t peer_;
  const Registry& registry_;
  const Deadlines& deadlines_;
  FrameReader in_;
  Wire chunk_, out_, sending_;
  File file_;                   // whose frame is not whole yet
  std::uint64_t file_end_ = 0;  // its frame ends there or later
  std::size_t sent_ = 0;        // of sending_
  Timer changed_, read_deadline_, write_deadline_;
  std::list<Running> calls_;
  std::size_t calls_running_ = 0, tasks_ = 0;
  Timer::time_point last_progress_ = Timer::clock_type::now();  // a request was whole, or answers were read
  bool asked_ = false;                                          // at least once
  bool frame_begun_ = false;                                    // and its deadline is running
  bool finishing_ = false;                                      // no more requests
  bool over_ = false;                                           // no more of anything
};

}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// WriteQueue keeps the writes of one item in the order in which they were asked for, although some of them first read
// what they keep. Writes of other items do not wait for each other.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>
#include <vector>

namespace vault::daemon {

namespace asio = boost::asio;

// Lives on the event loop.
class WriteQueue {
 public:
  // Holds a place behind all earlier ones that have a name in common with it. Requires: the queue outlives it.
  class Place {
   public:
    Place(WriteQueue& queue, asio::any_io_executor executor, std::vector<std::string> names);
    ~Place() { end(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    asio::awaitable<void> come();  // returns when no earlier one is left
    void end();                    // lets the next ones go on, once the caller waits for something

   private:
    bool is_first() const;

    WriteQueue& queue_;
    std::vector<std::string> names_;
    asio::steady_timer wake_;
  };

 private:
  std::map<std::string, std::vector<Place*>> queues_;
};

}  // namespace vault::daemon

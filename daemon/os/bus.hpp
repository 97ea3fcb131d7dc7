// SPDX-License-Identifier: Apache-2.0
// Serves the system's D-Bus on the event loop. Nothing here blocks: sd-bus acts when the loop calls it.
#pragma once

#include <systemd/sd-bus.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/errc.hpp"

namespace vault::daemon {

namespace asio = boost::asio;

// Holds one connection. Handlers registered on get() run inside run(), on the loop, and must not throw.
class Bus {
 public:
  explicit Bus(asio::any_io_executor executor);

  // Begins to connect. Errors: the system's.
  Result<void> open();

  // Serves the connection until it ends or stop(). Returns why it ended.
  asio::awaitable<boost::system::error_code> run();
  void stop();

  sd_bus* get() const { return bus_.get(); }

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };

  asio::awaitable<void> wait();

  asio::any_io_executor executor_;
  std::shared_ptr<asio::steady_timer> wake_;  // shared with handlers that may run after this object is gone
  std::unique_ptr<sd_bus, Close> bus_;
  bool stopping_ = false;
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Locks the vault when the system's session manager (logind) says that the machine goes to sleep or down, or that the
// user's session is locked; syncs when the machine is awake again.
//
// logind is org.freedesktop.login1 on the system's bus. Before each sleep it waits for those who hold a delay
// inhibitor, so one is held while the machine is awake and released once the vault is locked. A user's service belongs
// to no session, so a lock of any session of our uid counts. The daemon runs without a bus or logind too, and tries
// again for both. Only logind's own signals are believed: anybody on the bus may send us one.
//
// Lives on the event loop.
#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"
#include "daemon/os/bus.hpp"

namespace vault::daemon {

class Logind {
 public:
  struct Wishes {
    std::function<asio::awaitable<void>(log::Literal why)> lock;  // returns when the keys are gone
    std::function<void()> woke;
  };
  Logind(asio::any_io_executor executor, Wishes wishes);

  // Listens until stop(). Connects again, with back-off, when the bus is gone.
  asio::awaitable<void> run();
  void stop();

 private:
  struct Unref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
  };
  using Message = std::unique_ptr<sd_bus_message, Unref>;
  using Handler = int (Logind::*)(sd_bus_message*);
  template <Handler handler>  // the signature that sd-bus calls
  static int dispatch(sd_bus_message* message, void* self, sd_bus_error*);

  boost::system::error_code connect();
  int subscribe();
  int owner_told(sd_bus_message* reply);
  int owner_changed(sd_bus_message* signal);
  int prepare_for_sleep(sd_bus_message* signal);
  int prepare_for_shutdown(sd_bus_message* signal);
  int session_locked(sd_bus_message* signal);
  int session_changed(sd_bus_message* signal);
  int session_user_told(sd_bus_message* reply);
  int inhibitor_given(sd_bus_message* reply);

  void new_owner(const char* name);
  void say_without();
  void ask_for_inhibitor();
  void ask_for_session_user(sd_bus_message* signal);
  bool from_logind(sd_bus_message* signal) const;
  void lock(log::Literal why);
  asio::awaitable<void> lock_before_sleep(Message inhibitor);

  asio::any_io_executor executor_;
  Wishes wishes_;
  asio::steady_timer pause_;
  std::unique_ptr<Bus> bus_;
  std::string owner_;  // logind's unique name on this connection; empty while there is none
  Message inhibitor_;  // delays sleep: the answer that brought the descriptor, and closes it
  bool asleep_ = false, stopping_ = false;
  bool said_without_ = false;  // logged already that there is no logind
};

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/logind.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>

#include "daemon/os/threads.hpp"

namespace vault::daemon {
namespace {

constexpr const char* name = "org.freedesktop.login1";
constexpr const char* manager_path = "/org/freedesktop/login1";
constexpr const char* manager = "org.freedesktop.login1.Manager";
constexpr const char* session = "org.freedesktop.login1.Session";
constexpr const char* properties = "org.freedesktop.DBus.Properties";
constexpr const char* bus_name = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";

constexpr std::chrono::milliseconds shortest_pause{250}, longest_pause{60'000};  // until the bus is tried again

// True if PropertiesChanged says that a session became locked. A screen lock sets this hint and sends no signal.
bool says_locked(sd_bus_message* changed) {
  const char* interface = nullptr;
  if (sd_bus_message_read(changed, "s", &interface) < 0 || std::string_view{interface} != session) return false;
  if (sd_bus_message_enter_container(changed, 'a', "{sv}") < 0) return false;
  int locked = 0;
  while (sd_bus_message_enter_container(changed, 'e', "sv") > 0) {
    const char* property = nullptr;
    if (sd_bus_message_read(changed, "s", &property) < 0) return false;
    const bool hint = std::string_view{property} == "LockedHint";
    if ((hint ? sd_bus_message_read(changed, "v", "b", &locked) : sd_bus_message_skip(changed, "v")) < 0) return false;
    sd_bus_message_exit_container(changed);
  }
  return locked != 0;
}

bool says_yes(sd_bus_message* signal) {
  int yes = 0;
  return sd_bus_message_read(signal, "b", &yes) >= 0 && yes != 0;
}

}  // namespace

Logind::Logind(asio::any_io_executor executor, Wishes wishes)
    : executor_(executor), wishes_(std::move(wishes)), pause_(executor) {}

void Logind::stop() {
  stopping_ = true;
  pause_.cancel();
  if (bus_) bus_->stop();
}

asio::awaitable<void> Logind::run() {
  auto pause = shortest_pause;
  while (!stopping_) {
    auto error = connect();
    if (!error) error = co_await bus_->run();
    if (!owner_.empty()) pause = shortest_pause;
    owner_.clear();
    inhibitor_.reset();
    bus_.reset();
    if (stopping_) co_return;
    say_without();
    pause_.expires_after(pause);
    pause = std::min(2 * pause, longest_pause);
    co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

boost::system::error_code Logind::connect() {
  bus_ = std::make_unique<Bus>(executor_);
  if (const auto opened = bus_->open(); !opened) return opened.error();
  if (const int error = subscribe(); error < 0) return {-error, boost::system::system_category()};
  return {};
}

template <Logind::Handler handler>
int Logind::dispatch(sd_bus_message* message, void* self, sd_bus_error*) {
  return (static_cast<Logind*>(self)->*handler)(message);
}

int Logind::subscribe() {
  auto* bus = bus_->get();
  const auto listen = [this, bus](const char* path, const char* interface, const char* member, auto handler) {
    return sd_bus_match_signal_async(bus, nullptr, name, path, interface, member, handler, nullptr, this);
  };
  const auto owners =
      "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" + std::string{name} + "'";
  int worst = sd_bus_add_match_async(bus, nullptr, owners.c_str(), dispatch<&Logind::owner_changed>, nullptr, this);
  for (const int result : {listen(manager_path, manager, "PrepareForSleep", dispatch<&Logind::prepare_for_sleep>),
                           listen(manager_path, manager, "PrepareForShutdown", dispatch<&Logind::prepare_for_shutdown>),
                           listen(nullptr, session, "Lock", dispatch<&Logind::session_locked>),
                           listen(nullptr, properties, "PropertiesChanged", dispatch<&Logind::session_changed>),
                           sd_bus_call_method_async(bus, nullptr, bus_name, bus_path, bus_name, "GetNameOwner",
                                                    dispatch<&Logind::owner_told>, this, "s", name)})
    worst = std::min(worst, result);
  return worst;
}

int Logind::owner_told(sd_bus_message* reply) {
  const char* owner = "";
  if (sd_bus_message_is_method_error(reply, nullptr) > 0 || sd_bus_message_read(reply, "s", &owner) < 0) owner = "";
  if (owner_.empty()) new_owner(owner);
  return 0;
}

int Logind::owner_changed(sd_bus_message* signal) {
  const char *which = "", *before = "", *now = "";
  if (sd_bus_message_read(signal, "sss", &which, &before, &now) >= 0) new_owner(now);
  return 0;
}

void Logind::new_owner(const char* owner) {
  owner_ = owner;
  inhibitor_.reset();
  asleep_ = false;
  if (owner_.empty()) return say_without();
  said_without_ = false;
  log::info("locks when the session is locked, and before the machine sleeps");
  ask_for_inhibitor();
}

void Logind::say_without() {
  if (!std::exchange(said_without_, true))
    log::info("there is no session manager: does not notice when the session is locked or the machine sleeps");
}

void Logind::ask_for_inhibitor() {
  sd_bus_call_method_async(bus_->get(), nullptr, owner_.c_str(), manager_path, manager, "Inhibit",
                           dispatch<&Logind::inhibitor_given>, this, "ssss", "sleep", "vaultd", "Locks the vault",
                           "delay");
}

int Logind::inhibitor_given(sd_bus_message* reply) {
  if (sd_bus_message_is_method_error(reply, nullptr) > 0) {
    log::warning("the session manager gives no time to lock before the machine sleeps");
    return 0;
  }
  if (!asleep_) inhibitor_.reset(sd_bus_message_ref(reply));
  return 0;
}

// True if logind sent the signal. The bus delivers only logind's broadcasts to our match, but anybody may send a signal
// to us alone, which no match filters.
bool Logind::from_logind(sd_bus_message* signal) const {
  const char* sender = sd_bus_message_get_sender(signal);
  return sender != nullptr && !owner_.empty() && sender == owner_;
}

int Logind::prepare_for_sleep(sd_bus_message* signal) {
  if (!from_logind(signal)) return 0;
  asleep_ = says_yes(signal);
  if (asleep_) {
    spawn(executor_, "locking", lock_before_sleep(std::move(inhibitor_)));
  } else {
    ask_for_inhibitor();
    wishes_.woke();
  }
  return 0;
}

asio::awaitable<void> Logind::lock_before_sleep(Message inhibitor) {
  co_await wishes_.lock("locked: the machine goes to sleep");
  inhibitor.reset();
}

int Logind::prepare_for_shutdown(sd_bus_message* signal) {
  if (from_logind(signal) && says_yes(signal)) lock("locked: the machine goes down");
  return 0;
}

int Logind::session_locked(sd_bus_message* signal) {
  if (from_logind(signal)) ask_for_session_user(signal);
  return 0;
}

int Logind::session_changed(sd_bus_message* signal) {
  if (from_logind(signal) && says_locked(signal)) ask_for_session_user(signal);
  return 0;
}

void Logind::ask_for_session_user(sd_bus_message* signal) {
  sd_bus_call_method_async(bus_->get(), nullptr, owner_.c_str(), sd_bus_message_get_path(signal), properties, "Get",
                           dispatch<&Logind::session_user_told>, this, "ss", session, "User");
}

// Locks if the session belongs to our user. Locks too if its user cannot be found out: that is the safe side.
int Logind::session_user_told(sd_bus_message* reply) {
  std::uint32_t user = 0;
  const char* path = nullptr;
  const bool told =
      sd_bus_message_is_method_error(reply, nullptr) == 0 && sd_bus_message_read(reply, "v", "(uo)", &user, &path) >= 0;
  if (!told || user == geteuid()) lock("locked: the session was locked");
  return 0;
}

void Logind::lock(log::Literal why) { spawn(executor_, "locking", wishes_.lock(why)); }

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Session is one run of vaultctl: its global options, its connection to the daemon, and how it answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ctl/interrupts.hpp"
#include "ctl/output.hpp"
#include "ctl/password.hpp"
#include "ipc/client.hpp"

namespace vault::ctl {

struct Globals {
  ipc::SocketChoice socket;
  bool json = false;
  PasswordSource password;
};

// Writes the failure to stderr, as a sentence or as JSON. Returns the exit code of its class.
int report(const ipc::Failure& failure, bool json);

class Session {
 public:
  explicit Session(Globals globals) : globals_(std::move(globals)) {}
  bool json() const { return globals_.json; }
  const Globals& globals() const { return globals_; }
  const PasswordSource& password_source() const { return globals_.password; }

  // Connects, unless it has before. Returns nothing if it succeeded.
  std::optional<ipc::Failure> connect();

  // Calls a method; connects first if need be. On a terminal, a call that takes over a second shows `doing`, or the
  // line that `more` returns.
  template <class P, class R>
  ipc::Reply<R> call(const ipc::Method<P, R>& method, const P& params, std::string_view doing = "waiting",
                     std::optional<std::chrono::milliseconds> timeout = {}, std::function<std::string()> more = {}) {
    ipc::Reply<R> reply;
    if (auto failure = connect()) {
      reply.failure = std::move(*failure);
      return reply;
    }
    begin_progress(doing, std::move(more));
    reply = client_->call(method, params, timeout);
    end_progress();
    return reply;
  }

  // Calls a method that changes the vault and that vaultd sees through. Ctrl-C does not end the wait: after it, says on
  // stderr what became of the change, which `made` names: "the password was changed".
  template <class P, class R>
  ipc::Reply<R> change(const ipc::Method<P, R>& method, const P& params, std::string_view doing,
                       std::string_view made) {
    ipc::Reply<R> reply;
    if (auto failure = connect()) {
      reply.failure = std::move(*failure);
      return reply;
    }
    SeenThrough through;
    begin_progress(doing, {}, &through);
    reply = client_->call(method, params);
    end_progress();
    if (through.interrupted()) say_outcome(reply.result.has_value(), reply.failure, made);
    return reply;
  }

  // Calls a method that takes a file. Meanwhile `tick` is called a few times a second.
  template <class P, class R>
  ipc::Reply<R> call_with(int file, const ipc::Method<P, R>& method, const P& params, std::function<void()> tick) {
    ipc::Reply<R> reply;
    if (auto failure = connect()) {
      reply.failure = std::move(*failure);
      return reply;
    }
    client_->while_waiting(std::move(tick));
    reply = client_->call_with(file, method, params);
    client_->while_waiting({});
    return reply;
  }

  int fail(const ipc::Failure& failure) const { return report(failure, json()); }
  int fail(boost::system::error_code error) const { return fail(ipc::failure_of(error)); }
  // Writes `text` to stdout. Returns the exit code.
  int say(std::string_view text) const;
  template <class T>
  int say_json(const T& value) const {
    return say_value(ipc::Codec<T>::encode(value));
  }

 private:
  int say_value(const ipc::json::value& value) const;
  void begin_progress(std::string_view doing, std::function<std::string()> more, SeenThrough* through = nullptr);
  void say_outcome(bool done, const ipc::Failure& failure, std::string_view made);
  void end_progress();

  Globals globals_;
  std::optional<ipc::Client> client_;
  bool progress_shown_ = false;
};

}  // namespace vault::ctl

// SPDX-License-Identifier: Apache-2.0
#include "ctl/session.hpp"

#include <unistd.h>

#include <boost/json/array.hpp>
#include <cerrno>
#include <chrono>

#include "ipc/api/status.hpp"

namespace vault::ctl {
namespace {

namespace json = ipc::json;
using Clock = std::chrono::steady_clock;

// Returns the error's sentence, which says what to do, after the file that it is about. The heads of a conflict follow,
// one on each line.
std::string sentence(const ipc::Failure& failure) {
  const auto* file = failure.details.if_contains("file");
  const auto* named = file != nullptr ? file->if_string() : nullptr;
  std::string out =
      "vaultctl: " + (named != nullptr ? printable(*named) + ": " : "") + printable(failure.message) + "\n";
  const auto* heads = failure.details.if_contains("heads");
  if (heads == nullptr || !heads->is_array()) return out;
  for (const auto& head : heads->get_array())
    if (const auto* version = head.if_string()) out += "  head " + printable(*version) + "\n";
  return out;
}

}  // namespace

int report(const ipc::Failure& failure, bool as_json) {
  if (as_json) {
    json::object error = failure.details;
    error.insert_or_assign("kind", error_class(failure.klass).kind);
    error.insert_or_assign("message", failure.message);
    ipc::Wire text;
    ipc::write_json(text, json::object{{"error", error}});
    ipc::append(text, "\n");
    write_all(STDERR_FILENO, ipc::text_of(text));
  } else {
    write_all(STDERR_FILENO, sentence(failure));
  }
  return error_class(failure.klass).exit_code;
}

std::optional<ipc::Failure> Session::connect() {
  if (client_) return std::nullopt;
  const auto where = ipc::socket_path(globals_.socket);
  if (!where) return ipc::failure_of(where.error());
  auto client = ipc::Client::connect(*where);
  if (!client) return ipc::failure_of(client.error());
  client_.emplace(std::move(*client));
  return std::nullopt;
}

int Session::say(std::string_view text) const {
  if (write_all(STDOUT_FILENO, text)) return 0;
  if (errno == EPIPE) return 1;  // a reader that had enough, like head
  return fail(boost::system::error_code{errno, boost::system::system_category()});
}

int Session::say_value(const json::value& value) const {
  ipc::Wire text;
  ipc::write_json(text, value);
  ipc::append(text, "\n");
  return say(ipc::text_of(text));
}

void Session::begin_progress(std::string_view doing, std::function<std::string()> more, SeenThrough* through) {
  const bool shows = !json() && is_terminal(STDERR_FILENO);
  if (!shows && through == nullptr) return;
  auto show = [this, doing = std::string{doing}, more = std::move(more), start = Clock::now()] {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start).count();
    if (seconds < 1) return;
    progress_shown_ = true;
    const auto line = more ? more() : std::string{};
    if (line.empty()) write_all(STDERR_FILENO, "\r" + doing + " ... " + std::to_string(seconds) + " s");
    else write_all(STDERR_FILENO, "\r\x1b[K" + line);
  };
  client_->while_waiting([shows, through, show = std::move(show)] {
    if (through != nullptr) through->tick();
    if (shows) show();
  });
}

// A failure may leave the change under way: then its own sentence says so, and the status that it is unsent.
void Session::say_outcome(bool done, const ipc::Failure& failure, std::string_view made) {
  if (done) {
    write_all(STDERR_FILENO, "It was too late to stop it: " + std::string{made} + ".\n");
    return;
  }
  const auto status = client_->call(ipc::methods::vault_status, {});
  const bool waits = status.result && status.result->vault.change == ipc::ChangeState::unsent;
  if (!waits && failure.klass != Errc::no_daemon) write_all(STDERR_FILENO, "Nothing was changed.\n");
}

void Session::end_progress() {
  client_->while_waiting({});
  if (std::exchange(progress_shown_, false)) write_all(STDERR_FILENO, "\r\x1b[K");
}

}  // namespace vault::ctl

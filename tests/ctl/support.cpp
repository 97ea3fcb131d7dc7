// SPDX-License-Identifier: Apache-2.0
#include "tests/ctl/support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/catch.hpp"

namespace vault::tests {
namespace {

std::vector<char*> pointers(const Words& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become_vaultctl(Words words, const Words& environment) {
  words.insert(words.begin(), VAULTCTL);
  std::signal(SIGPIPE, SIG_DFL);
  execve(VAULTCTL, pointers(words).data(), pointers(environment).data());
  _exit(127);
}

std::string take_all(int fd) {
  std::string out;
  char chunk[65536];
  for (ssize_t size; (size = read(fd, chunk, sizeof chunk)) > 0;) out.append(chunk, static_cast<std::size_t>(size));
  close(fd);
  return out;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

struct Pipe {
  int read_end, write_end;
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    read_end = ends[0];
    write_end = ends[1];
  }
};

}  // namespace

Ran run_vaultctl(const Words& words, std::string_view input, const Words& environment) {
  Pipe in, out, err;
  const auto child = fork();
  if (child == 0) {
    setsid();
    dup2(in.read_end, 0);
    dup2(out.write_end, 1);
    dup2(err.write_end, 2);
    become_vaultctl(words, environment);
  }
  for (int fd : {in.read_end, out.write_end, err.write_end}) close(fd);
  std::signal(SIGPIPE, SIG_IGN);  // it may well end before it has read all
  std::thread feeder{[fd = in.write_end, input] {
    for (auto rest = input; !rest.empty();) {
      const auto size = write(fd, rest.data(), rest.size());
      if (size <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(size));
    }
    close(fd);
  }};
  Ran ran;
  std::thread errors{[&ran, fd = err.read_end] { ran.err = take_all(fd); }};
  ran.out = take_all(out.read_end);
  errors.join();
  feeder.join();
  int status = 0;
  waitpid(child, &status, 0);
  ran.code = code_of(status);
  return ran;
}

Ran FakeDaemon::run(Words words, std::string_view input, Words more) {
  auto all = environment();
  all.insert(all.end(), more.begin(), more.end());
  return run_vaultctl(words, input, all);
}

AtTerminal::AtTerminal(const Words& words, const Words& environment) {
  child_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
  REQUIRE(child_ >= 0);
  if (child_ == 0) become_vaultctl(words, environment);
}

AtTerminal::~AtTerminal() {
  if (child_ > 0) end();
  close(terminal_);
}

bool AtTerminal::fill() {
  pollfd other{.fd = terminal_, .events = POLLIN, .revents = 0};
  if (poll(&other, 1, 10'000) != 1) return false;
  char chunk[4096];
  const auto size = read(terminal_, chunk, sizeof chunk);
  if (size > 0) all_.append(chunk, static_cast<std::size_t>(size));
  return size > 0;
}

bool AtTerminal::shows(std::string_view text) {
  for (;;) {
    const auto at = all_.find(text, seen_);
    if (at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!fill()) return false;
  }
}

bool AtTerminal::echoes() const {
  termios mode{};
  tcgetattr(terminal_, &mode);
  return (mode.c_lflag & ECHO) != 0;
}

void AtTerminal::type(std::string_view text) {
  REQUIRE(write(terminal_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void AtTerminal::signal(int number) const { kill(child_, number); }

int AtTerminal::end() {
  while (fill()) continue;
  int status = 0;
  waitpid(std::exchange(child_, -1), &status, 0);
  return code_of(status);
}

}  // namespace vault::tests

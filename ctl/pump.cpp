// SPDX-License-Identifier: Apache-2.0
#include "ctl/pump.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "ctl/files.hpp"

namespace vault::ctl {
namespace {

constexpr std::size_t piece = 64 * 1024;  // the capacity of a pipe

struct Pipe {
  File out, in;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return last_error();
  return Pipe{File{ends[0]}, File{ends[1]}};
}

File copy_of(int descriptor) { return File{fcntl(descriptor, F_DUPFD_CLOEXEC, 0)}; }

bool write_whole(int to, BytesView bytes) {
  while (!bytes.empty()) {
    const auto done = write(to, bytes.data(), bytes.size());
    if (done >= 0) bytes = bytes.subspan(static_cast<std::size_t>(done));
    else if (errno != EINTR) return false;
  }
  return true;
}

// True if there are bytes or the end of the input to read. False if `stop` is closed before that.
bool wait_for_bytes(int from, int stop) {
  pollfd both[] = {{.fd = from, .events = POLLIN, .revents = 0}, {.fd = stop, .events = POLLIN, .revents = 0}};
  while (poll(both, 2, -1) < 0)
    if (errno != EINTR) return false;
  return both[0].revents != 0;
}

}  // namespace

void Pump::run(Secret first) {
  thread_ = std::thread{[state = state_.get(), first = std::move(first)]() mutable {
    auto& [in, out, stop, moved, error] = *state;
    const auto give = [&](BytesView bytes) {
      if (!write_whole(out.get(), bytes)) return false;
      moved += bytes.size();
      return true;
    };
    bool good = give(first.view());
    first = Secret{};
    Secret buffer(piece);
    while (good && wait_for_bytes(in.get(), stop.get())) {
      const auto size = read(in.get(), buffer.writable().data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) error = last_error();
      if (size <= 0) break;
      good = give(buffer.view().first(static_cast<std::size_t>(size)));
    }
    if (!good) error = last_error();
    in = File{};  // tells the other ends that no more will come
    out = File{};
  }};
}

Result<Pump> Pump::into_daemon(Secret first, int from) {
  auto data = make_pipe(), stop = make_pipe();
  if (!data) return data.error();
  if (!stop) return stop.error();
  Pump out{std::make_unique<State>()};
  out.state_->in = copy_of(from);
  out.state_->out = std::move(data->in);
  out.state_->stop = std::move(stop->out);
  out.daemon_end_ = std::move(data->out);
  out.stop_ = std::move(stop->in);
  out.run(std::move(first));
  return out;
}

Result<Pump> Pump::out_of_daemon(int to) {
  auto data = make_pipe(), stop = make_pipe();
  if (!data) return data.error();
  if (!stop) return stop.error();
  Pump out{std::make_unique<State>()};
  out.state_->in = std::move(data->out);
  out.state_->out = copy_of(to);
  out.state_->stop = std::move(stop->out);
  out.daemon_end_ = std::move(data->in);
  out.stop_ = std::move(stop->in);
  out.drains_ = true;
  out.run({});
  return out;
}

boost::system::error_code Pump::finish() {
  daemon_end_ = File{};
  if (!drains_) stop_ = File{};
  if (thread_.joinable()) thread_.join();
  return state_->error;
}

Pump::~Pump() {
  daemon_end_ = File{};
  stop_ = File{};
  if (thread_.joinable()) thread_.join();
}

}  // namespace vault::ctl

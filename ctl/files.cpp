// SPDX-License-Identifier: Apache-2.0
#include "ctl/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace vault::ctl {

ipc::Failure file_failure(std::string_view verb, const std::string& what, const boost::system::error_code& error) {
  auto out = ipc::failure_of(error);
  if (error.category() != boost::system::system_category()) return out;
  using namespace boost::system::errc;
  for (const auto name_fault :
       {no_such_file_or_directory, permission_denied, is_a_directory, not_a_directory, bad_file_descriptor})
    if (error == make_error_condition(name_fault)) out.klass = Errc::usage;
  out.message = "cannot " + std::string{verb} + " " + what + ": " + error.message();
  return out;
}

namespace {

// Waits for input. False if none comes in time.
bool has_input(int descriptor, int milliseconds) {
  pollfd input{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&input, 1, milliseconds) != 0;
}

}  // namespace

ipc::Reply<Beginning> read_beginning(int descriptor, const std::string& what, std::size_t most, int patience) {
  Beginning out{Secret(most), false};
  std::size_t used = 0;
  while (used < most && !out.whole && (used == 0 || has_input(descriptor, patience))) {
    const auto size = read(descriptor, out.bytes.writable().data() + used, most - used);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return refused<Beginning>(file_failure("read", what, last_error()));
    out.whole = size == 0;
    used += static_cast<std::size_t>(size);
  }
  out.bytes.resize(used);
  ipc::Reply<Beginning> reply;
  reply.result = std::move(out);
  return reply;
}

ipc::Reply<Secret> read_first(int descriptor, const std::string& what, std::size_t most) {
  auto beginning = read_beginning(descriptor, what, most, for_ever);
  if (!beginning.result) return refused<Secret>(std::move(beginning.failure));
  ipc::Reply<Secret> reply;
  reply.result = std::move(beginning.result->bytes);
  return reply;
}

ipc::Reply<Secret> read_all(int descriptor, const std::string& what, std::size_t most,
                            boost::system::error_code too_long) {
  auto all = read_first(descriptor, what, most + 1);
  if (all.result && all.result->size() > most) return refused<Secret>(ipc::failure_of(too_long));
  return all;
}

ipc::Reply<Secret> read_file(const std::string& path, std::size_t most, boost::system::error_code too_long) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return refused<Secret>(file_failure("read", path, last_error()));
  auto text = read_all(file, path, most, too_long);
  close(file);
  return text;
}

}  // namespace vault::ctl

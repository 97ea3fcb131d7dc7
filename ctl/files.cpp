// SPDX-License-Identifier: Apache-2.0
#include "ctl/files.hpp"

#include <fcntl.h>
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

ipc::Reply<Secret> read_first(int descriptor, const std::string& what, std::size_t most) {
  Secret out(most);
  std::size_t used = 0;
  while (used < out.size()) {
    const auto size = read(descriptor, out.writable().data() + used, out.size() - used);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return refused<Secret>(file_failure("read", what, last_error()));
    if (size == 0) break;
    used += static_cast<std::size_t>(size);
  }
  out.resize(used);
  ipc::Reply<Secret> reply;
  reply.result = std::move(out);
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

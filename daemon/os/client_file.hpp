// SPDX-License-Identifier: Apache-2.0
// The file that a client gave to be read or written to its end: a regular file or a pipe.
//
// A regular file is waited for on a thread of Threads::transfers, and shares its offset with the client. A pipe is
// waited for on the event loop, through an open file of our own, so that neither side sees the other's flags: whoever
// is at the other end may take as long as it likes. Cancelling the coroutine ends the wait.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <optional>

#include "base/errc.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"
#include "daemon/os/threads.hpp"

namespace vault::daemon {

class ClientFile {
 public:
  enum class Way { in, out };

  // Requires: ipc::check_file() said yes. Errors: fd_bad.
  static Result<ClientFile> open(asio::any_io_executor executor, Threads& threads, File file, Way way);

  // Of a regular file: bytes from where it stands to its end.
  std::optional<std::uint64_t> left() const;

  // So many bytes; fewer only at the end. Errors: storage.
  asio::awaitable<Result<Secret>> read(std::size_t most);

  // All of them. Errors: cancelled when nobody reads the pipe any more; disk_full, storage.
  asio::awaitable<Result<void>> write(std::shared_ptr<const Secret> bytes);

 private:
  ClientFile(Threads& threads, File file) : threads_(&threads), file_(std::make_shared<const File>(std::move(file))) {}
  asio::awaitable<Result<Secret>> read_pipe(std::size_t most);
  asio::awaitable<Result<void>> write_pipe(std::shared_ptr<const Secret> bytes);

  Threads* threads_;
  std::shared_ptr<const File> file_;
  std::optional<asio::posix::stream_descriptor> pipe_;
};

}  // namespace vault::daemon

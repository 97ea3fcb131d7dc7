// SPDX-License-Identifier: Apache-2.0
// Reads or writes a file that a client has handed over, to its end: a regular file or a pipe.
//
// Reads and writes of a regular file block a thread of Threads::transfers, and share the file's offset with the client.
// A pipe is waited for on the event loop, through our own open file, so neither side sees the other's flags and the
// other end may take as long as it likes. Cancelling the coroutine ends the wait.
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

  // Requires: ipc::check_file() accepted `file`. Errors: fd_bad; cancelled if nobody reads the pipe.
  static Result<ClientFile> open(asio::any_io_executor executor, Threads& threads, File file, Way way);

  // Returns the bytes from a regular file's offset to its end; nullopt for a pipe.
  std::optional<std::uint64_t> left() const;

  // Reads `most` bytes; fewer only at the end of the file. Errors: storage.
  asio::awaitable<Result<Secret>> read(std::size_t most);

  // Writes all of `bytes`. Errors: cancelled if nobody reads the pipe any more; disk_full, storage.
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

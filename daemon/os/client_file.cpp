// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/client_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/input_errc.hpp"
#include "store/error.hpp"

namespace vault::daemon {
namespace {

constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

bool is_pipe(const File& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 && S_ISFIFO(info.st_mode);
}

// Opens the same pipe again. O_NONBLOCK is a flag of the open file, and the given one is the client's.
File open_again(const File& pipe, ClientFile::Way way) {
  const auto path = "/proc/self/fd/" + std::to_string(pipe.get());
  const int direction = way == ClientFile::Way::in ? O_RDONLY : O_WRONLY;
  return File{::open(path.c_str(), direction | O_NONBLOCK | O_CLOEXEC)};
}

boost::system::error_code nobody_reads() { return Errc::cancelled; }

Result<Secret> read_all(int fd, std::size_t most) {
  Secret out(most);
  std::size_t have = 0;
  while (have < most) {
    const auto got = ::read(fd, out.writable().data() + have, most - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return store::errno_error();
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

Result<void> write_all(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return store::errno_error();
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return {};
}

}  // namespace

Result<ClientFile> ClientFile::open(asio::any_io_executor executor, Threads& threads, File file, Way way) {
  if (!is_pipe(file)) return ClientFile{threads, std::move(file)};
  auto own = open_again(file, way);
  if (!own && errno == ENXIO) return nobody_reads();
  if (!own) return InputErrc::fd_bad;  // a pipe of another user
  ClientFile out{threads, File{}};
  out.pipe_.emplace(std::move(executor), own.release());
  return out;
}

std::optional<std::uint64_t> ClientFile::left() const {
  if (pipe_) return std::nullopt;
  struct stat info {};
  const auto at = ::lseek(file_->get(), 0, SEEK_CUR);
  if (at < 0 || ::fstat(file_->get(), &info) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<off_t>(info.st_size - at, 0));
}

asio::awaitable<Result<Secret>> ClientFile::read(std::size_t most) {
  if (pipe_) co_return co_await read_pipe(most);
  auto work = [file = file_, most] { return read_all(file->get(), most); };
  co_return co_await run_on(threads_->transfers, std::move(work));
}

asio::awaitable<Result<Secret>> ClientFile::read_pipe(std::size_t most) {
  Secret out(most);
  std::size_t have = 0;
  while (have < most) {
    const auto room = asio::buffer(out.writable().data() + have, most - have);
    const auto [error, size] = co_await pipe_->async_read_some(room, tuple);
    if (error == asio::error::eof) break;
    if (error) co_return error;
    have += size;
  }
  out.resize(have);
  co_return out;
}

asio::awaitable<Result<void>> ClientFile::write(std::shared_ptr<const Secret> bytes) {
  if (pipe_) co_return co_await write_pipe(std::move(bytes));
  auto work = [file = file_, bytes] { return write_all(file->get(), bytes->view()); };
  co_return co_await run_on(threads_->transfers, std::move(work));
}

asio::awaitable<Result<void>> ClientFile::write_pipe(std::shared_ptr<const Secret> bytes) {
  auto left = bytes->view();
  while (!left.empty()) {
    const auto some = asio::buffer(left.data(), left.size());
    const auto [error, size] = co_await pipe_->async_write_some(some, tuple);
    if (error == asio::error::broken_pipe) co_return nobody_reads();
    if (error) co_return error;
    left = left.subspan(size);
  }
  co_return Result<void>{};
}

}  // namespace vault::daemon

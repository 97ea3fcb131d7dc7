// SPDX-License-Identifier: Apache-2.0
#include "daemon/blobs/export.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/fault_point.hpp"
#include "crypto/blob.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t names_at_a_time = 1000;
constexpr std::size_t versions_at_a_time = 100;
constexpr auto part = ".chunk.part";  // left over when a write is cut; the next write replaces it

using Folder = std::shared_ptr<const File>;

std::string name_of(std::uint64_t index) { return std::to_string(index) + ".bin"; }

boost::system::error_code last_error() {
  if (errno == ENOSPC || errno == EDQUOT) return StoreErrc::disk_full;
  return {errno, boost::system::system_category()};
}

bool is_large(const Version& version) {
  return version.operation == crypto::Operation::put && version.size > limits::value_bytes;
}

// True if the file exists with this size and hash.
bool is_there(int folder, std::uint64_t index, std::uint64_t size, const Hash& hash) {
  const File file{::openat(folder, name_of(index).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (static_cast<std::uint64_t>(info.st_size) != size) return false;
  Bytes bytes(size);
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return crypto::TreeHash::leaf(bytes) == hash;
}

Result<void> write_all(int file, BytesView bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return last_error();
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// Writes the whole file, or none under its name. The caller of the export makes it durable.
Result<void> write_chunk(int folder, std::uint64_t index, const Sealed& chunk) {
  const File file{::openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)};
  if (!file) return last_error();
  auto written = write_all(file.get(), chunk.view());
  fault_point("export.chunk-written");
  if (written && ::renameat(folder, part, folder, name_of(index).c_str()) != 0) written = last_error();
  if (!written) ::unlinkat(folder, part, 0);
  return written;
}

enum class Did { keep, write, miss };

// Writes one chunk into its file.
asio::awaitable<Result<Did>> export_one(BlobChunks* chunks, Threads* threads, Folder folder, std::uint64_t index) {
  const auto size = chunks->shape().size(index);
  auto look = [folder, index, size, hash = chunks->hash(index)] { return is_there(folder->get(), index, size, hash); };
  const bool there = co_await run_on(threads->transfers, std::move(look));
  if (there) co_return Did::keep;
  auto chunk = co_await chunks->obtain(index);
  if (!chunk && class_of(chunk.error()) == Errc::gap) co_return Did::miss;
  if (!chunk) co_return chunk.error();
  auto write = [folder, index, chunk = std::move(*chunk)] { return write_chunk(folder->get(), index, chunk); };
  const auto written = co_await run_on(threads->transfers, std::move(write));
  if (!written) co_return written.error();
  co_return Did::write;
}

}  // namespace

LargeVersions large_versions(const Index& index, std::string_view first) {
  LargeVersions out;
  std::size_t names = 0;
  index.walk(first, [&](const std::string& name, const std::vector<Version>&) {
    if (++names > names_at_a_time || out.found.size() >= versions_at_a_time) {
      out.next = name;
      return false;
    }
    for (auto& version : index.history(name))
      if (is_large(version)) out.found.push_back({name, std::move(version)});
    return true;
  });
  return out;
}

asio::awaitable<Result<ExportedChunks>> export_chunks(BlobChunks chunks, Threads& threads, File folder) {
  const auto ready = co_await chunks.prepare();
  if (!ready) co_return ready.error();
  const auto shared = std::make_shared<const File>(std::move(folder));
  ExportedChunks out;
  for (std::uint64_t index = 0; index < chunks.shape().count; ++index) {
    const auto done = co_await export_one(&chunks, &threads, shared, index);
    if (!done) co_return done.error();
    if (*done == Did::miss) {
      out.missing.push_back(index);
      continue;
    }
    ++out.files;
    out.bytes += chunks.shape().size(index);
    out.written += *done == Did::write ? 1u : 0u;
  }
  co_return out;
}

}  // namespace vault::daemon

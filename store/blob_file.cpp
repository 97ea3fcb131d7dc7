// SPDX-License-Identifier: Apache-2.0
#include "store/blob_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"
#include "store/errc.hpp"
#include "store/error.hpp"

namespace vault::store {
namespace {

Result<void> write_at(int fd, std::uint64_t at, BytesView bytes) {
  while (!bytes.empty()) {
    const auto done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno_error();
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at += static_cast<std::uint64_t>(done);
  }
  return {};
}

// Reads up to `size` bytes, as many as the file has.
Result<Bytes> read_at(int fd, std::uint64_t at, std::size_t size) {
  Bytes out(size);
  std::size_t have = 0;
  while (have < size) {
    const auto done = ::pread(fd, out.data() + have, size - have, static_cast<off_t>(at + have));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno_error();
    if (done == 0) break;
    have += static_cast<std::size_t>(done);
  }
  out.resize(have);
  return out;
}

// Reserves room on the disk. Succeeds on a filesystem that cannot reserve.
Result<void> reserve_room(int fd, std::uint64_t bytes) {
  if (::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0 || errno == EOPNOTSUPP || errno == EINTR) return {};
  return errno_error();
}

constexpr std::array<std::uint8_t, 4> never_written{};

}  // namespace

Result<BlobFile> BlobFile::create(const std::filesystem::path& path, const BlobShape& shape, bool reserve) {
  VAULT_ASSERT(shape.count > 0);
  File file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file) return errno_error();
  if (reserve)
    if (const auto room = reserve_room(file.get(), shape.file()); !room) {
      const auto why = room.error();
      ::unlink(path.c_str());
      return why;
    }
  return BlobFile{std::move(file), shape};
}

Result<BlobFile> BlobFile::open(const std::filesystem::path& path, const BlobShape& shape) {
  File file{::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC)};
  if (!file) return errno_error();
  return BlobFile{std::move(file), shape};
}

Result<BlobFile> BlobFile::scratch(const std::filesystem::path& path, const BlobShape& shape) {
  auto file = create(path, shape, false);
  if (file) ::unlink(path.c_str());
  return file;
}

Result<void> BlobFile::write(std::uint64_t index, const Sealed& chunk) {
  VAULT_ASSERT(index < shape_.count && chunk.size() == shape_.size(index));
  return write_at(file_.get(), shape_.offset(index), chunk.view());
}

Result<void> BlobFile::write_hashes(std::span<const Hash> hashes) {
  VAULT_ASSERT(hashes.size() == shape_.count);
  ByteWriter out;
  for (const auto& hash : hashes) out.fixed(hash);
  return write_at(file_.get(), shape_.sealed(), out.bytes());
}

Result<void> BlobFile::sync() {
  if (::fdatasync(file_.get()) != 0) return errno_error();
  return {};
}

Result<std::optional<Sealed>> BlobFile::read(std::uint64_t index) const {
  VAULT_ASSERT(index < shape_.count);
  const auto begin = read_at(file_.get(), shape_.offset(index), never_written.size());
  if (!begin) return begin.error();
  if (begin->size() < never_written.size() || std::ranges::equal(*begin, never_written)) return std::optional<Sealed>{};
  auto all = read_at(file_.get(), shape_.offset(index), static_cast<std::size_t>(shape_.size(index)));
  if (!all) return all.error();
  return std::optional{Sealed::from_untrusted(std::move(*all))};
}

Result<std::vector<Hash>> BlobFile::read_hashes() const {
  const auto bytes = read_at(file_.get(), shape_.sealed(), static_cast<std::size_t>(shape_.count * Hash::size));
  if (!bytes) return bytes.error();
  if (bytes->size() != shape_.count * Hash::size) return StoreErrc::store_damaged;
  ByteReader in{*bytes};
  std::vector<Hash> out;
  out.reserve(shape_.count);
  while (out.size() < shape_.count) out.push_back(in.fixed<Hash>());
  return out;
}

void BlobFile::forget(std::uint64_t index) {
  (void)::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(shape_.offset(index)),
                    static_cast<off_t>(shape_.size(index)));
}

void BlobFile::touch() { (void)::futimens(file_.get(), nullptr); }

std::optional<BlobFileInfo> blob_file_info(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  const auto ms = static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1000 +
                  static_cast<std::uint64_t>(info.st_mtim.tv_nsec) / 1'000'000;
  return BlobFileInfo{static_cast<std::uint64_t>(info.st_blocks) * 512, ms};
}

}  // namespace vault::store

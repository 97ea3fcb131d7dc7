// SPDX-License-Identifier: Apache-2.0
#include "daemon/salvage/clean_stop.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "crypto/hash.hpp"

namespace vault::daemon {
namespace {

constexpr auto file_name = "stopped";
constexpr std::string_view magic = "vcln";
constexpr std::size_t roots_bytes = 2 * 4096, txnid_at = 16 + 128, record_bytes = 60;

// Returns the first `most` bytes of the file; fewer if it is shorter.
Bytes beginning_of(int fd, std::size_t most) {
  Bytes out(most);
  std::size_t have = 0;
  for (ssize_t n = 1; n > 0 && have < most; have += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
    n = ::pread(fd, out.data() + have, most - have, static_cast<off_t>(have));
  out.resize(have);
  return out;
}

std::optional<Bytes> record_of(const std::filesystem::path& folder) {
  const File file{::open((folder / "data.mdb").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return std::nullopt;
  const auto roots = beginning_of(file.get(), roots_bytes);
  if (roots.size() != roots_bytes) return std::nullopt;
  std::uint64_t one = 0, other = 0;
  std::memcpy(&one, roots.data() + txnid_at, 8);
  std::memcpy(&other, roots.data() + 4096 + txnid_at, 8);
  ByteWriter out;
  out.raw(bytes_of(magic)).u64(std::max(one, other)).u64(static_cast<std::uint64_t>(info.st_size));
  auto record = out.fixed(crypto::sha256(roots)).take();
  record.resize(record_bytes);
  return record;
}

}  // namespace

void note_clean_stop(const std::filesystem::path& folder) {
  const auto record = record_of(folder);
  if (!record) return;
  const File file{::open((folder / file_name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  (void)!::write(file.get(), record->data(), record->size());
}

bool take_clean_stop(const std::filesystem::path& folder) {
  const auto path = folder / file_name;
  Bytes noted;
  {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (file) noted = beginning_of(file.get(), record_bytes + 1);
  }
  (void)::unlink(path.c_str());
  const auto now = record_of(folder);
  return now && noted == *now;
}

}  // namespace vault::daemon

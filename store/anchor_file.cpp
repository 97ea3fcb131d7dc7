// SPDX-License-Identifier: Apache-2.0
#include "store/anchor_file.hpp"

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

using RawSlot = std::array<std::uint8_t, AnchorFile::slot_bytes>;
constexpr std::string_view magic = "vanc";

off_t offset_of(std::size_t slot) { return static_cast<off_t>(slot * AnchorFile::slot_distance); }

// Reads as much of the slot as the file has; the rest stays zero.
Result<RawSlot> read_slot(int fd, std::size_t slot) {
  RawSlot raw{};
  for (std::size_t done = 0; done < raw.size();) {
    const auto n = ::pread(fd, raw.data() + done, raw.size() - done, offset_of(slot) + static_cast<off_t>(done));
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (errno != EINTR) return errno_error();
  }
  return raw;
}

std::optional<AnchorSlot> parse(BytesView raw, std::size_t slot) {
  ByteReader in{raw};
  const bool known = text_of(in.take(magic.size())) == magic;
  AnchorSlot out{in.u64(), {}};
  const auto length = in.u16();
  if (!known || out.serial % 2 != slot || length > AnchorFile::payload_bytes) return std::nullopt;
  const auto payload = in.take(length);
  const auto rest = in.take(in.left());
  if (std::any_of(rest.begin(), rest.end(), [](auto b) { return b != 0; })) return std::nullopt;
  out.payload.assign(payload.begin(), payload.end());
  return out;
}

}  // namespace

Result<AnchorFile> AnchorFile::open(const std::filesystem::path& path) {
  File file{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600)};
  if (!file && (errno == ELOOP || errno == EISDIR || errno == ENXIO)) return StoreErrc::state_unsafe;
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return errno_error();
  if (!S_ISREG(info.st_mode)) return StoreErrc::state_unsafe;
  if (info.st_size == 0) {
    if (::ftruncate(file.get(), offset_of(1) + off_t{slot_bytes}) != 0 || ::fsync(file.get()) != 0)
      return errno_error();
    if (auto synced = sync_folder(path.has_parent_path() ? path.parent_path() : "."); !synced) return synced.error();
  }
  return AnchorFile{std::move(file)};
}

Result<std::array<std::optional<AnchorSlot>, 2>> AnchorFile::read() const {
  std::array<std::optional<AnchorSlot>, 2> out;
  for (std::size_t slot = 0; slot < out.size(); ++slot) {
    const auto raw = read_slot(file_.get(), slot);
    if (!raw) return raw.error();
    out[slot] = parse(*raw, slot);
  }
  return out;
}

Result<void> AnchorFile::write(std::uint64_t serial, BytesView payload) {
  VAULT_ASSERT(payload.size() <= payload_bytes);
  ByteWriter slot;
  slot.raw(bytes_of(magic)).u64(serial).var16(payload);
  auto raw = slot.take();
  raw.resize(slot_bytes);
  const auto n = ::pwrite(file_.get(), raw.data(), raw.size(), offset_of(serial % 2));
  if (n >= 0 && n != static_cast<ssize_t>(raw.size())) return StoreErrc::disk_full;
  if (n < 0 || ::fdatasync(file_.get()) != 0) return errno_error();
  return {};
}

}  // namespace vault::store

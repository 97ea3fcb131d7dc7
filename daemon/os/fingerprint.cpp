// SPDX-License-Identifier: Apache-2.0
#include "daemon/os/fingerprint.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "crypto/hash.hpp"

namespace vault::daemon {

Hash machine_fingerprint(const std::filesystem::path& folder) {
  std::string machine;
  std::getline(std::ifstream{"/etc/machine-id"}, machine);
  struct statx info {};
  if (statx(AT_FDCWD, folder.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) info = {};
  ByteWriter out;
  out.var16(bytes_of(machine)).u64(info.stx_ino);
  if ((info.stx_mask & STATX_BTIME) != 0)
    out.u64(static_cast<std::uint64_t>(info.stx_btime.tv_sec)).u32(info.stx_btime.tv_nsec);
  return crypto::sha256(out.bytes());
}

}  // namespace vault::daemon

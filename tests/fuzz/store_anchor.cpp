// SPDX-License-Identifier: Apache-2.0
// Anything in the place of the anchor file. A slot that is read is written as the same bytes.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/assert.hpp"
#include "store/anchor_file.hpp"

using namespace vault;
using store::AnchorFile;

namespace {

std::string make_file() {
  std::string name = access("/dev/shm", W_OK) == 0 ? "/dev/shm/vault-fuzz-XXXXXX" : "/tmp/vault-fuzz-XXXXXX";
  const int fd = mkstemp(name.data());
  VAULT_ASSERT(fd >= 0);
  close(fd);
  return name;
}

struct Scratch {
  std::string name = make_file();
  ~Scratch() { unlink(name.c_str()); }

  void hold(BytesView bytes) const {
    const int fd = ::open(name.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    VAULT_ASSERT(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch file;
  if (size > 64 * 1024) return 0;
  file.hold({data, size});
  auto anchor = AnchorFile::open(file.name);
  if (!anchor) return 0;
  const auto slots = anchor->read();
  if (!slots) return 0;
  for (const auto& slot : *slots) {
    if (!slot) continue;
    VAULT_ASSERT(slot->payload.size() <= AnchorFile::payload_bytes);
    VAULT_ASSERT(anchor->write(slot->serial, slot->payload).has_value());
    VAULT_ASSERT((*anchor->read())[slot->serial % 2] == slot);
  }
  return 0;
}

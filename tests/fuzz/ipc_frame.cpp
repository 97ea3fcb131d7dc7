// SPDX-License-Identifier: Apache-2.0
// The framing of the local socket: the first byte chooses how the rest is cut, no cut loses or invents a frame.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "ipc/framing.hpp"

using namespace vault;

namespace {

constexpr std::size_t most = 64;

// All frames of `text`, fed in pieces of `step` bytes; an error ends the list with "!".
std::vector<std::string> frames_of(std::string_view text, std::size_t step) {
  std::vector<std::string> out;
  ipc::FrameReader reader{most};
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) {
    reader.append(text.substr(0, step));
    for (;;) {
      const auto frame = reader.next();
      if (!frame) {
        out.push_back("!");
        return out;
      }
      if (!*frame) break;
      VAULT_ASSERT((*frame)->size() <= most);
      out.emplace_back(**frame);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  VAULT_ASSERT(frames_of(text, text.size() + 1) == frames_of(text, data[0] % 7 + 1u));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "crypto/frame.hpp"

#include <bit>

#include "base/assert.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/layout.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t prefix = 4;
constexpr std::size_t least = 256;

// Rounds `length` up as Padmé does: "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
// Nikitin et al. 2019, §4.
std::size_t padme(std::size_t length) {
  const auto e = static_cast<unsigned>(std::bit_width(length)) - 1;
  const auto s = static_cast<unsigned>(std::bit_width(e));
  if (e <= s) return length;
  const auto mask = (std::size_t{1} << (e - s)) - 1;
  return (length + mask) & ~mask;
}

}  // namespace

std::size_t padded(std::size_t length) {
  VAULT_ASSERT(length > 0 && length <= UINT32_MAX);
  return std::max(least, padme(length));
}

Secret frame(BytesView content) {
  Secret out{framed_size(content.size())};  // all zeros
  const auto size = be32(static_cast<std::uint32_t>(content.size()));
  std::copy(size.begin(), size.end(), out.writable().begin());
  std::copy(content.begin(), content.end(), out.writable().subspan(prefix).begin());
  return out;
}

Result<BytesView> unframe(BytesView frame) {
  if (frame.size() < least) return Errc::tamper;
  const auto size = layout::number_at(frame, 0, prefix);
  if (size > frame.size() - prefix || framed_size(size) != frame.size()) return Errc::tamper;
  const auto padding = frame.subspan(prefix + size);
  if (std::any_of(padding.begin(), padding.end(), [](auto b) { return b != 0; })) return Errc::tamper;
  return frame.subspan(prefix, size);
}

}  // namespace vault::crypto

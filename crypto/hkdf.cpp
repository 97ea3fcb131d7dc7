// SPDX-License-Identifier: Apache-2.0
#include "crypto/hkdf.hpp"

#include "base/assert.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t block = 32;
constexpr std::array<std::uint8_t, block> no_salt{};

// Holds a digest on the stack and wipes it at the end.
struct Digest {
  std::array<std::uint8_t, block> raw{};
  ~Digest() { wipe(raw); }
};

void expand(const Digest& prk, BytesView info, std::span<std::uint8_t> out) {
  Digest t;
  std::size_t have = 0;  // bytes of T(i - 1): none of T(0), all of every later one
  for (std::uint8_t i = 1; !out.empty(); ++i) {
    const BytesView parts[] = {BytesView{t.raw}.first(have), info, BytesView{&i, 1}};
    hmac_into(prk.raw, parts, t.raw);
    have = block;
    const auto n = std::min(block, out.size());
    std::memcpy(out.data(), t.raw.data(), n);
    out = out.subspan(n);
  }
}

}  // namespace

void hkdf_into(BytesView ikm, BytesView salt, BytesView info, std::span<std::uint8_t> out) {
  VAULT_ASSERT(out.size() <= 255 * block);
  Digest prk;
  const BytesView parts[] = {ikm};
  hmac_into(salt.empty() ? BytesView{no_salt} : salt, parts, prk.raw);
  expand(prk, info, out);
}

Bytes info_of(std::string_view label, std::initializer_list<BytesView> context) {
  ByteWriter out;
  out.raw(bytes_of(label)).u8(0);
  for (auto part : context) out.raw(part);
  return out.take();
}

Secret derive(BytesView ikm, std::string_view label, std::initializer_list<BytesView> context, std::size_t size) {
  Secret out{size};
  hkdf_into(ikm, {}, info_of(label, context), out.writable());
  return out;
}

Secret concat(std::initializer_list<BytesView> parts) {
  Secret out;
  for (auto part : parts) out.append(part);
  return out;
}

}  // namespace vault::crypto

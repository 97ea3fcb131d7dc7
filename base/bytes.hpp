// SPDX-License-Identifier: Apache-2.0
// Defines byte buffers, ids of fixed size, and a writer and a reader for our binary formats. Every integer in them is
// big-endian and has a fixed width. ByteReader remembers whether it ran short, so a parser reads all fields and checks
// once at the end.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vault {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Holds N bytes of one meaning. `Tag` makes VaultId and DeviceId different types, though both are sixteen bytes.
template <class Tag, std::size_t N>
struct FixedBytes {
  static constexpr std::size_t size = N;
  std::array<std::uint8_t, N> raw{};

  // Requires: bytes.size() == N.
  static FixedBytes from(BytesView bytes) {
    FixedBytes out;
    std::memcpy(out.raw.data(), bytes.data(), N);
    return out;
  }
  BytesView view() const { return raw; }
  bool is_zero() const {
    return std::all_of(raw.begin(), raw.end(), [](auto b) { return b == 0; });
  }
  auto operator<=>(const FixedBytes&) const = default;
};

using VaultId = FixedBytes<struct VaultIdTag, 16>;
using DeviceId = FixedBytes<struct DeviceIdTag, 16>;
using BlobId = FixedBytes<struct BlobIdTag, 16>;
using Hash = FixedBytes<struct HashTag, 32>;            // SHA-256
using Seed = FixedBytes<struct SeedTag, 32>;            // part of the salt of the password
using SignKey = FixedBytes<struct SignKeyTag, 32>;      // Ed25519, public half
using BoxKey = FixedBytes<struct BoxKeyTag, 32>;        // X25519, public half
using Signature = FixedBytes<struct SignatureTag, 64>;  // Ed25519

// Compares `a` and `b` in a time that depends only on their sizes.
bool constant_time_equal(BytesView a, BytesView b);

class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t v) { return number(v, 1); }
  ByteWriter& u16(std::uint16_t v) { return number(v, 2); }
  ByteWriter& u32(std::uint32_t v) { return number(v, 4); }
  ByteWriter& u64(std::uint64_t v) { return number(v, 8); }
  ByteWriter& raw(BytesView v);  // not inline: after a number, g++ 14 -O2 takes the insert for an overflow
  template <class Tag, std::size_t N>
  ByteWriter& fixed(const FixedBytes<Tag, N>& v) {
    return raw(v.view());
  }
  // Appends the length of `v`, then `v`. Requires: the length fits the field; callers have checked their limit.
  ByteWriter& var8(BytesView v) { return u8(static_cast<std::uint8_t>(v.size())).raw(v); }
  ByteWriter& var16(BytesView v) { return u16(static_cast<std::uint16_t>(v.size())).raw(v); }
  ByteWriter& var32(BytesView v) { return u32(static_cast<std::uint32_t>(v.size())).raw(v); }

  std::size_t size() const { return out_.size(); }
  const Bytes& bytes() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  ByteWriter& number(std::uint64_t v, int width) {
    for (int i = width - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
    return *this;
  }
  Bytes out_;
};

// Reads fields from the front of a byte string. The views it returns live as long as the bytes it was made from.
class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  BytesView take(std::size_t n) {
    if (n > in_.size() || !ok_) {
      ok_ = false;
      in_ = {};
      return {};
    }
    auto out = in_.first(n);
    in_ = in_.subspan(n);
    return out;
  }
  template <class T>
  T fixed() {
    auto bytes = take(T::size);
    return ok_ ? T::from(bytes) : T{};
  }
  BytesView var8() { return take(u8()); }
  BytesView var16() { return take(u16()); }
  BytesView var32() { return take(u32()); }

  // Marks the input as bad. Call it when a field has a value that is not allowed.
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  // True if all of the input was read and nothing was missing.
  bool done() const { return ok_ && in_.empty(); }
  std::size_t left() const { return in_.size(); }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t v = 0;
    for (auto b : take(width)) v = v << 8 | b;
    return v;
  }
  BytesView in_;
  bool ok_ = true;
};

}  // namespace vault

template <class Tag, std::size_t N>
// Takes the first bytes as the hash. Ids and hashes are already evenly distributed.
struct std::hash<vault::FixedBytes<Tag, N>> {
  std::size_t operator()(const vault::FixedBytes<Tag, N>& v) const noexcept {
    std::size_t out;
    std::memcpy(&out, v.raw.data(), sizeof out);
    return out;
  }
};

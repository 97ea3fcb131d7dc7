// SPDX-License-Identifier: Apache-2.0
#include "wire/seal_header.hpp"

#include "base/limits.hpp"
#include "wire/errc.hpp"

namespace vault::wire {
namespace {

constexpr std::string_view magic = "VLTD";
constexpr std::uint8_t format = 2;
constexpr std::uint8_t format_unreleased = 1;
constexpr std::size_t tag_bytes = 16;

// True for suite 1 and for the cheap suite of tests, 0xFE. Every release refuses 0xFE where keys are derived.
bool known_suite(std::uint8_t suite) { return suite == 1 || suite == 0xFE; }

}  // namespace

void encode(ByteWriter& out, const SealHeader& h) {
  out.raw(bytes_of(magic)).u8(format).u8(h.suite).u8(h.kind).u8(0);
  out.fixed(h.vault).fixed(h.device).u64(h.counter).u32(h.segments).u32(h.total);
}

Result<SealHeader> decode_seal_header(ByteReader& in) {
  const bool ours = text_of(in.take(magic.size())) == magic;
  const auto version = in.u8();
  SealHeader h{.suite = in.u8(), .kind = in.u8()};
  const bool zero = in.u8() == 0;
  h.vault = in.fixed<VaultId>();
  h.device = in.fixed<DeviceId>();
  h.counter = in.u64();
  h.segments = in.u32();
  h.total = in.u32();
  if (!in.ok() || !ours) return Errc::tamper;
  if (version == format_unreleased) return WireErrc::format_older;
  if (version != format || !known_suite(h.suite)) return Errc::downgrade;
  if (!zero) return Errc::tamper;
  return h;
}

bool segments_fit(std::uint32_t segments, std::uint32_t total, std::size_t fixed) {
  const std::uint64_t around = fixed + std::uint64_t{tag_bytes} * segments;
  if (segments == 0 || total <= around) return false;
  const auto plain = total - around;
  return (plain + limits::segment_bytes - 1) / limits::segment_bytes == segments;
}

}  // namespace vault::wire

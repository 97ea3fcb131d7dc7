// SPDX-License-Identifier: Apache-2.0
#include "crypto/version_id.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "crypto/hkdf.hpp"

namespace vault::crypto {
namespace {

// Takes the text before the next dash off the front, with the dash; takes all of it if there is none.
std::string_view next_part(std::string_view& text) {
  const auto dash = text.find('-');
  const auto part = text.substr(0, dash);
  text.remove_prefix(dash == std::string_view::npos ? text.size() : dash + 1);
  return part;
}

template <class Number>
std::optional<Number> decimal(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::array<std::uint8_t, VersionId::size> VersionId::bytes() const {
  std::array<std::uint8_t, size> out{};
  auto at = std::ranges::copy(device.raw, out.begin()).out;
  at = std::ranges::copy(be64(seq), at).out;
  at = std::ranges::copy(be32(index), at).out;
  std::ranges::copy(check, at);
  return out;
}

VersionId VersionId::read(ByteReader& in) {
  VersionId out;
  out.device = in.fixed<DeviceId>();
  out.seq = in.u64();
  out.index = in.u32();
  const auto check = in.take(out.check.size());
  std::ranges::copy(check, out.check.begin());
  return out;
}

std::string to_text(const VersionId& id) {
  return hex(id.device) + "-" + std::to_string(id.seq) + "-" + std::to_string(id.index) + "-" +
         hex(BytesView{id.check});
}

std::optional<VersionId> version_id_from(std::string_view text) {
  auto rest = text;
  const auto device = unhex_fixed<DeviceId>(next_part(rest));
  const auto seq = decimal<std::uint64_t>(next_part(rest));
  const auto index = decimal<std::uint32_t>(next_part(rest));
  const auto check = unhex(rest);
  if (!device || !seq || !index || !check || check->size() != VersionId::Check{}.size()) return std::nullopt;
  VersionId out{*device, *seq, *index, {}};
  std::ranges::copy(*check, out.check.begin());
  if (to_text(out) != text) return std::nullopt;  // refuses leading zeros, signs, capitals
  return out;
}

}  // namespace vault::crypto

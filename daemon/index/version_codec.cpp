// SPDX-License-Identifier: Apache-2.0
#include "daemon/index/version_codec.hpp"

namespace vault::daemon {

using crypto::Operation;

void put_varint(ByteWriter& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.u8(static_cast<std::uint8_t>(number | 0x80));
  out.u8(static_cast<std::uint8_t>(number));
}

std::uint64_t get_varint(ByteReader& in) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = in.u8();
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  in.fail();
  return 0;
}

std::uint64_t DeviceNumbers::number_of(const DeviceId& device) {
  const auto [at, fresh] = numbers_.emplace(device, all_.size());
  if (fresh) all_.push_back(device);
  return at->second;
}

const DeviceId* DeviceNumbers::device(std::uint64_t number) const {
  return number < all_.size() ? &all_[static_cast<std::size_t>(number)] : nullptr;
}

namespace {

// Begins a packed version.
enum Flag : std::uint8_t { is_remove = 1, is_moved = 2, is_typed = 4, replaces_some = 8, all_flags = 15 };

void pack(ByteWriter& out, const Location& at, DeviceNumbers& devices) {
  put_varint(out, devices.number_of(at.device));
  put_varint(out, at.seq);
  put_varint(out, at.record);
}

Location unpack_location(ByteReader& in, const DeviceNumbers& devices) {
  Location at;
  const auto* device = devices.device(get_varint(in));
  if (device != nullptr) at.device = *device;
  else in.fail();
  at.seq = get_varint(in);
  at.record = static_cast<std::uint32_t>(get_varint(in));
  return at;
}

// Encodes the wall time relative to the clock's: usually 0.
std::uint64_t zigzag(std::uint64_t from, std::uint64_t to) {
  const auto apart = static_cast<std::int64_t>(to - from);
  return static_cast<std::uint64_t>(apart << 1) ^ static_cast<std::uint64_t>(apart >> 63);
}

std::uint64_t unzigzag(std::uint64_t from, std::uint64_t apart) { return from + ((apart >> 1) ^ (~(apart & 1) + 1)); }

template <class T, class Unpack>
std::vector<T> unpack_list(ByteReader& in, Unpack unpack) {
  std::vector<T> out;
  for (auto left = get_varint(in); left > 0 && in.ok(); --left) out.push_back(unpack(in));
  return out;
}

}  // namespace

void pack(ByteWriter& out, const VersionId& id, DeviceNumbers& devices) {
  pack(out, Location{id.device, id.seq, id.index}, devices);
  out.raw(id.check);
}

VersionId unpack_id(ByteReader& in, const DeviceNumbers& devices) {
  const auto at = unpack_location(in, devices);
  VersionId id{at.device, at.seq, at.record, {}};
  const auto check = in.take(id.check.size());
  std::copy(check.begin(), check.end(), id.check.begin());
  return id;
}

void pack(ByteWriter& out, const Version& version, DeviceNumbers& devices) {
  const bool moved = version.at != Location{version.id.device, version.id.seq, version.id.index};
  out.u8(static_cast<std::uint8_t>((version.operation == Operation::remove ? is_remove : 0) | (moved ? is_moved : 0) |
                                   (version.content_type.empty() ? 0 : is_typed) |
                                   (version.replaces.empty() ? 0 : replaces_some)));
  pack(out, version.id, devices);
  if (moved) pack(out, version.at, devices);
  out.u64(version.clock);
  put_varint(out, zigzag(version.clock >> 16, version.wall));
  put_varint(out, version.size);
  if (!version.content_type.empty()) out.var8(bytes_of(version.content_type));
  if (version.replaces.empty()) return;
  put_varint(out, version.replaces.size());
  for (const auto& id : version.replaces) pack(out, id, devices);
}

Version unpack_version(ByteReader& in, const DeviceNumbers& devices) {
  Version out;
  const auto flags = in.u8();
  if (flags > all_flags) in.fail();
  out.id = unpack_id(in, devices);
  out.at = {out.id.device, out.id.seq, out.id.index};
  if ((flags & is_moved) != 0) out.at = unpack_location(in, devices);
  if ((flags & is_remove) != 0) out.operation = Operation::remove;
  out.clock = in.u64();
  out.wall = unzigzag(out.clock >> 16, get_varint(in));
  out.size = get_varint(in);
  if ((flags & is_typed) != 0) out.content_type = text_of(in.var8());
  if ((flags & replaces_some) != 0)
    out.replaces = unpack_list<VersionId>(in, [&devices](ByteReader& from) { return unpack_id(from, devices); });
  return out;
}

void pack(ByteWriter& out, const ItemHeads& item, DeviceNumbers& devices) {
  put_varint(out, item.heads.size());
  for (const auto& version : item.heads) pack(out, version, devices);
  put_varint(out, item.missing.size());
  for (const auto& id : item.missing) pack(out, id, devices);
  put_varint(out, item.past);
}

ItemHeads unpack_heads(ByteReader& in, const DeviceNumbers& devices) {
  ItemHeads out;
  out.heads = unpack_list<Version>(in, [&devices](ByteReader& from) { return unpack_version(from, devices); });
  out.missing = unpack_list<VersionId>(in, [&devices](ByteReader& from) { return unpack_id(from, devices); });
  out.past = get_varint(in);
  return out;
}

}  // namespace vault::daemon

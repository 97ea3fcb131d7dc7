// SPDX-License-Identifier: Apache-2.0
#include "wire/keyring_header.hpp"

#include "base/limits.hpp"
#include "wire/seal_header.hpp"

namespace vault::wire {
namespace {

constexpr std::size_t max_slot_bytes = 4096;

Hash read_hash(ByteReader& in) { return in.fixed<Hash>(); }

// Fails `in` unless the ids in the list ascend strictly.
template <class Entry, class Id>
void require_ascending(ByteReader& in, const std::vector<Entry>& list, Id id) {
  for (std::size_t i = 1; i < list.size(); ++i)
    if (!(id(list[i - 1]) < id(list[i]))) in.fail();
}

Sealed read_slot(ByteReader& in) {
  const auto slot = in.var16();
  if (slot.size() > max_slot_bytes) in.fail();
  return Sealed::from_untrusted(slot);
}

std::size_t read_count(ByteReader& in) {
  const std::size_t count = in.u16();
  if (count > limits::devices) in.fail();
  return in.ok() ? count : 0;
}

void read_slots(ByteReader& in, KeyringHeader& h) {
  h.password_slot = read_slot(in);
  h.recovery_slot = read_slot(in);
  const auto count = read_count(in);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto device = in.fixed<DeviceId>();
    h.device_slots.push_back({device, read_slot(in)});
  }
  require_ascending(in, h.device_slots, [](const auto& s) { return s.device; });
}

void read_devices(ByteReader& in, KeyringHeader& h) {
  const auto count = read_count(in);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    PublicDevice device{.id = in.fixed<DeviceId>(), .net = in.fixed<SignKey>(), .sig = in.fixed<SignKey>()};
    const auto may_write = in.u8();
    if (may_write > 1) in.fail();
    device.may_write = may_write == 1;
    h.devices.push_back(device);
  }
  require_ascending(in, h.devices, [](const auto& d) { return d.id; });
}

void read_fields(ByteReader& in, KeyringHeader& h) {
  h.version = in.u32();
  h.generation = in.u32();
  h.prev = read_hash(in);
  const auto siblings = in.u8();
  if (siblings > 1) in.fail();
  for (int i = 0; i < siblings && in.ok(); ++i) h.siblings.push_back(read_hash(in));
  h.seed = in.fixed<Seed>();
  h.auth = in.fixed<SignKey>();
  h.recovery_auth = in.fixed<SignKey>();
  h.account = text_of(in.var8());
}

bool is_sound(const KeyringHeader& h) {
  const bool first = h.version == 1;
  return h.version >= 1 && h.generation >= 1 && h.generation <= h.version && h.generation <= limits::generations &&
         h.prev.is_zero() == first && is_account(h.account) && !h.password_slot.empty() && !h.devices.empty() &&
         h.recovery_slot.empty() == h.recovery_auth.is_zero() && !(first && !h.siblings.empty());
}

}  // namespace

const PublicDevice* KeyringHeader::find(const DeviceId& id) const {
  const auto at =
      std::lower_bound(devices.begin(), devices.end(), id, [](const auto& d, const auto& i) { return d.id < i; });
  return at != devices.end() && at->id == id ? &*at : nullptr;
}

bool is_account(std::string_view name) {
  if (name.empty() || name.size() > limits::account_bytes) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._@-") == name.npos;
}

Bytes encode(const KeyringHeader& h) {
  ByteWriter out;
  encode(out, SealHeader{h.suite, keyring_kind, h.vault, h.author, 0, h.segments, h.total});
  out.u32(h.version).u32(h.generation).fixed(h.prev).u8(static_cast<std::uint8_t>(h.siblings.size()));
  for (const auto& sibling : h.siblings) out.fixed(sibling);
  out.fixed(h.seed).fixed(h.auth).fixed(h.recovery_auth).var8(bytes_of(h.account));
  out.var16(h.password_slot.view()).var16(h.recovery_slot.view());
  out.u16(static_cast<std::uint16_t>(h.device_slots.size()));
  for (const auto& s : h.device_slots) out.fixed(s.device).var16(s.slot.view());
  out.u16(static_cast<std::uint16_t>(h.devices.size()));
  for (const auto& d : h.devices) out.fixed(d.id).fixed(d.net).fixed(d.sig).u8(d.may_write ? 1 : 0);
  return out.take();
}

Result<DecodedKeyringHeader> decode_keyring_header(BytesView keyring) {
  if (keyring.size() > limits::keyring_bytes) return Errc::limit;
  ByteReader in{keyring};
  const auto seal = decode_seal_header(in);
  if (!seal) return seal.error();
  if (seal->kind != keyring_kind) return Errc::downgrade;
  KeyringHeader h{.suite = seal->suite,
                  .vault = seal->vault,
                  .author = seal->device,
                  .segments = seal->segments,
                  .total = seal->total};
  read_fields(in, h);
  read_slots(in, h);
  read_devices(in, h);
  if (!in.ok() || !is_sound(h) || seal->counter != 0 || h.total != keyring.size()) return Errc::tamper;
  return DecodedKeyringHeader{std::move(h), keyring.size() - in.left()};
}

}  // namespace vault::wire

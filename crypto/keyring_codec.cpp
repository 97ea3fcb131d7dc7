// SPDX-License-Identifier: Apache-2.0
#include "crypto/keyring_codec.hpp"

#include "base/limits.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/rules.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t device_least = 16 + 1 + 1 + 3 * 32 + 1 + 8 + 4 + 8 + 32;
constexpr std::size_t head_bytes = 16 + 8 + 32;
enum class Status : std::uint8_t { active = 1, revoked = 2 };

// Encodes in two steps: the keys into wiped memory, the rest with a ByteWriter, since devices, heads and the hash are
// not secret by themselves.
Secret encode_keys(const KeyringBody& body) {
  VAULT_ASSERT(body.recovery_psk.size() == 32);
  auto out = concat({KeyAccess::view(body.names), body.recovery_box.view(), body.recovery_psk.view(),
                     be32(static_cast<std::uint32_t>(body.older.size()))});
  for (const auto& key : body.older) out.append(KeyAccess::view(key));
  return out;
}

void put_device(ByteWriter& out, const KeyringDevice& device) {
  VAULT_ASSERT(check_device_name(device.name));
  out.fixed(device.id).var8(bytes_of(device.name)).fixed(device.sig).fixed(device.box).fixed(device.net);
  out.u8(static_cast<std::uint8_t>(device.active ? Status::active : Status::revoked));
  out.u64(device.joined).u32(device.joined_version).u64(device.revoked_seq).fixed(device.revoked_hash);
}

KeyringDevice read_device(ByteReader& in) {
  KeyringDevice out;
  out.id = in.fixed<DeviceId>();
  out.name = text_of(in.var8());
  out.sig = in.fixed<SignKey>();
  out.box = in.fixed<BoxKey>();
  out.net = in.fixed<SignKey>();
  const auto status = static_cast<Status>(in.u8());
  out.active = status == Status::active;
  out.joined = in.u64();
  out.joined_version = in.u32();
  out.revoked_seq = in.u64();
  out.revoked_hash = in.fixed<Hash>();
  if (!out.active && status != Status::revoked) in.fail();
  if (out.active && (out.revoked_seq != 0 || !out.revoked_hash.is_zero())) in.fail();
  if (!check_device_name(out.name)) in.fail();
  return out;
}

std::vector<VaultKey> read_older(ByteReader& in, std::uint32_t generation) {
  std::vector<VaultKey> out;
  const auto count = in.u32();
  if (generation == 0 || count != generation - 1 || count > limits::generations || count > in.left() / VaultKey::size)
    in.fail();
  if (!in.ok()) return out;
  out.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(KeyAccess::copy_of<VaultKey>(in.take(VaultKey::size)));
  return out;
}

std::vector<KeyringDevice> read_devices(ByteReader& in) {
  std::vector<KeyringDevice> out;
  const auto count = in.u16();
  if (count > limits::devices || count > in.left() / device_least) in.fail();
  for (int i = 0; i < count && in.ok(); ++i) {
    auto device = read_device(in);
    if (!out.empty() && out.back().id >= device.id) in.fail();
    out.push_back(std::move(device));
  }
  return out;
}

std::map<DeviceId, Head> read_heads(ByteReader& in) {
  std::map<DeviceId, Head> out;
  const auto count = in.u16();
  if (count > limits::devices || count > in.left() / head_bytes) in.fail();
  for (int i = 0; i < count && in.ok(); ++i) {
    const auto device = in.fixed<DeviceId>();
    const auto seq = in.u64();
    if (seq == 0 || (!out.empty() && out.rbegin()->first >= device)) in.fail();
    out.emplace_hint(out.end(), device, Head{seq, in.fixed<Hash>()});
  }
  return out;
}

bool is_zero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](auto b) { return b == 0; });
}

bool heads_are_of_devices(const KeyringBody& body) {
  return std::ranges::all_of(body.heads, [&](const auto& head) { return body.find(head.first) != nullptr; });
}

}  // namespace

KeyringBody KeyringBody::clone() const {
  KeyringBody out{
      .names = names.clone(), .recovery_box = recovery_box, .recovery_psk = Secret::copy_of(recovery_psk.view())};
  for (const auto& key : older) out.older.push_back(key.clone());
  out.devices = devices;
  out.heads = heads;
  out.minimum_format = minimum_format;
  return out;
}

const KeyringDevice* KeyringBody::find(const DeviceId& id) const {
  const auto at = std::ranges::find(devices, id, &KeyringDevice::id);
  return at == devices.end() ? nullptr : &*at;
}

Secret encode_keyring_body(const KeyringBody& body, BytesView hdr0) {
  auto devices = body.devices;
  std::ranges::sort(devices, {}, &KeyringDevice::id);
  ByteWriter rest;
  rest.u16(static_cast<std::uint16_t>(devices.size()));
  for (const auto& device : devices) put_device(rest, device);
  rest.u16(static_cast<std::uint16_t>(body.heads.size()));
  for (const auto& [device, head] : body.heads) rest.fixed(device).u64(head.seq).fixed(head.hash);
  rest.u8(body.minimum_format).fixed(sha256(hdr0));
  auto out = encode_keys(body);
  out.append(rest.bytes());
  return out;
}

Result<KeyringBody> decode_keyring_body(BytesView content, BytesView hdr0, std::uint32_t generation) {
  ByteReader in{content};
  const auto names = in.take(NameKey::size);
  const auto recovery_box = in.fixed<BoxKey>();
  const auto psk = in.take(32);
  if (!in.ok()) return Errc::tamper;
  KeyringBody out{
      .names = KeyAccess::copy_of<NameKey>(names), .recovery_box = recovery_box, .recovery_psk = Secret::copy_of(psk)};
  out.older = read_older(in, generation);
  out.devices = read_devices(in);
  out.heads = read_heads(in);
  out.minimum_format = in.u8();
  const auto repeated = in.fixed<Hash>();
  if (!in.done() || repeated != sha256(hdr0) || !heads_are_of_devices(out)) return Errc::tamper;
  if (out.recovery_box.is_zero() != is_zero(out.recovery_psk.view()) || out.minimum_format == 0) return Errc::tamper;
  if (out.minimum_format > layout::format) return Errc::downgrade;
  return out;
}

}  // namespace vault::crypto

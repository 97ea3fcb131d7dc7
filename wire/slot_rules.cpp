// SPDX-License-Identifier: Apache-2.0
#include "wire/slot_rules.hpp"

#include <algorithm>
#include <optional>

#include "wire/seal_header.hpp"

namespace vault::wire {
namespace {

struct SlotKind {
  std::uint8_t kind;
  std::size_t header_bytes;  // size of hdr0
};
constexpr SlotKind password{17, 64}, recovery{18, 96}, device{19, 112};

constexpr std::size_t sealed_key_bytes = 64 + 32 + 16;  // salt, ck, a vault key and its tag

struct SlotPlace {
  std::uint32_t version = 0, generation = 0;
  DeviceId recipient;  // set for a device slot only
};

// Returns nullopt if `slot` is not a slot of `kind` in the keyring's vault.
std::optional<SlotPlace> read_slot(const Sealed& slot, const SlotKind& kind, const KeyringHeader& keyring) {
  if (slot.size() != kind.header_bytes + sealed_key_bytes) return std::nullopt;
  ByteReader in{slot.view()};
  const auto seal = decode_seal_header(in);
  if (!seal || seal->kind != kind.kind || seal->suite != keyring.suite || seal->vault != keyring.vault ||
      seal->counter != 0 || seal->segments != 1 || seal->total != slot.size())
    return std::nullopt;
  SlotPlace place{in.u32(), in.u32(), {}};
  if (kind.kind == device.kind) place.recipient = in.fixed<DeviceId>();
  return place;
}

bool is_sound(const Sealed& slot, const SlotKind& kind, const KeyringHeader& keyring) {
  const auto place = read_slot(slot, kind, keyring);
  return place && place->generation == keyring.generation && place->version <= keyring.version;
}

bool is_made_here(const Sealed& slot, const SlotKind& kind, const KeyringHeader& keyring) {
  const auto place = read_slot(slot, kind, keyring);
  return place && place->generation == keyring.generation && place->version == keyring.version;
}

bool is_for(const DeviceSlot& slot, const KeyringHeader& keyring) {
  const auto place = read_slot(slot.slot, device, keyring);
  return is_made_here(slot.slot, device, keyring) && place->recipient == slot.device;
}

}  // namespace

bool slots_are_sound(const KeyringHeader& keyring) {
  return is_sound(keyring.password_slot, password, keyring) &&
         (keyring.recovery_slot.empty() || is_sound(keyring.recovery_slot, recovery, keyring)) &&
         std::all_of(keyring.device_slots.begin(), keyring.device_slots.end(),
                     [&keyring](const auto& slot) { return is_for(slot, keyring); });
}

bool slots_fit_devices(const KeyringHeader& keyring, bool new_key) {
  std::vector<DeviceId> wanted, given;
  for (const auto& one : keyring.devices)
    if (new_key && one.may_write) wanted.push_back(one.id);
  for (const auto& slot : keyring.device_slots) given.push_back(slot.device);
  return wanted == given;
}

bool slots_follow(const KeyringHeader& old, const KeyringHeader& now) {
  const bool new_key = old.generation != now.generation;
  const bool new_code = old.recovery_auth != now.recovery_auth;
  const bool by_password =
      new_key ? is_made_here(now.password_slot, password, now) : now.password_slot == old.password_slot;
  if (!new_key && !new_code) return by_password && now.recovery_slot == old.recovery_slot;
  return by_password && (now.recovery_slot.empty() || is_made_here(now.recovery_slot, recovery, now));
}

}  // namespace vault::wire

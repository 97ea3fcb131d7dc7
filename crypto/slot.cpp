// SPDX-License-Identifier: Apache-2.0
#include "crypto/slot.hpp"

#include "crypto/fresh.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/seal.hpp"
#include "crypto/sealer.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t version_at = layout::common;
constexpr std::size_t generation_at = layout::common + 4;
constexpr std::size_t recovery_eph_at = layout::common + 8;
constexpr std::size_t recipient_at = layout::common + 8;
constexpr std::size_t device_eph_at = layout::common + 24;

ByteWriter slot_hdr0(Kind kind, const SlotPlace& place) {
  ByteWriter out;
  layout::put_common(out, place.suite, kind, place.vault, place.author, 0);
  out.u32(place.version).u32(place.generation);
  return out;
}

VaultId vault_of(BytesView slot) { return VaultId::from(slot.subspan(layout::vault_id, VaultId::size)); }
std::uint32_t u32_at(BytesView slot, std::size_t offset) {
  return static_cast<std::uint32_t>(layout::number_at(slot, offset, 4));
}
Secret content_of_slot(const VaultKey& key) { return Secret::copy_of(KeyAccess::view(key)); }

Result<VaultKey> vault_key_of(Result<Secret> plaintext) {
  if (!plaintext) return plaintext.error();
  if (plaintext->size() != VaultKey::size) return Errc::tamper;
  return VaultKey{KeyAccess::make<VaultKey>(std::move(*plaintext))};
}

// Treats another key as a wrong password or code: a person typed the secret.
Result<VaultKey> vault_key_of_typed(Opened opened) {
  if (opened.how == Opening::other_key) return Errc::auth;
  return vault_key_of(plaintext_of(std::move(opened)));
}

DeviceSlotKey device_slot_key(const Secret& agreed, const VaultKey& previous, const VaultId& vault, const BoxKey& eph,
                              const BoxKey& box, const DeviceId& device, std::uint32_t version,
                              std::uint32_t generation) {
  const auto psk = derive(KeyAccess::view(previous), label::slot_psk, {vault.view()});
  const auto ikm = concat({agreed.view(), psk.view()});
  return KeyAccess::make<DeviceSlotKey>(
      derive(ikm.view(), label::device_slot,
             {vault.view(), eph.view(), box.view(), device.view(), be32(version), be32(generation)}));
}

RecoverySlotKey recovery_slot_key(const Secret& agreed, const Secret& psk, const VaultId& vault, const BoxKey& eph,
                                  const BoxKey& box, std::uint32_t version, std::uint32_t generation) {
  const auto ikm = concat({agreed.view(), psk.view()});
  return KeyAccess::make<RecoverySlotKey>(derive(
      ikm.view(), label::recovery_slot, {vault.view(), eph.view(), box.view(), be32(version), be32(generation)}));
}

}  // namespace

Sealed seal_password_slot(const PasswordKey& key, const VaultKey& content, const SlotPlace& place) {
  return seal<Kind::password_slot>(key, slot_hdr0(Kind::password_slot, place).take(), content_of_slot(content));
}

Result<VaultKey> open_password_slot(const PasswordKey& key, BytesView slot, const VaultId& vault) {
  auto opened = Sealer::open(KeyAccess::view(key), PasswordKey::purpose::opens, slot, layout::password_slot_hdr0);
  if (slot.size() >= layout::common && vault_of(slot) != vault) return Errc::tamper;
  return vault_key_of_typed(std::move(opened));
}

Result<Sealed> seal_device_slot(const VaultKey& content, const VaultKey& previous, const SlotPlace& place,
                                const DeviceId& recipient, const BoxKey& recipient_key) {
  const auto eph = new_ephemeral(content, recipient_key, place.vault);
  const auto agreed = BoxAccess::agree(eph, recipient_key);
  if (!agreed) return Errc::tamper;
  const auto eph_key = eph.public_key();
  const auto key = device_slot_key(*agreed, previous, place.vault, eph_key, recipient_key, recipient, place.version,
                                   place.generation);
  auto hdr0 = slot_hdr0(Kind::device_slot, place);
  hdr0.fixed(recipient).fixed(eph_key);
  return seal<Kind::device_slot>(key, hdr0.take(), content_of_slot(content));
}

Result<VaultKey> open_device_slot(BytesView slot, const BoxPrivate& key, const VaultKey& previous, const VaultId& vault,
                                  const DeviceId& recipient, std::uint32_t version, std::uint32_t generation) {
  if (slot.size() < layout::device_slot_hdr0) return Errc::tamper;
  if (vault_of(slot) != vault || DeviceId::from(slot.subspan(recipient_at, DeviceId::size)) != recipient ||
      u32_at(slot, version_at) != version || u32_at(slot, generation_at) != generation)
    return Errc::tamper;
  const auto eph = BoxKey::from(slot.subspan(device_eph_at, BoxKey::size));
  const auto agreed = BoxAccess::agree(key, eph);
  if (!agreed) return Errc::tamper;
  const auto slot_key =
      device_slot_key(*agreed, previous, vault, eph, key.public_key(), recipient, version, generation);
  return vault_key_of(open(slot_key, slot, layout::device_slot_hdr0));
}

Result<Sealed> seal_recovery_slot(const VaultKey& content, const BoxKey& box, const Secret& psk,
                                  const SlotPlace& place) {
  const auto eph = new_ephemeral(content, box, place.vault);
  const auto agreed = BoxAccess::agree(eph, box);
  if (!agreed) return Errc::tamper;
  const auto eph_key = eph.public_key();
  const auto key = recovery_slot_key(*agreed, psk, place.vault, eph_key, box, place.version, place.generation);
  auto hdr0 = slot_hdr0(Kind::recovery_slot, place);
  hdr0.fixed(eph_key);
  return seal<Kind::recovery_slot>(key, hdr0.take(), content_of_slot(content));
}

Result<VaultKey> open_recovery_slot(const RecoveryKeys& keys, BytesView slot, const VaultId& vault) {
  if (slot.size() < layout::recovery_slot_hdr0 || vault_of(slot) != vault) return Errc::tamper;
  const auto eph = BoxKey::from(slot.subspan(recovery_eph_at, BoxKey::size));
  const auto agreed = BoxAccess::agree(keys.box, eph);
  if (!agreed) return Errc::tamper;
  const auto key = recovery_slot_key(*agreed, keys.psk, vault, eph, keys.box.public_key(), u32_at(slot, version_at),
                                     u32_at(slot, generation_at));
  return vault_key_of_typed(
      Sealer::open(KeyAccess::view(key), RecoverySlotKey::purpose::opens, slot, layout::recovery_slot_hdr0));
}

}  // namespace vault::crypto

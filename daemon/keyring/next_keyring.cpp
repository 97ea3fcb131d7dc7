// SPDX-License-Identifier: Apache-2.0
#include "daemon/keyring/next_keyring.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/fresh.hpp"
#include "crypto/slot.hpp"
#include "daemon/errc/errc.hpp"

namespace vault::daemon {
namespace {

using crypto::KeyringBody;
using wire::KeyringHeader;

Result<void> raise_heads(KeyringBody& body, const std::map<DeviceId, Head>& heads) {
  for (const auto& [device, head] : heads) {
    const auto* entry = body.find(device);
    if (head.seq == 0 || entry == nullptr || !entry->active) continue;  // the head of a revoked device is its cut
    auto& known = body.heads[device];
    if (head.seq < known.seq) return Errc::gap;
    known = head;
  }
  return {};
}

Result<void> revoke(KeyringBody& body, const DeviceId& device, const Head& cut) {
  const auto entry = std::ranges::find(body.devices, device, &crypto::KeyringDevice::id);
  if (entry == body.devices.end() || !entry->active) return Errc::usage;
  const auto known = body.heads.find(device);
  if (known != body.heads.end() && cut.seq < known->second.seq) return Errc::gap;
  entry->active = false;
  entry->revoked_seq = cut.seq;
  entry->revoked_hash = cut.hash;
  if (cut.seq > 0) body.heads[device] = cut;
  return {};
}

Result<void> apply(KeyringBody& body, const KeyringChange& change, std::uint32_t version) {
  if (body.devices.size() + change.joins.size() + change.adopts.size() > limits::devices)
    return DaemonErrc::too_many_devices;
  for (const auto& device : change.adopts) body.devices.push_back(device);
  if (const auto ok = raise_heads(body, change.heads); !ok) return ok;
  for (auto& device : body.devices)
    if (const auto name = change.names.find(device.id); name != change.names.end()) device.name = name->second;
  for (const auto& [device, cut] : change.cuts)
    if (const auto ok = revoke(body, device, cut); !ok) return ok;
  for (auto device : change.joins) {
    device.joined_version = version;
    body.devices.push_back(std::move(device));
  }
  std::ranges::sort(body.devices, {}, &crypto::KeyringDevice::id);
  return {};
}

void list_devices(KeyringHeader& header, const KeyringBody& body) {
  header.devices.clear();
  for (const auto& device : body.devices) header.devices.push_back({device.id, device.net, device.sig, device.active});
}

void take_code(KeyringHeader& header, KeyringBody& body, const crypto::RecoveryKeys& code) {
  header.recovery_auth = code.auth.public_key();
  body.recovery_box = code.box.public_key();
  body.recovery_psk = Secret::copy_of(code.psk.view());
}

crypto::SlotPlace slot_place(const KeyringHeader& header) {
  return {header.suite, header.vault, header.author, header.version, header.generation};
}

Result<void> make_recovery_slot(KeyringHeader& header, const KeyringBody& body, const crypto::VaultKey& key) {
  if (header.recovery_auth.is_zero()) return {};
  auto slot = seal_recovery_slot(key, body.recovery_box, body.recovery_psk, slot_place(header));
  if (!slot) return slot.error();
  header.recovery_slot = std::move(*slot);
  return {};
}

// Makes each slot of a new generation: for the password, the recovery code if there is one, each active device.
Result<void> make_slots(KeyringHeader& header, const KeyringBody& body, const crypto::VaultKey& key,
                        const crypto::VaultKey& previous, const crypto::RootKey& root) {
  const auto place = slot_place(header);
  header.password_slot = seal_password_slot(password_key(root, header.vault), key, place);
  if (const auto ok = make_recovery_slot(header, body, key); !ok) return ok;
  for (const auto& device : body.devices) {
    if (!device.active) continue;
    auto slot = seal_device_slot(key, previous, place, device.id, device.box);
    if (!slot) return slot.error();
    header.device_slots.push_back({device.id, std::move(*slot)});
  }
  return {};
}

}  // namespace

Result<Sealed> next_keyring(const Keychain& keychain, const KeyringChange& change) {
  const auto& previous = keychain.newest_vault_key();
  const auto& root = change.password ? change.password->root : change.root;
  auto header = keychain.head();
  header.author = change.author;
  header.segments = header.total = 0;
  header.version += 1;
  header.prev = keychain.head_hash();
  header.siblings.clear();
  if (change.sibling) header.siblings.push_back(*change.sibling);
  header.device_slots.clear();
  auto body = keychain.body().clone();
  if (const auto ok = apply(body, change, header.version); !ok) return ok.error();
  list_devices(header, body);
  if (change.code != nullptr) take_code(header, body, *change.code);

  const auto before = auth_key(change.root, header.vault);
  const auto auth = auth_key(root, header.vault);
  const bool by_password = change.password && change.sheet == nullptr;
  const crypto::KeyringSigners signers{
      .own = auth, .previous = by_password ? &before : nullptr, .recovery = change.sheet};
  const bool ends_code = change.code != nullptr && !keychain.head().recovery_auth.is_zero();
  if (change.cuts.empty() && !change.password && !ends_code) {
    if (change.code != nullptr)
      if (const auto ok = make_recovery_slot(header, body, previous); !ok) return ok.error();
    return seal_keyring(previous, previous, encode(header), body, signers);
  }

  if (header.generation >= limits::generations) return Errc::limit;
  header.generation += 1;
  body.older.push_back(previous.clone());
  if (change.password) header.seed = change.password->seed;
  header.auth = auth.public_key();
  const auto key = crypto::new_vault_key(root, header.vault, header.generation, header.prev);
  if (const auto ok = make_slots(header, body, key, previous, root); !ok) return ok.error();
  return seal_keyring(key, previous, encode(header), body, signers);
}

}  // namespace vault::daemon

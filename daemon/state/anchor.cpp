// SPDX-License-Identifier: Apache-2.0
#include "daemon/state/anchor.hpp"

#include "base/assert.hpp"
#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/commit.hpp"
#include "crypto/tags.hpp"
#include "crypto/verify.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr auto file_name = "anchor";

Hash mac_of(const crypto::VaultKey& key, const VaultId& vault, std::uint64_t serial, BytesView state) {
  const auto covered = ByteWriter{}.u64(serial).raw(state).take();
  return anchor_mac(key.anchor(vault), covered);
}

// Returns the device, head, counter and fingerprint that a slot states; nullopt unless its MAC is good.
std::optional<OwnState> open_slot(const store::AnchorSlot& slot, const Keychain& keychain) {
  if (slot.payload.size() <= Hash::size) return std::nullopt;
  const auto covered = BytesView{slot.payload}.first(slot.payload.size() - Hash::size);
  ByteReader in{covered};
  OwnState state;
  state.device = in.fixed<DeviceId>();
  state.head.seq = in.u64();
  state.head.hash = in.fixed<Hash>();
  state.counter = in.u64();
  const auto* key = keychain.vault_key(in.u32());
  state.fingerprint = in.fixed<Hash>();
  if (!in.done() || key == nullptr) return std::nullopt;
  const auto mac = mac_of(*key, keychain.head().vault, slot.serial, covered);
  if (!constant_time_equal(mac.view(), BytesView{slot.payload}.last(Hash::size))) return std::nullopt;
  return state;
}

using Slots = std::array<std::optional<store::AnchorSlot>, 2>;

std::uint64_t last_serial(const Slots& slots) {
  std::uint64_t last = 0;
  for (const auto& slot : slots)
    if (slot) last = std::max(last, slot->serial);
  return last;
}

}  // namespace

Result<void> Anchor::open() {
  if (file_) return {};
  auto file = store::AnchorFile::open(folder_ / file_name);
  if (!file) return file.error();
  const auto slots = file->read();
  if (!slots) return slots.error();
  file_ = std::move(*file);
  last_ = last_serial(*slots);
  return {};
}

Result<void> Anchor::settle(const Keychain& keychain, const OwnState& state) {
  if (const auto opened = open(); !opened) return opened;
  note(keychain, state);
  return flush();
}

void Anchor::note(const Keychain& keychain, const OwnState& state) {
  VAULT_ASSERT(file_.has_value());
  ByteWriter payload;
  payload.fixed(state.device).u64(state.head.seq).fixed(state.head.hash).u64(state.counter);
  payload.u32(keychain.head().generation).fixed(state.fingerprint);
  const auto mac = mac_of(keychain.newest_vault_key(), keychain.head().vault, last_ + 1, payload.bytes());
  noted_ = payload.fixed(mac).take();
}

Result<void> Anchor::flush() {
  if (noted_.empty()) return {};
  fault_point("anchor.before-write");
  if (const auto written = file_->write(last_ + 1, noted_); !written) return written;
  ++last_;
  noted_.clear();
  return {};
}

std::optional<OwnState> read_anchor(const std::filesystem::path& folder, const Keychain& keychain) {
  std::error_code error;
  if (!std::filesystem::exists(folder / file_name, error)) return std::nullopt;
  const auto file = store::AnchorFile::open(folder / file_name);
  if (!file) return std::nullopt;
  const auto slots = file->read();
  if (!slots) return std::nullopt;
  std::optional<OwnState> newest;
  std::uint64_t serial = 0;
  for (const auto& slot : *slots) {
    if (!slot || slot->serial < serial) continue;
    if (auto state = open_slot(*slot, keychain)) {
      newest = std::move(state);
      serial = slot->serial;
    }
  }
  return newest;
}

bool is_spent(std::uint64_t counter) {
  return counter + crypto::commit_segments(limits::commit_plain_bytes) > limits::counter_end;
}

OwnState own_state(const store::ReadTxn& tx, const DeviceId& self, const Hash& fingerprint) {
  return {self, tx.get(store::heads, self).value_or(Head{}), get_number(tx, meta::counter).value_or(0), fingerprint};
}

IdentityReason judge_own_state(const store::ReadTxn& tx, const std::optional<OwnState>& anchor, const OwnState& now) {
  if (!anchor) return IdentityReason::anchor;
  if (anchor->device == now.device) {
    if (anchor->head.seq > now.head.seq || anchor->counter > now.counter) return IdentityReason::behind;
    if (anchor->head.seq > 0) {
      const auto commit = tx.get(store::chains, {now.device, anchor->head.seq});
      const bool same = commit && crypto::commit_hash(commit->view()) == anchor->head.hash;
      if (!same) return IdentityReason::behind;
    }
  } else if (!tx.contains(store::formers, anchor->device)) {
    return IdentityReason::behind;
  }  // else: a crash after a new identity was stored, before its anchor was written
  if (anchor->fingerprint != now.fingerprint) return IdentityReason::fingerprint;
  return is_spent(now.counter) ? IdentityReason::counter : IdentityReason::none;
}

}  // namespace vault::daemon

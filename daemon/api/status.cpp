// SPDX-License-Identifier: Apache-2.0
// Collects what `vaultctl status` shows. Only reads: it may be called as often as anybody likes.
#include <unistd.h>

#include "base/hex.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/vault/trust.hpp"
#include "http/tls_trust.hpp"
#include "ipc/api/status.hpp"

namespace vault::daemon {
namespace {

ipc::Nullable<std::string> time_or_null(std::uint64_t ms) {
  if (ms == 0) return {};
  return time_text(ms);
}

ipc::StatusVault vault_part(const LocalVault& device) {
  ipc::StatusVault out;
  out.state = device.unlocked ? ipc::VaultState::unlocked : ipc::VaultState::locked;
  out.account = device.profile.account;
  out.server = device.profile.origin;
  out.id = hex(device.profile.vault);
  out.keyring_version = device.keyring.version;
  out.generation = device.generation;
  out.recovery = time_or_null(device.standing.sheet_since);
  if (out.recovery) out.recovery_confirmed = !device.sheet_is_unseen();
  out.change = !device.unsent_change              ? ipc::ChangeState::none
               : device.unsent_change->superseded ? ipc::ChangeState::superseded
                                                  : ipc::ChangeState::unsent;
  return out;
}

ipc::StatusDevice device_part(const LocalVault& device) {
  ipc::StatusDevice out;
  out.id = hex(device.profile.device);
  std::uint64_t seq = 0, counter = 0;
  const auto read = device.store->read([&](const store::ReadTxn& tx) {
    seq = tx.get(store::heads, device.profile.device).value_or(Head{}).seq;
    counter = get_number(tx, meta::counter).value_or(0);
  });
  if (read) {
    out.seq = seq;
    out.counter = counter;
  }
  out.refused = device.refusal_checked;
  if (!device.unlocked) return out;
  out.epoch = device.unlocked->identity->epoch;
  if (const auto* entry = device.unlocked->keychain->device(device.profile.device)) out.name = entry->name;
  return out;
}

ipc::SyncState sync_state(const LocalVault& device, const Result<Sync*>& sync) {
  if (device.standing.distrust) return ipc::SyncState::distrusted;
  if (!sync) return ipc::SyncState::offline;
  if ((*sync)->in_round()) return ipc::SyncState::syncing;
  return (*sync)->online() ? ipc::SyncState::idle : ipc::SyncState::offline;
}

// Returns the message, with the file's name if the error is about --ca: our errors hold no text.
std::string sentence(const LocalVault& device, const boost::system::error_code& error) {
  return is_about_ca_file(error) ? device.profile.ca_file + ": " + error.message() : error.message();
}

ipc::StatusSync sync_part(const LocalVault& device, const Result<Sync*>& sync) {
  ipc::StatusSync out;
  out.state = sync_state(device, sync);
  out.pending = device.pending();
  out.pending_bytes = sync ? (*sync)->uploads().pending_bytes() : device.blobs.owed_bytes();
  out.last_success = time_or_null(device.standing.last_success);
  if (!sync) out.error = sync.error().message();
  else if (const auto& round = (*sync)->last_error()) out.error = sentence(device, *round);
  else if (const auto& upload = (*sync)->uploads().last_error()) out.error = sentence(device, *upload);
  return out;
}

ipc::StatusTrust trust_part(const LocalVault& device) {
  ipc::StatusTrust out;
  out.state = device.standing.distrust              ? ipc::TrustState::distrusted
              : is_unconfirmed(device, wall_time()) ? ipc::TrustState::unconfirmed
                                                    : ipc::TrustState::ok;
  const auto code = device.store->read([&device](const store::ReadTxn& tx) { return own_code(tx, device.profile); });
  if (code && *code) out.code = **code;
  if (device.standing.distrust) out.reason = std::string{error_class(*device.standing.distrust).kind};
  return out;
}

ipc::StatusIdentity identity_part(const LocalVault& device) {
  ipc::StatusIdentity out;
  auto reason = device.standing.roll;
  std::vector<std::string> former;
  std::uint64_t proofs = 0, lost = 0;
  (void)device.store->read([&](const store::ReadTxn& tx) {
    proofs = tx.count(store::proofs);
    lost = get_number(tx, meta::lost).value_or(0);
    if (reason != IdentityReason::none || device.formers.empty()) return;
    if (const auto last = tx.get(store::formers, device.formers.back()))
      reason = static_cast<IdentityReason>(last->reason);
  });
  for (const auto& id : device.formers) former.push_back(hex(id));
  out.state = device.standing.roll != IdentityReason::none ? ipc::IdentityState::roll_waits
              : device.unsent                              ? ipc::IdentityState::roll_unsent
                                                           : ipc::IdentityState::sound;
  if (reason != IdentityReason::none) out.reason = std::string{to_text(reason)};
  out.former = std::move(former);
  out.proofs = proofs;
  out.lost = lost;
  return out;
}

// Reports a salvage as long as the damaged file exists: who removes it has read this.
ipc::StatusDisk disk_part(const LocalVault& device) {
  ipc::StatusDisk out;
  const auto salvage = device.store->read([](const store::ReadTxn& tx) { return get_salvage(tx); });
  std::error_code error;
  if (!salvage || !*salvage || !std::filesystem::exists(device.folder / (*salvage)->file, error)) return out;
  out.salvaged = time_text((*salvage)->time);
  out.file = (*salvage)->file;
  out.lost = (*salvage)->lost;
  if ((*salvage)->lost > 0) out.lost_seqs = (*salvage)->lost_seqs;
  return out;
}

}  // namespace

std::vector<ipc::Device> devices_of(const LocalVault& device) {
  std::vector<ipc::Device> out;
  const auto heads = device.heads();
  for (const auto& open : device.devices) {
    ipc::Device one;
    one.id = hex(open.id);
    one.status = open.may_write ? ipc::DeviceStatus::active : ipc::DeviceStatus::revoked;
    one.this_device = open.id == device.profile.device;
    if (heads) {
      const auto head = heads->find(open.id);
      one.seq = head != heads->end() ? head->second.seq : 0;
    }
    if (const auto at = device.standing.confirmed.find(open.id); at != device.standing.confirmed.end())
      one.last_confirmed = time_or_null(at->second);
    if (device.unlocked) {
      if (const auto* entry = device.unlocked->keychain->device(open.id)) {
        one.name = entry->name;
        one.joined = time_or_null(entry->joined);
      }
      const auto chain = device.unlocked->ledger.find(open.id);
      if (chain != device.unlocked->ledger.end()) one.last_seen = time_or_null(chain->second.last_wall);
    }
    out.push_back(std::move(one));
  }
  return out;
}

namespace {

ipc::LastChange last_change_of(const App::LastChange& last) {
  ipc::LastChange out{last.what, time_text(last.at), {}};
  if (!last.error.empty()) out.error = last.error;
  return out;
}

}  // namespace

ipc::Status status(const App& app) {
  ipc::Status out;
  out.daemon = {VAULT_VERSION, getpid()};
  const auto device = app.device();
  if (!device && device.error() == DaemonErrc::vault_damaged) out.vault.state = ipc::VaultState::damaged;
  if (!device && device.error() == DaemonErrc::vault_missing) out.vault.state = ipc::VaultState::missing;
  if (!device && device.error() != DaemonErrc::vault_absent) out.disk.folder = app.folder().string();
  if (!device) return out;
  out.disk = disk_part(**device);
  out.disk.folder = app.folder().string();
  out.vault = vault_part(**device);
  if (const auto& last = app.last_change()) out.vault.last_change = last_change_of(*last);
  if (app.saved_in_vain()) out.vault.state = ipc::VaultState::damaged;
  if ((*device)->unlocked) out.vault.lock_at = time_or_null(app.lock_at().value_or(0));
  out.device = device_part(**device);
  out.sync = sync_part(**device, app.sync());
  out.trust = trust_part(**device);
  out.identity = identity_part(**device);
  if ((*device)->unlocked) {
    out.items = (*device)->unlocked->index.counts().items;
    out.conflicts = (*device)->unlocked->index.counts().conflicts;
  }
  std::vector<ipc::StatusPeer> peers;
  for (auto& one : devices_of(**device))
    peers.push_back({one.id, one.name, one.status, one.seq, one.last_seen, one.last_confirmed});
  out.devices = std::move(peers);
  return out;
}

}  // namespace vault::daemon

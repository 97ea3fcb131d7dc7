// SPDX-License-Identifier: Apache-2.0
// Defines how a vault, its sync and its devices stand: vault.status; and the daemon's numbers.
#pragma once

#include <string>
#include <vector>

#include "ipc/api/device.hpp"
#include "ipc/method.hpp"

namespace vault::ipc {

// damaged, missing: there was a vault, but its database cannot be used, or is gone while other files of the vault are
// still in the folder. Nothing is written there.
enum class VaultState { absent, locked, unlocked, damaged, missing };
BOOST_DESCRIBE_ENUM(VaultState, absent, locked, unlocked, damaged, missing)

enum class SyncState { offline, idle, syncing, distrusted };
BOOST_DESCRIBE_ENUM(SyncState, offline, idle, syncing, distrusted)

enum class TrustState { ok, unconfirmed, distrusted };
BOOST_DESCRIBE_ENUM(TrustState, ok, unconfirmed, distrusted)

struct StatusDaemon {
  std::string version;
  std::int64_t pid = 0;
};
BOOST_DESCRIBE_STRUCT(StatusDaemon, (), (version, pid))

// Says what became of a change of the keyring, such as a new password or a revocation, that was made here and that the
// server has not confirmed. unsent: the daemon sends it again by itself; until then both passwords open the vault here.
// superseded: the server no longer accepts it, so it must be made again.
enum class ChangeState { none, unsent, superseded };
BOOST_DESCRIBE_ENUM(ChangeState, none, unsent, superseded)

// Says what a person asked for and what became of it: passwd, revoke, rename, recovery create, recovery use.
struct LastChange {
  std::string what;             // the method: "vault.change_password"
  std::string at;               // when it ended
  Nullable<std::string> error;  // why it was not made, or is not known to be made; null if it was made
};
BOOST_DESCRIBE_STRUCT(LastChange, (), (what, at, error))

struct StatusVault {
  VaultState state = VaultState::absent;
  Nullable<std::string> account, server, id;
  Nullable<std::uint64_t> keyring_version, generation;
  // Names the time at which the vault locks itself if nobody uses it; null if it does not, or is locked.
  Nullable<std::string> lock_at;
  Nullable<ChangeState> change;
  // Since when there is a recovery sheet, as far as this device knows; null if there is none.
  Nullable<std::string> recovery;
  // False if the sheet in force was made here and nobody has confirmed that they have it; null if there is none.
  Nullable<bool> recovery_confirmed;
  // Says what became of the last change that was asked for here since vaultd started; null if there was none.
  Nullable<LastChange> last_change;
};
BOOST_DESCRIBE_STRUCT(StatusVault, (),
                      (state, account, server, id, keyring_version, generation, lock_at, change, recovery,
                       recovery_confirmed, last_change))

struct StatusDevice {  // this device
  Nullable<std::string> id, name;
  Nullable<std::uint64_t> epoch, seq, counter;
  // True if the server accepts neither its key nor the password: as far as it can tell, it was revoked.
  Nullable<bool> refused;
};
BOOST_DESCRIBE_STRUCT(StatusDevice, (), (id, name, epoch, seq, counter, refused))

struct StatusSync {
  Nullable<SyncState> state;        // null while there is no vault
  Nullable<std::uint64_t> pending;  // commits that the server has not acknowledged
  // Sealed bytes of large values that the server lacks. The commits that name them wait for them.
  Nullable<std::uint64_t> pending_bytes;
  Nullable<std::string> last_success;  // time of the last verified pull
  Nullable<std::string> error;         // of the last try, as a sentence; null if it succeeded
};
BOOST_DESCRIBE_STRUCT(StatusSync, (), (state, pending, pending_bytes, last_success, error))

struct StatusTrust {
  Nullable<TrustState> state;
  Nullable<std::string> reason;  // why it is distrusted: the kind of an error, "E_ROLLBACK"
  Nullable<std::string> code;    // this device's latest state code
};
BOOST_DESCRIBE_STRUCT(StatusTrust, (), (state, reason, code))

// Says whether this device's state is the newest there is. If it was restored or copied, it becomes another device.
enum class IdentityState { sound, roll_waits, roll_unsent };
BOOST_DESCRIBE_ENUM(IdentityState, sound, roll_waits, roll_unsent)

struct StatusIdentity {
  Nullable<IdentityState> state;  // roll_waits: needs the password; roll_unsent: needs the server
  Nullable<std::string> reason;   // of the new identity that waits, or of the last one: "anchor", "behind", …
  Nullable<std::vector<std::string>> former;  // ids that this device had before, oldest first
  Nullable<std::uint64_t> proofs;             // commits that prove two devices with one id; in vault.export
  Nullable<std::uint64_t> lost;               // own commits that no server had and that the disk has lost
};
BOOST_DESCRIBE_STRUCT(StatusIdentity, (), (state, reason, former, proofs, lost))

// Says what became of a database that was found damaged. What was intact is in a new one; the old file is kept.
struct StatusDisk {
  Nullable<std::string> folder;     // the folder of the state
  Nullable<std::string> salvaged;   // when; null if never, or if the old file was removed since
  Nullable<std::string> file;       // the old file
  Nullable<std::uint64_t> lost;     // own commits that are gone and that the server had not acknowledged
  Nullable<std::string> lost_seqs;  // their seqs: "17, 20-22"
};
BOOST_DESCRIBE_STRUCT(StatusDisk, (), (folder, salvaged, file, lost, lost_seqs))

struct StatusPeer {
  std::string id;
  Nullable<std::string> name;  // null while locked, because it is sealed
  DeviceStatus status = DeviceStatus::active;
  Nullable<std::uint64_t> seq;
  Nullable<std::string> last_seen;
  Nullable<std::string> last_confirmed;
};
BOOST_DESCRIBE_STRUCT(StatusPeer, (), (id, name, status, seq, last_seen, last_confirmed))

struct Status {
  StatusDaemon daemon;
  StatusVault vault;
  StatusDevice device;
  StatusSync sync;
  StatusTrust trust;
  StatusIdentity identity;
  StatusDisk disk;
  Nullable<std::uint64_t> items, conflicts;
  Nullable<std::vector<StatusPeer>> devices;
};
BOOST_DESCRIBE_STRUCT(Status, (), (daemon, vault, device, sync, trust, identity, disk, items, conflicts, devices))

struct MetricsResult {
  std::string openmetrics;  // OpenMetrics 1.0, text
};
BOOST_DESCRIBE_STRUCT(MetricsResult, (), (openmetrics))

namespace methods {

inline constexpr Method<Nothing, Status> vault_status{"vault.status",
                                                      "What state the vault, its sync and its devices are in."};
inline constexpr Method<Nothing, MetricsResult> daemon_metrics{
    "daemon.metrics", "The daemon's numbers, in the format of OpenMetrics.", Use::no, Takes::nothing, footprint::text};

}  // namespace methods
}  // namespace vault::ipc

// SPDX-License-Identifier: Apache-2.0
// What a device knows about itself in the clear: enough to sync ciphertext while the vault is locked, and nothing
// that opens it. The small values of the table `meta`; store/SCHEMA.md lists them.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/head.hpp"
#include "base/sealed.hpp"
#include "base/secret.hpp"
#include "store/txn.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {

struct Profile {
  std::string account, origin, ca_file;
  VaultId vault;
  DeviceId device;
  Secret net;  // seed of NET_d: guards ciphertext only, so it is kept unsealed
};

// Why a device needs a new identity: store/SCHEMA.md, "Own state". The numbers are stored.
enum class IdentityReason : std::uint8_t {
  none = 0,
  anchor = 1,       // the witness beside the database is gone, or not ours
  behind = 2,       // the database is older than the witness
  fingerprint = 3,  // the folder is another one, or on another machine
  server = 4,       // the server has commits of ours that we have not
  revoked = 5,      // a clone has rolled
  refused = 6,      // the server refuses our requests: perhaps `revoked`, which only the password can ask
  superseded = 7,   // another keyring version came in the place of the one that rolled
  counter = 8,      // too few values are left of it for the largest commit
  disk = 9,         // the disk has changed the database: what was good of it was kept
};
std::string_view to_text(IdentityReason reason);  // "anchor"; "" for none

// The identity before this one, by which requests are signed until the server has the keyring version that rolled.
struct UnsentIdentity {
  DeviceId device;
  Secret net;  // seed
  Head cut;
  Sealed keyring;  // the version itself
};

// A keyring version that this device has made with the password and that the server has not confirmed: a new password,
// somebody revoked, a new name.
struct UnsentChange {
  Sealed keyring;
  DeviceId revoked;  // whose chain has to end at `cut` when the server takes it; zeros: nothing has to
  Head cut;
  bool superseded = false;  // the server takes it no more
};

// Names of numbers in `meta`.
namespace meta {
inline constexpr std::string_view counter = "counter";                  // the next counter value that may be used
inline constexpr std::string_view acked = "acked";                      // own seq that the server has acknowledged
inline constexpr std::string_view last_success = "last_success";        // time of the last verified pull, ms
inline constexpr std::string_view distrust = "distrust";                // an Errc class: rollback or fork; absent: none
inline constexpr std::string_view unconfirmed = "unconfirmed";          // 1 until another device has seen this one
inline constexpr std::string_view roll = "roll";                        // a IdentityReason
inline constexpr std::string_view heard = "heard";                      // when another device was last heard of, ms
inline constexpr std::string_view confirmed = "confirmed";              // times, see below
inline constexpr std::string_view checkpoint = "checkpoint";            // seq of the newest acknowledged own checkpoint
inline constexpr std::string_view checkpoint_time = "checkpoint_time";  // when that was acknowledged, ms
inline constexpr std::string_view sheet = "sheet";                      // when the present recovery code was seen, ms
inline constexpr std::string_view last_ack = "last_ack";                // when the newest own ack was sealed, ms
inline constexpr std::string_view lost = "lost";                        // own commits that the disk has lost
inline constexpr std::string_view unverified = "unverified";            // bytes that nobody has verified
inline constexpr std::string_view enrolling = "enrolling";              // 1 while a create or join is unfinished
}  // namespace meta

std::optional<std::uint64_t> get_number(const store::ReadTxn& tx, std::string_view name);
void put_number(store::WriteTxn& tx, std::string_view name, std::uint64_t value);
void remove_number(store::WriteTxn& tx, std::string_view name);

// A time for some devices, ms. Nothing is stored for none; what is damaged is none.
std::map<DeviceId, std::uint64_t> get_times(const store::ReadTxn& tx, std::string_view name);
void put_times(store::WriteTxn& tx, std::string_view name, const std::map<DeviceId, std::uint64_t>& times);

std::optional<Profile> parse_profile(BytesView bytes);

// What became of a database that was damaged, as the one that took its place tells it.
struct Salvage {
  std::uint64_t time = 0;  // ms
  std::uint64_t lost = 0;  // own commits that the server had not acknowledged
  std::string lost_seqs;   // "17, 20-22"
  std::string file;        // the name of the damaged one, in the same folder
  bool suspect = false;    // the key had shown the damage: no chain of another device was believed
};
std::optional<Salvage> get_salvage(const store::ReadTxn& tx);
void put_salvage(store::WriteTxn& tx, const Salvage& salvage);

// Of chains of which the end was lost here: how far each had been verified. A server must show as much; what is named
// up to there is no gap meanwhile. Those that have come back are not among them.
std::map<DeviceId, Head> lost_heads(const store::ReadTxn& tx);
void put_lost_heads(store::WriteTxn& tx, const std::map<DeviceId, Head>& heads);

// nullopt when there is none, or when what is there is damaged: it cannot be used either way.
std::optional<Profile> get_profile(const store::ReadTxn& tx);
void put_profile(store::WriteTxn& tx, const Profile& profile);

std::optional<UnsentIdentity> get_unsent_identity(const store::ReadTxn& tx);
void put_unsent_identity(store::WriteTxn& tx, const UnsentIdentity& roll);
void remove_unsent_identity(store::WriteTxn& tx);

std::optional<UnsentChange> get_unsent_change(const store::ReadTxn& tx);
void put_unsent_change(store::WriteTxn& tx, const UnsentChange& change);
void remove_unsent_change(store::WriteTxn& tx);

SignKey get_self_key(const store::ReadTxn& tx);  // zeros when there is none
void put_self_key(store::WriteTxn& tx, const SignKey& key);

}  // namespace vault::daemon

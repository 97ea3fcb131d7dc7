// SPDX-License-Identifier: Apache-2.0
// Stores what a device knows about itself in the clear: enough to sync ciphertext while the vault is locked, and
// nothing that opens it. These are the small values of the table `meta`; store/SCHEMA.md lists them.
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
  Secret net;  // seed of NET_d; stored unsealed, since it guards ciphertext only
};

// Names why a device needs a new identity: store/SCHEMA.md, "Own state". The numbers are stored.
enum class IdentityReason : std::uint8_t {
  none = 0,
  anchor = 1,       // the anchor is gone, or not ours
  behind = 2,       // the database is older than the anchor
  fingerprint = 3,  // the folder is another one, or on another machine
  server = 4,       // the server has own commits that are not here
  revoked = 5,      // a clone has made a new identity
  refused = 6,      // the server refuses our requests: perhaps `revoked`, which only the password can find out
  superseded = 7,   // another keyring version took the place of the one with the new identity
  counter = 8,      // too few counter values are left for the largest commit
  disk = 9,         // the disk changed the database; what was good of it was kept
};
std::string_view to_text(IdentityReason reason);  // "anchor"; "" for none

// Holds the former identity, which signs requests until the server has the keyring version with the new one.
struct UnsentIdentity {
  DeviceId device;
  Secret net;  // seed of its NET_d
  Head cut;
  Sealed keyring;  // the version with the new identity
};

// Holds a keyring version that this device has made with the password and that the server has not confirmed: a new
// password, a revocation, a new name.
struct UnsentChange {
  Sealed keyring;
  DeviceId revoked;  // its chain must end at `cut` when the server takes the version; zeros if nobody is revoked
  Head cut;
  bool superseded = false;  // the server will not take it any more
};

// Names the numbers in `meta`.
namespace meta {
inline constexpr std::string_view counter = "counter";                  // the next counter value that may be used
inline constexpr std::string_view acked = "acked";                      // own seq that the server has acknowledged
inline constexpr std::string_view last_success = "last_success";        // time of the last verified pull, ms
inline constexpr std::string_view distrust = "distrust";                // an Errc class: rollback or fork; absent: none
inline constexpr std::string_view unconfirmed = "unconfirmed";          // 1 until another device has seen this one
inline constexpr std::string_view roll = "roll";                        // an IdentityReason
inline constexpr std::string_view heard = "heard";                      // when another device was last heard of, ms
inline constexpr std::string_view confirmed = "confirmed";              // times, see get_times()
inline constexpr std::string_view checkpoint = "checkpoint";            // seq of the newest acknowledged own checkpoint
inline constexpr std::string_view checkpoint_time = "checkpoint_time";  // when the server acknowledged it, ms
inline constexpr std::string_view sheet = "sheet";                      // when the present recovery code was seen, ms
inline constexpr std::string_view last_ack = "last_ack";                // when the newest own ack was sealed, ms
inline constexpr std::string_view lost = "lost";                        // own commits that the disk has lost
inline constexpr std::string_view unverified = "unverified";            // bytes that nobody has verified
inline constexpr std::string_view enrolling = "enrolling";              // 1 while a create or join is unfinished
}  // namespace meta

std::optional<std::uint64_t> get_number(const store::ReadTxn& tx, std::string_view name);
void put_number(store::WriteTxn& tx, std::string_view name, std::uint64_t value);
void remove_number(store::WriteTxn& tx, std::string_view name);

// Read and store one time (ms) for each of some devices. An empty map stores nothing; a damaged value reads as empty.
std::map<DeviceId, std::uint64_t> get_times(const store::ReadTxn& tx, std::string_view name);
void put_times(store::WriteTxn& tx, std::string_view name, const std::map<DeviceId, std::uint64_t>& times);

std::optional<Profile> parse_profile(BytesView bytes);

// Tells what became of a damaged database. Stored in the one that replaced it.
struct Salvage {
  std::uint64_t time = 0;  // ms
  std::uint64_t lost = 0;  // own commits that the server had not acknowledged
  std::string lost_seqs;   // "17, 20-22"
  std::string file;        // name of the damaged database, in the same folder
  bool suspect = false;    // damage showed only under the key: no chain of another device was believed
};
std::optional<Salvage> get_salvage(const store::ReadTxn& tx);
void put_salvage(store::WriteTxn& tx, const Salvage& salvage);

// Returns how far each chain had been verified whose end was lost here and has not come back. A server must show as
// much; until then a commit named up to there counts as no gap.
std::map<DeviceId, Head> lost_heads(const store::ReadTxn& tx);
void put_lost_heads(store::WriteTxn& tx, const std::map<DeviceId, Head>& heads);

// Returns nullopt if there is no profile or a damaged one: neither can be used.
std::optional<Profile> get_profile(const store::ReadTxn& tx);
void put_profile(store::WriteTxn& tx, const Profile& profile);

std::optional<UnsentIdentity> get_unsent_identity(const store::ReadTxn& tx);
void put_unsent_identity(store::WriteTxn& tx, const UnsentIdentity& roll);
void remove_unsent_identity(store::WriteTxn& tx);

std::optional<UnsentChange> get_unsent_change(const store::ReadTxn& tx);
void put_unsent_change(store::WriteTxn& tx, const UnsentChange& change);
void remove_unsent_change(store::WriteTxn& tx);

SignKey get_self_key(const store::ReadTxn& tx);  // zeros if there is none
void put_self_key(store::WriteTxn& tx, const SignKey& key);

SignKey get_unseen_sheet(const store::ReadTxn& tx);  // zeros if there is none
void put_unseen_sheet(store::WriteTxn& tx, const SignKey& key);

}  // namespace vault::daemon

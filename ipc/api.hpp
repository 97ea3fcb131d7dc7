// SPDX-License-Identifier: Apache-2.0
// Defines the local API: every method with the types of its params and its result.
//
// There is no other description. The daemon decodes and encodes with these structs, vaultctl calls with them, and
// rpc.discover and openrpc.json are made from them. Params come by name; an unknown member is refused.
//
// Conventions: a device id is 32 lower-case hex digits. A version is an opaque text. Times are RFC 3339 in UTC with
// milliseconds ("2026-01-31T23:59:59.123Z"). A value is either `value`, UTF-8 text, or `value_base64`; a result uses
// the first whenever the bytes allow it. What must be wiped is a Secret, never a std::string.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "ipc/passed_file.hpp"
#include "ipc/types.hpp"

namespace vault::ipc {

using Attributes = std::map<std::string, std::string>;

// --- the vault

// damaged, missing: there was a vault, but its database cannot be used, or is gone while other files of the vault are
// still in the folder. Nothing is written there.
enum class VaultState { absent, locked, unlocked, damaged, missing };
BOOST_DESCRIBE_ENUM(VaultState, absent, locked, unlocked, damaged, missing)

enum class SyncState { offline, idle, syncing, distrusted };
BOOST_DESCRIBE_ENUM(SyncState, offline, idle, syncing, distrusted)

enum class TrustState { ok, unconfirmed, distrusted };
BOOST_DESCRIBE_ENUM(TrustState, ok, unconfirmed, distrusted)

enum class DeviceStatus { active, revoked };
BOOST_DESCRIBE_ENUM(DeviceStatus, active, revoked)

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

struct StatusVault {
  VaultState state = VaultState::absent;
  Nullable<std::string> account, server, id;
  Nullable<std::uint64_t> keyring_version, generation;
  // Names the time at which the vault locks itself if nobody uses it; null if it does not, or is locked.
  Nullable<std::string> lock_at;
  Nullable<ChangeState> change;
  // Since when there is a recovery sheet, as far as this device knows; null if there is none.
  Nullable<std::string> recovery;
};
BOOST_DESCRIBE_STRUCT(StatusVault, (),
                      (state, account, server, id, keyring_version, generation, lock_at, change, recovery))

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

struct CreateParams {
  std::string server, account;
  Secret password;
  std::optional<std::string> device_name, invite, ca_file;
};
BOOST_DESCRIBE_STRUCT(CreateParams, (), (server, account, password, device_name, invite, ca_file))

struct JoinParams {
  std::string server, account;
  Secret password;
  std::optional<std::string> device_name, invite, ca_file;
  std::optional<std::string> expect;  // a state code
};
BOOST_DESCRIBE_STRUCT(JoinParams, (), (server, account, password, device_name, invite, ca_file, expect))

struct DeviceName {
  std::string id, name;
};
BOOST_DESCRIBE_STRUCT(DeviceName, (), (id, name))

struct EnrolResult {
  DeviceName device;
};
BOOST_DESCRIBE_STRUCT(EnrolResult, (), (device))

struct UnlockParams {
  Secret password;
};
BOOST_DESCRIBE_STRUCT(UnlockParams, (), (password))

struct ChangePasswordParams {
  Secret old, new_;
};
BOOST_DESCRIBE_STRUCT(ChangePasswordParams, (), (old, new_))

struct ExportParams {
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportParams, (), (cursor))

// Holds a piece of one file of the sealed export. Large files come in several pieces, in order. A piece that continues
// a file gives the offset where it starts.
struct ExportObject {
  std::string path;  // "chains/<device>/<seq>.bin": relative, slashes, no "." or ".."
  std::optional<std::uint64_t> offset;
  std::string base64;
};
BOOST_DESCRIBE_STRUCT(ExportObject, (), (path, offset, base64))

struct ExportResult {
  std::vector<ExportObject> objects;
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ExportResult, (), (objects, cursor))

// --- items

struct PutParams {
  std::string name;
  std::optional<Secret> value, value_base64;  // exactly one of them
  std::optional<std::string> content_type;
  std::optional<Attributes> attributes;
  std::optional<std::string> if_version;
};
BOOST_DESCRIBE_STRUCT(PutParams, (), (name, value, value_base64, content_type, attributes, if_version))

struct VersionResult {
  std::string version;
};
BOOST_DESCRIBE_STRUCT(VersionResult, (), (version))

struct GetParams {
  std::string name;
  std::optional<std::string> version;
};
BOOST_DESCRIBE_STRUCT(GetParams, (), (name, version))

struct GetResult {
  std::string name;
  std::optional<Secret> value, value_base64;
  std::string content_type;
  Attributes attributes;
  std::string version, modified;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(GetResult, (), (name, value, value_base64, content_type, attributes, version, modified, heads))

struct RemoveParams {
  std::string name;
  std::optional<std::string> if_version;
};
BOOST_DESCRIBE_STRUCT(RemoveParams, (), (name, if_version))

enum class Operation { put, remove };
BOOST_DESCRIBE_ENUM(Operation, put, remove)

struct HistoryVersion {
  std::string version;
  Operation operation = Operation::put;
  std::string modified;
  std::string device, device_name;  // the device that wrote it
  std::string content_type;
  std::uint64_t size = 0;  // bytes of the value
  std::vector<std::string> replaces;
  bool winner = false, head = false;
};
BOOST_DESCRIBE_STRUCT(HistoryVersion, (),
                      (version, operation, modified, device, device_name, content_type, size, replaces, winner, head))

struct HistoryParams {
  std::string name;
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(HistoryParams, (), (name, cursor, limit))

struct HistoryResult {
  std::vector<HistoryVersion> versions;  // newest first
  std::optional<std::string> cursor;     // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(HistoryResult, (), (versions, cursor))

struct RestoreParams {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(RestoreParams, (), (name, version))

// Replaces all heads by one version, written again, or by the merge of all heads. Exactly one of `version` and `merge`.
struct ResolveParams {
  std::string name;
  std::optional<std::string> version;  // any version of the item, even a remove
  std::optional<bool> merge;
  // Fails unless these are the heads, in any order.
  std::optional<std::vector<std::string>> if_heads;
};
BOOST_DESCRIBE_STRUCT(ResolveParams, (), (name, version, merge, if_heads))

struct ListParams {
  std::optional<std::string> prefix;  // compared byte by byte
  std::optional<Attributes> attributes;
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ListParams, (), (prefix, attributes, cursor, limit))

struct ListItem {
  std::string name, version, modified, content_type;
  std::uint64_t size = 0;   // bytes of the value
  std::uint64_t heads = 1;  // more than one: a conflict
};
BOOST_DESCRIBE_STRUCT(ListItem, (), (name, version, modified, content_type, size, heads))

struct ListResult {
  std::vector<ListItem> items;        // sorted by name; a page may hold fewer than the limit
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ListResult, (), (items, cursor))

struct PutManyParams {
  std::vector<PutParams> items;
};
BOOST_DESCRIBE_STRUCT(PutManyParams, (), (items))

struct PutManyResult {
  std::vector<std::string> versions;
};
BOOST_DESCRIBE_STRUCT(PutManyResult, (), (versions))

struct ConflictsParams {
  std::optional<std::string> name;  // lists this item only
  std::optional<std::string> cursor;
  std::optional<std::uint64_t> limit;
};
BOOST_DESCRIBE_STRUCT(ConflictsParams, (), (name, cursor, limit))

struct ConflictHead {
  std::string version;
  Operation operation = Operation::put;
  std::string modified;
  std::string device, device_name;  // the device that wrote it
  std::string content_type;
  std::uint64_t size = 0;  // bytes of the value
};
BOOST_DESCRIBE_STRUCT(ConflictHead, (), (version, operation, modified, device, device_name, content_type, size))

struct ConflictItem {
  std::string name;
  std::vector<ConflictHead> heads;      // the winner comes first
  std::optional<std::string> ancestor;  // the version that all heads come from, if there is exactly one
  bool merges = false;                  // the heads can be merged without a choice by anybody
  // Lists what cannot be merged: "value", "value/password", "content_type", "attributes/url".
  std::vector<std::string> clashes;
};
BOOST_DESCRIBE_STRUCT(ConflictItem, (), (name, heads, ancestor, merges, clashes))

struct ConflictsResult {
  std::vector<ConflictItem> items;    // sorted by name
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ConflictsResult, (), (items, cursor))

// --- large values

// Takes the value from the file that comes with the request, from the file's position to its end.
struct BlobPutParams {
  std::string name;
  std::optional<std::string> content_type;
  std::optional<Attributes> attributes;
  std::optional<std::string> if_version;
  std::optional<std::uint64_t>
      length;  // that the value must have; known for a regular file. Without it a pipe costs room twice
};
BOOST_DESCRIBE_STRUCT(BlobPutParams, (), (name, content_type, attributes, if_version, length))

struct BlobPutResult {
  std::string version;
  std::uint64_t size = 0;  // bytes of the value
};
BOOST_DESCRIBE_STRUCT(BlobPutResult, (), (version, size))

// Writes the value, or a range of it, to the file that comes with the request, from the file's position on. A length of
// 0 only asks for the facts and needs no file.
struct BlobGetParams {
  std::string name;
  std::optional<std::string> version;
  std::optional<std::uint64_t> offset, length;  // bytes; a range stops at the end of the value
};
BOOST_DESCRIBE_STRUCT(BlobGetParams, (), (name, version, offset, length))

struct BlobGetResult {
  std::string name, version, modified;
  std::uint64_t size = 0;     // bytes of the value
  std::uint64_t written = 0;  // bytes that this call wrote
  std::string content_type;
  Attributes attributes;
  std::vector<std::string> heads;
};
BOOST_DESCRIBE_STRUCT(BlobGetResult, (), (name, version, modified, size, written, content_type, attributes, heads))

// Lists the large values that any version of any item names, one entry for each version, without the values.
struct ExportListParams {
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(ExportListParams, (), (cursor))

struct ExportLarge {
  std::string name, version;
  std::string blob;          // id of the value; versions may share one
  std::uint64_t chunks = 0;  // number of sealed chunks; each is a file of the export
};
BOOST_DESCRIBE_STRUCT(ExportLarge, (), (name, version, blob, chunks))

struct ExportListResult {
  std::vector<ExportLarge> values;
  std::optional<std::string> cursor;  // pass it to get the next page; absent on the last
};
BOOST_DESCRIBE_STRUCT(ExportListResult, (), (values, cursor))

struct ExportBlobParams {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(ExportBlobParams, (), (name, version))

struct ExportBlobResult {
  std::uint64_t files = 0, bytes = 0;  // in the folder now, with those that were there before
  std::uint64_t written = 0;           // files that this call wrote
  std::vector<std::uint64_t> missing;  // indexes of chunks that are neither here nor on the server
};
BOOST_DESCRIBE_STRUCT(ExportBlobResult, (), (files, bytes, written, missing))

// --- sync, devices

struct SyncParams {
  std::optional<std::uint64_t> timeout_seconds;
};
BOOST_DESCRIBE_STRUCT(SyncParams, (), (timeout_seconds))

struct SyncResult {
  std::uint64_t pulled = 0, pushed = 0;  // numbers of commits
};
BOOST_DESCRIBE_STRUCT(SyncResult, (), (pulled, pushed))

struct Device {
  std::string id;
  Nullable<std::string> name;  // null while locked, because it is sealed
  DeviceStatus status = DeviceStatus::active;
  Nullable<std::string> joined;
  Nullable<std::uint64_t> seq;
  Nullable<std::string> last_seen;  // time of its newest write that has arrived here
  // Names the time at which this device verified a commit that shows that the other one knows it.
  Nullable<std::string> last_confirmed;
  bool this_device = false;
};
BOOST_DESCRIBE_STRUCT(Device, (), (id, name, status, joined, seq, last_seen, last_confirmed, this_device))

struct DeviceListResult {
  std::vector<Device> devices;
};
BOOST_DESCRIBE_STRUCT(DeviceListResult, (), (devices))

// `device` is an id, at least four first digits of an id, or a name that only one device has.
struct RevokeParams {
  std::string device;
  Secret password, new_password;
};
BOOST_DESCRIBE_STRUCT(RevokeParams, (), (device, password, new_password))

// Holds what a recovery sheet says. Whoever has the sheet can open the vault and change its password.
struct RecoverySheet {
  Secret code;  // nine groups of four characters
  std::string account, server, created;
  std::string state_code;  // of the vault when the sheet was made; four groups of five digits
  Secret line;             // the whole sheet in one line, for a QR code
  bool replaced = false;   // an earlier sheet is no longer valid
};
BOOST_DESCRIBE_STRUCT(RecoverySheet, (), (code, account, server, created, state_code, line, replaced))

// Says what a revoked device may know: everything up to its revocation, and what other devices write before they learn
// of it.
struct RevokeResult {
  DeviceName device;
  std::string joined;                     // since when it could read
  std::uint64_t items = 0, versions = 0;  // numbers of what it could read, with removed items
  std::uint64_t last_commit = 0;          // seq of its last commit that counts; 0 if none does
  // Replaces an earlier recovery sheet, which the revoked device may have known; absent if there was none.
  std::optional<RecoverySheet> sheet;
};
BOOST_DESCRIBE_STRUCT(RevokeResult, (), (device, joined, items, versions, last_commit, sheet))

struct RenameParams {
  std::string device, name;
  Secret password;
};
BOOST_DESCRIBE_STRUCT(RenameParams, (), (device, name, password))

// --- trust

struct VerifyParams {
  std::optional<std::string> code;  // a state code of another device; spaces are ignored
};
BOOST_DESCRIBE_STRUCT(VerifyParams, (), (code))

struct VerifyResult {
  std::string code;   // four groups of five digits
  DeviceName device;  // the device that made the code
  // False for a code of this device's newest acknowledged state, if the server could not be asked. Only for a code made
  // here.
  std::optional<bool> sent;
  std::optional<std::string> acknowledged;  // when that state was acknowledged
};
BOOST_DESCRIBE_STRUCT(VerifyResult, (), (code, device, sent, acknowledged))

struct RepairParams {
  // Needed if a keyring must be signed, or a fork forgiven.
  std::optional<Secret> password;
  // Needed for a server that has lost this account and makes accounts by invitation.
  std::optional<std::string> invite;
  std::optional<bool> dry_run;  // report what would be sent, and send nothing
};
BOOST_DESCRIBE_STRUCT(RepairParams, (), (password, invite, dry_run))

// Says what the server lacks of what this device has verified. Unless it was a dry run, it was sent.
struct RepairResult {
  bool account = false;                     // the account is gone, so everything is missing
  bool device = false;                      // the server did not know this device, so everything is sent
  std::uint64_t keyrings = 0, commits = 0;  // keyring versions, and commits
  std::uint64_t chains = 0;                 // number of devices with missing commits
  std::uint64_t siblings = 0;               // keyring versions of ours that a new one names beside the server's
  bool password = false;                    // the password is needed
};
BOOST_DESCRIBE_STRUCT(RepairResult, (), (account, device, keyrings, commits, chains, siblings, password))

// --- recovery

struct RecoveryCreateParams {
  Secret password;
};
BOOST_DESCRIBE_STRUCT(RecoveryCreateParams, (), (password))

struct RecoveryReadParams {
  Secret text;  // a recovery code, or the line of a sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryReadParams, (), (text))

struct RecoveryReadResult {
  Secret code;
  std::optional<std::string> account, server, state_code;  // set if `text` was a line
};
BOOST_DESCRIBE_STRUCT(RecoveryReadResult, (), (code, account, server, state_code))

struct RecoveryUseParams {
  Secret code;  // a recovery code, or the line of a sheet
  Secret new_password;
  std::optional<std::string> server, account, device_name,
      ca_file;                        // for a device without a vault; a line has the first two
  std::optional<std::string> expect;  // the state code on the sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryUseParams, (), (code, new_password, server, account, device_name, ca_file, expect))

struct RecoveryUseResult {
  DeviceName device;
  RecoverySheet sheet;  // the new sheet
};
BOOST_DESCRIBE_STRUCT(RecoveryUseResult, (), (device, sheet))

// --- the daemon

struct MetricsResult {
  std::string openmetrics;  // OpenMetrics 1.0, text
};
BOOST_DESCRIBE_STRUCT(MetricsResult, (), (openmetrics))

// --- the methods

// Says whether a call uses the vault and so puts off its locking itself. Asking for the status does not: a program that
// asks every second must not keep a vault open that nobody needs. A transfer of a large value is a use whenever a chunk
// moves, but not while the other end of a pipe stands still.
enum class Use { no, yes };

// Says what a lock of the vault does to a call. The lock waits until the calls that `go` have ended and their results
// have been taken. After limits::lock_grace it closes the connections of clients that do not take theirs.
enum class AtLock {
  stays,        // holds nothing that a lock takes away
  goes,         // both the call and its result hold what the vault protects
  result_goes,  // only its result does; the call ends when its work is done
  itself        // the call is the lock
};

// Says how much memory a call's result may take. Results count before they are made, with the most that they can be,
// then with their size until they have been taken: limits::client_bytes for a connection, limits::clients_bytes for
// all. A call waits until there is room, unless its result is small.
//
// The answers of a batch are sent together when the last is ready, and have limits::answer_bytes together. Where others
// wait longer than a grace period, the rest of a batch is answered E_BUSY. If a batch contains a lock, results of reads
// before it are sent with the lock's own. When a client has gone or was closed, its calls are cancelled and its batches
// stop.
struct Footprint {
  AtLock at_lock = AtLock::stays;
  std::size_t most = limits::small_answer_bytes;  // bytes of its result as JSON
};

template <class P, class R>
struct Method {
  using Params = P;
  using Result = R;
  std::string_view name, summary;
  Use use = Use::no;
  Takes takes = Takes::nothing;
  Footprint footprint = {};
};

namespace footprint {

inline constexpr std::size_t escaped = 6;  // how much JSON can lengthen a text: \u001f
inline constexpr std::size_t attributes_bytes =
    limits::attributes * (limits::attribute_key_bytes + limits::attribute_value_bytes + 6);
inline constexpr std::size_t heads_bytes = limits::item_heads * 64;

inline constexpr Footprint item{AtLock::goes};
inline constexpr Footprint value{AtLock::goes,
                                 escaped*(limits::value_bytes + attributes_bytes + limits::name_bytes) + heads_bytes};
inline constexpr Footprint page{AtLock::goes, 2 << 20};
inline constexpr Footprint history{AtLock::goes, limits::answer_bytes};  // of versions that each replace many
inline constexpr Footprint versions{AtLock::goes, limits::commit_records * 64};
inline constexpr Footprint sealed{AtLock::stays, 512 * 1024};
inline constexpr Footprint text{AtLock::stays, 128 * 1024};
inline constexpr Footprint sheet{AtLock::result_goes};
inline constexpr Footprint lock{AtLock::itself};

}  // namespace footprint

namespace methods {

inline constexpr Method<Nothing, Status> vault_status{"vault.status",
                                                      "What state the vault, its sync and its devices are in."};
inline constexpr Method<CreateParams, EnrolResult> vault_create{
    "vault.create", "Make an account and a vault on a server; this is its first device.", Use::yes};
inline constexpr Method<JoinParams, EnrolResult> vault_join{
    "vault.join", "Make this a device of an existing vault, and pull all of it.", Use::yes};
inline constexpr Method<UnlockParams, Nothing> vault_unlock{"vault.unlock", "Open the vault with its password.",
                                                            Use::yes};
inline constexpr Method<ChangePasswordParams, Nothing> vault_change_password{
    "vault.change_password", "Give the vault another password; the other devices follow by themselves.", Use::yes};
inline constexpr Method<Nothing, Nothing> vault_lock{"vault.lock", "Forget every key.", Use::no, Takes::nothing,
                                                     footprint::lock};
inline constexpr Method<ExportParams, ExportResult> vault_export{
    "vault.export", "One page of everything as stored, sealed.", Use::no, Takes::nothing, footprint::sealed};
inline constexpr Method<PutParams, VersionResult> item_put{"item.put", "Write an item.", Use::yes, Takes::nothing,
                                                           footprint::item};
inline constexpr Method<GetParams, GetResult> item_get{"item.get", "Read an item, or one version of it.", Use::yes,
                                                       Takes::nothing, footprint::value};
inline constexpr Method<RemoveParams, VersionResult> item_remove{"item.remove", "Remove an item; its history stays.",
                                                                 Use::yes, Takes::nothing, footprint::item};
inline constexpr Method<HistoryParams, HistoryResult> item_history{
    "item.history", "One page of an item's versions, the newest first.", Use::yes, Takes::nothing, footprint::history};
inline constexpr Method<RestoreParams, VersionResult> item_restore{
    "item.restore", "Write an old version of an item again.", Use::yes, Takes::nothing, footprint::item};
inline constexpr Method<ListParams, ListResult> item_list{"item.list", "One page of the items, sorted by name.",
                                                          Use::yes, Takes::nothing, footprint::page};
inline constexpr Method<PutManyParams, PutManyResult> item_put_many{
    "item.put_many", "Write several items in one commit.", Use::yes, Takes::nothing, footprint::versions};
inline constexpr Method<ConflictsParams, ConflictsResult> item_conflicts{
    "item.conflicts", "One page of the items with more than one head, and what these are.", Use::yes, Takes::nothing,
    footprint::page};
inline constexpr Method<ResolveParams, VersionResult> item_resolve{
    "item.resolve", "Write one version, or the merge of all heads, in place of all heads of an item.", Use::yes,
    Takes::nothing, footprint::item};
inline constexpr Method<BlobPutParams, BlobPutResult> blob_put{"blob.put",
                                                               "Write an item of any size, up to 60 GiB, from a file.",
                                                               Use::no, Takes::readable_file, footprint::item};
inline constexpr Method<BlobGetParams, BlobGetResult> blob_get{"blob.get",
                                                               "Write an item's value, or a range of it, into a file.",
                                                               Use::no, Takes::writable_file, footprint::item};
inline constexpr Method<ExportListParams, ExportListResult> blob_list{
    "blob.list", "One page of the large values of all versions, for an export.", Use::yes, Takes::nothing,
    footprint::page};
inline constexpr Method<ExportBlobParams, ExportBlobResult> blob_export{
    "blob.export",
    "Write the sealed chunks of a large value into a folder, as <index>.bin, but for those that are there.", Use::yes,
    Takes::folder};
inline constexpr Method<SyncParams, SyncResult> sync_now{
    "sync.now", "Pull and verify all that the server has, and push all that it has not."};
inline constexpr Method<Nothing, DeviceListResult> device_list{"device.list", "The devices of the vault.", Use::no,
                                                               Takes::nothing, footprint::text};
inline constexpr Method<RevokeParams, RevokeResult> device_revoke{
    "device.revoke", "End a device, and give the vault a password that it has never known.", Use::yes, Takes::nothing,
    footprint::sheet};
inline constexpr Method<RenameParams, DeviceName> device_rename{"device.rename", "Give a device another name.",
                                                                Use::yes};
inline constexpr Method<VerifyParams, VerifyResult> trust_verify{
    "trust.verify", "Make a state code; or, given one, say whether what is here contains all that its maker had.",
    Use::yes};
inline constexpr Method<RepairParams, RepairResult> trust_repair{
    "trust.repair", "Send a server what it has lost, byte for byte, and trust it again.", Use::yes};
inline constexpr Method<RecoveryCreateParams, RecoverySheet> recovery_create{
    "recovery.create", "Make a recovery code, which ends the one before.", Use::yes, Takes::nothing, footprint::sheet};
inline constexpr Method<RecoveryReadParams, RecoveryReadResult> recovery_read{
    "recovery.read", "Whether a recovery code, or the line of a sheet, is typed right; and what it says."};
inline constexpr Method<RecoveryUseParams, RecoveryUseResult> recovery_use{
    "recovery.use", "Open the vault with a recovery code: set a new password, and make a new code.", Use::yes,
    Takes::nothing, footprint::sheet};
inline constexpr Method<Nothing, MetricsResult> daemon_metrics{
    "daemon.metrics", "The daemon's numbers, in the format of OpenMetrics.", Use::no, Takes::nothing, footprint::text};

inline constexpr std::tuple all{
    vault_status,  vault_create,  vault_join,      vault_unlock,  vault_lock,     vault_change_password,
    device_revoke, device_rename, vault_export,    item_put,      item_get,       item_remove,
    item_history,  item_restore,  item_list,       item_put_many, item_conflicts, item_resolve,
    blob_put,      blob_get,      blob_list,       blob_export,   sync_now,       device_list,
    trust_verify,  trust_repair,  recovery_create, recovery_read, recovery_use,   daemon_metrics};

}  // namespace methods
}  // namespace vault::ipc

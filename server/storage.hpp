// SPDX-License-Identifier: Apache-2.0
// Defines what the server needs of a database: bytes and ids, for many accounts that see only their own.
//
// Each operation except remove_account is one transaction and durable when it returns. It depends on nothing that an
// earlier one read, so an engine may repeat an operation that it could not serialise. Errors: storage with its details,
// and those that an operation names. Operations block. One thread calls those that are not const, any thread the
// others.
//
// The contract knows that a history only grows, but not what a commit or a keyring is: the caller has checked headers
// and signatures, and supplies the hashes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/errc.hpp"
#include "wire/messages.hpp"

namespace vault::server {

using ServerSecret = FixedBytes<struct ServerSecretTag, 32>;

// Holds what a log-in needs, from the newest keyring version.
struct LogIn {
  std::uint8_t suite = 0;
  Seed seed;
  SignKey auth;
  bool operator==(const LogIn&) const = default;
};

struct Usage {
  std::uint64_t bytes = 0;  // of keyring versions, commits and chunks
  std::uint64_t quota = 0;
  bool operator==(const Usage&) const = default;
};

struct Account {
  std::string name;
  VaultId vault;
  LogIn log_in;
  wire::KeyringHead keyring;
  Usage usage;
  bool operator==(const Account&) const = default;
};

struct KeyringVersion {
  Sealed bytes;
  Hash hash;
  LogIn log_in;
  std::optional<Hash> replaces;  // a sibling that it replaces and that commits may name
};

// Says where a jump lets its chain go on: at its own seq, after the commit `after`. The seqs in between are void.
struct Jump {
  std::uint64_t seq = 0;
  Head after;
};

struct Commit {
  Sealed bytes;
  Hash hash;
  Hash prev;
  // Set for a jump. The seq of any other commit is one more than that of the commit before it.
  std::optional<Jump> jump = {};
};

// Holds one of the `count` chunks of a blob.
struct Chunk {
  Sealed bytes;
  Hash leaf;  // in the blob's tree; differs for different chunks
  std::uint64_t count = 0;
};

// Says what became of a chunk. there: it is stored. differs: other bytes have its place, or the blob's chunks state
// another count.
enum class PutChunk { there, differs };

// Says that the newest keyring version, `head`, is not the expected one.
struct KeyringConflict {
  wire::KeyringHead head;
};

// Says that the first of the commits does not follow `head`.
struct AppendGap {
  Head head;
};

using Replaced = std::variant<wire::KeyringHead, KeyringConflict>;
using Appended = std::variant<Head, wire::CommitConflict, AppendGap, KeyringConflict>;

class Storage {
 public:
  virtual ~Storage() = default;

  // -- Accounts. Errors: account_bad for a name that wire::is_account refuses.

  // Makes the same lookups whether the account exists or not, because strangers time it.
  virtual Result<std::optional<Account>> find_account(std::string_view name) const = 0;

  // Makes an account. `invitation` is the hash of an invitation's token, which success uses up. Succeeds also if this
  // account was made with exactly this keyring version, since a client repeats a request whose answer was lost. Errors,
  // in this order: invite_needed for an invitation that does not exist (any more), so that nobody without one learns
  // who has an account; account_exists for a name or vault id that is taken.
  virtual Result<void> create_account(std::string_view name, const VaultId& vault, const KeyringVersion& first,
                                      const std::optional<Hash>& invitation) = 0;

  // Returns up to `most` accounts whose names are greater than `after`, ascending.
  virtual Result<std::vector<Account>> accounts(std::string_view after, std::size_t most) const = 0;
  // Errors: not_found.
  virtual Result<void> set_quota(std::string_view name, std::uint64_t bytes) = 0;

  // Removes an account with everything it has. Chunks go first, in steps; after an interruption, call it again. Errors:
  // not_found.
  virtual Result<void> remove_account(std::string_view name) = 0;

  virtual Result<void> add_invitation(const Hash& token) = 0;

  // -- One vault. Errors: not_found if there is none with this id.

  // Returns versions from `from` on: as many as `bytes` allow, but at least one if there is one.
  virtual Result<wire::KeyringPage> keyrings(const VaultId& vault, std::uint32_t from, std::size_t bytes) const = 0;

  // Returns the version with this hash; 0 if a version names it as one that it replaces; nullopt if it is unknown.
  virtual Result<std::optional<std::uint32_t>> keyring_version(const VaultId& vault, const Hash& hash) const = 0;

  // Stores `next` after `expected`, with its log-in. Succeeds also if `next` is the newest already. Errors: quota.
  virtual Result<Replaced> replace_keyring(const VaultId& vault, const wire::KeyringHead& expected,
                                           const KeyringVersion& next) = 0;

  // Returns the newest keyring version, and the head of every chain that is not empty, ascending by device.
  virtual Result<wire::Heads> heads(const VaultId& vault) const = 0;

  // Appends all of `commits`, with the seqs `first`, `first` + 1, ... (a jump has its own), or none. Commits that are
  // stored already with the same bytes succeed. KeyringConflict, which comes first: `under`, which said who may append
  // and whose signature is good, is not the newest keyring version. CommitConflict: a seq has other bytes, or a prev is
  // not the hash of the commit before, which then is the conflicting one; for a void seq it is the commit that comes
  // next. A jump may also follow the commit in its `after`. The caller checks prev of seq 1. Errors: quota.
  virtual Result<Appended> append(const VaultId& vault, const wire::KeyringHead& under, const DeviceId& device,
                                  std::uint64_t first, const std::vector<Commit>& commits) = 0;

  // Returns commits from seq `from` on: as many as `bytes` allow, at most `most`, but at least one if there is one.
  virtual Result<wire::CommitPage> commits(const VaultId& vault, const DeviceId& device, std::uint64_t from,
                                           std::size_t bytes, std::size_t most) const = 0;

  // -- Large values of a vault. They are never loaded with commits, and nobody is told of their changes.

  // Stores a chunk. Succeeds also if it is stored already with this leaf and count. Requires: index < count. Errors:
  // quota.
  virtual Result<PutChunk> put_chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index,
                                     const Chunk& chunk) = 0;

  // Returns the leaves of all chunks of a blob, zeros for missing chunks; nullopt if there are no chunks.
  virtual Result<std::optional<wire::BlobLeaves>> leaves(const VaultId& vault, const BlobId& blob) const = 0;
  virtual Result<std::optional<Sealed>> chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index) const = 0;

  // Returns up to `most` blobs that have a chunk, ascending, and greater than `after` if it is given.
  virtual Result<std::vector<BlobId>> blobs(const VaultId& vault, const std::optional<BlobId>& after,
                                            std::size_t most) const = 0;

  // -- The server itself

  // Returns 32 random bytes that were made when the database was first used and never change.
  virtual Result<ServerSecret> secret() const = 0;

  // Sets a function that is called after each operation that changed the heads or the keyring of a vault or removed it,
  // on the thread of the operation.
  virtual void watch(std::function<void(const VaultId&)> changed) = 0;
};

}  // namespace vault::server

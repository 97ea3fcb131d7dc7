// SPDX-License-Identifier: Apache-2.0
// What the server asks of a database: bytes and ids, for many accounts, each of which sees its own.
//
// Each operation is one transaction, but for remove_account; it is durable when it returns, and depends on nothing that
// an earlier one read, so that an engine may run it again when it could not be serialised. Errors are Errc::storage and
// its details, and those that an operation names. Operations block; those that are not const come from one thread, the
// others from any.
//
// The contract knows that a history only grows. It does not know what a commit or a keyring is: the caller has
// checked headers and signatures, and says what the hashes are.
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

// What a log-in needs, as the newest keyring version says it.
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
  std::optional<Hash> replaces;  // a sibling, which commits may name
};

// Where a jump lets its chain go on: at its own seq, after the commit that it names. The seqs between are void.
struct Jump {
  std::uint64_t seq = 0;
  Head after;
};

struct Commit {
  Sealed bytes;
  Hash hash;
  Hash prev;
  std::optional<Jump> jump = {};  // of a commit that is none: its seq is one more than that of the commit before
};

// One of the `count` chunks of a blob.
struct Chunk {
  Sealed bytes;
  Hash leaf;  // of the blob's tree: no two chunks have one
  std::uint64_t count = 0;
};

// What became of a chunk: it is there, or its place is taken by other bytes or those beside it have another count.
enum class PutChunk { there, differs };

// The newest version was not the one expected; this is it.
struct KeyringConflict {
  wire::KeyringHead head;
};

// The first of the commits would not follow the head.
struct AppendGap {
  Head head;
};

using Replaced = std::variant<wire::KeyringHead, KeyringConflict>;
using Appended = std::variant<Head, wire::CommitConflict, AppendGap, KeyringConflict>;

class Storage {
 public:
  virtual ~Storage() = default;

  // -- Accounts. Names are those of wire::is_account, else Errc::account_bad.

  // The same looks into the database whether there is one or not: strangers time it.
  virtual Result<std::optional<Account>> find_account(std::string_view name) const = 0;

  // `invitation` is the hash of its token; it is used up with success. Errc::invite_needed first, for one that is
  // not (any more) there: without an invitation nobody learns who has an account. Errc::account_exists, also for
  // a vault id that is taken. If this account was made with this very keyring version, that is success: a client
  // whose answer was lost asks again.
  virtual Result<void> create_account(std::string_view name, const VaultId& vault, const KeyringVersion& first,
                                      const std::optional<Hash>& invitation) = 0;

  // Up to `most` accounts, ascending, whose name is greater than `after`.
  virtual Result<std::vector<Account>> accounts(std::string_view after, std::size_t most) const = 0;
  virtual Result<void> set_quota(std::string_view name, std::uint64_t bytes) = 0;  // Errc::not_found

  // With all it has. Errc::not_found. Chunks go first, some at a time: whoever was interrupted does it again.
  virtual Result<void> remove_account(std::string_view name) = 0;

  virtual Result<void> add_invitation(const Hash& token) = 0;

  // -- One vault. Errc::not_found if there is none of this id.

  // Versions from `from`, as many as `bytes` hold, at least one if there is one.
  virtual Result<wire::KeyringPage> keyrings(const VaultId& vault, std::uint32_t from, std::size_t bytes) const = 0;

  // The version that has this hash; 0 where a version names it as one that it replaces.
  virtual Result<std::optional<std::uint32_t>> keyring_version(const VaultId& vault, const Hash& hash) const = 0;

  // Puts `next` after `expected`, with its log-in. If `next` is the newest already, that is success. Errc::quota.
  virtual Result<Replaced> replace_keyring(const VaultId& vault, const wire::KeyringHead& expected,
                                           const KeyringVersion& next) = 0;

  // The newest keyring version and the head of every chain that is not empty, ascending by device.
  virtual Result<wire::Heads> heads(const VaultId& vault) const = 0;

  // All of `commits`, of seqs `first`, `first` + 1, ..., or none; a jump has its own. KeyringConflict first, when `under`
  // is not the newest keyring version: it said who may append, and whose signature is good. One that is there already
  // with the same bytes is success. CommitConflict: other bytes for a seq, or a prev that is not the hash of the commit
  // before, which is then the one that conflicts; for a void seq, the commit that comes next. A jump also follows the
  // commit that it goes on after. Prev of seq 1 is the caller's to check. Errc::quota.
  virtual Result<Appended> append(const VaultId& vault, const wire::KeyringHead& under, const DeviceId& device,
                                  std::uint64_t first, const std::vector<Commit>& commits) = 0;

  // Commits from seq `from`, at most `most`, as many as `bytes` hold, at least one if there is one.
  virtual Result<wire::CommitPage> commits(const VaultId& vault, const DeviceId& device, std::uint64_t from,
                                           std::size_t bytes, std::size_t most) const = 0;

  // -- Large values of a vault. Nothing of them is loaded with commits, and nobody is told of them.

  // Requires: index < count. A chunk that is there already with this leaf and count is success. Errc::quota.
  virtual Result<PutChunk> put_chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index,
                                     const Chunk& chunk) = 0;

  // Of all chunks of a blob, zeros for those that are not there; nothing if none is.
  virtual Result<std::optional<wire::BlobLeaves>> leaves(const VaultId& vault, const BlobId& blob) const = 0;
  virtual Result<std::optional<Sealed>> chunk(const VaultId& vault, const BlobId& blob, std::uint64_t index) const = 0;

  // Up to `most` blobs that have a chunk, ascending: those greater than `after`, if it is given.
  virtual Result<std::vector<BlobId>> blobs(const VaultId& vault, const std::optional<BlobId>& after,
                                            std::size_t most) const = 0;

  // -- The server itself.

  // 32 random bytes, made at first use of the database and the same ever after.
  virtual Result<ServerSecret> secret() const = 0;

  // Called after each operation that changed heads or keyring of a vault, or removed it, by the thread that did.
  virtual void watch(std::function<void(const VaultId&)> changed) = 0;
};

}  // namespace vault::server

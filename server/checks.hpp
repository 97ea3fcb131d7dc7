// SPDX-License-Identifier: Apache-2.0
// What a server can check of a keyring version or a commit that it cannot open: wire/PROTOCOL.md §4. Pure
// functions of bytes; where they need the past it is given to them.
#pragma once

#include "base/errc.hpp"
#include "server/storage.hpp"
#include "wire/commit_header.hpp"
#include "wire/keyring_header.hpp"

namespace vault::server {

// A keyring version that is well formed in its public part, with the hash of all its bytes.
struct ReadKeyring {
  wire::KeyringHeader header;
  KeyringVersion version;
};

// Errors: limit, downgrade, tamper.
[[nodiscard]] Result<ReadKeyring> read_keyring(const Sealed& bytes);

// Whether it may be the first of its vault.
[[nodiscard]] Result<void> check_first(const ReadKeyring& keyring);

// Whether it may follow `previous`, whose version and hash it names. Errors: tamper; keyring_devices for what it does
// to the devices of that.
[[nodiscard]] Result<void> check_successor(const wire::KeyringHeader& previous, const ReadKeyring& keyring);

struct ReadCommit {
  wire::CommitHeader header;
  Commit commit;
};

// Commits that are well formed in their headers, of this vault and device, of consecutive seqs. Errors: limit,
// downgrade, tamper; usage if there are none.
[[nodiscard]] Result<std::vector<ReadCommit>> read_commits(const VaultId& vault, const DeviceId& device,
                                                           const std::vector<Sealed>& bytes);

// Whether the last of them is signed by the device that has this key: then the hash links say that all are the
// device's.
[[nodiscard]] bool is_signed(const std::vector<ReadCommit>& commits, const SignKey& sig);

}  // namespace vault::server

// SPDX-License-Identifier: Apache-2.0
// Checks what a server can check of keyring versions and commits that it cannot open: wire/PROTOCOL.md §4. Pure
// functions of bytes; earlier state that they need is passed to them.
#pragma once

#include "base/errc.hpp"
#include "server/storage.hpp"
#include "wire/commit_header.hpp"
#include "wire/keyring_header.hpp"

namespace vault::server {

// Holds a keyring version whose public part is well formed, with the hash of all its bytes.
struct ReadKeyring {
  wire::KeyringHeader header;
  KeyringVersion version;
};

// Errors: limit, downgrade, tamper.
[[nodiscard]] Result<ReadKeyring> read_keyring(const Sealed& bytes);

// Succeeds if the version may be the first of its vault.
[[nodiscard]] Result<void> check_first(const ReadKeyring& keyring);

// Succeeds if the version may follow `previous`, whose version and hash it names. Errors: tamper; keyring_devices for
// changes of the devices that are not allowed.
[[nodiscard]] Result<void> check_successor(const wire::KeyringHeader& previous, const ReadKeyring& keyring);

struct ReadCommit {
  wire::CommitHeader header;
  Commit commit;
};

// Reads commits of this vault and device, with well-formed headers and consecutive seqs. Errors: limit, downgrade,
// tamper; usage if there are none.
[[nodiscard]] Result<std::vector<ReadCommit>> read_commits(const VaultId& vault, const DeviceId& device,
                                                           const std::vector<Sealed>& bytes);

// True if the device with the key `sig` signed the last commit. The hash links then prove that all commits are its own.
[[nodiscard]] bool is_signed(const std::vector<ReadCommit>& commits, const SignKey& sig);

}  // namespace vault::server

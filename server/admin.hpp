// SPDX-License-Identifier: Apache-2.0
// Implements what an operator does with a server's data, even while the server runs: invitations, accounts, a backup,
// an account's sealed export. Each function is a subcommand of vault-server and prints to `out`.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "server/lmdb_storage.hpp"

namespace vault::server::admin {

// Makes an invitation and prints its token, 32 hex digits, of which the server stores only a hash. A client presents
// these 32 bytes of text.
Result<void> invite(Storage& storage, std::ostream& out);

// Prints a line for each account: name, vault id, keyring version, bytes, quota.
Result<void> list_accounts(const Storage& storage, std::ostream& out);

// Writes keyring/<v>.bin, chains/<device>/<seq>.bin, blobs/<blob>/<index>.bin and a manifest that nobody has signed
// into a new folder, named as in crypto/FORMAT.md §11. Uses the memory of a page of commits or a chunk. Errors:
// not_found for an unknown account; a folder that exists.
Result<void> export_account(const Storage& storage, const std::string& name, const std::filesystem::path& folder);

}  // namespace vault::server::admin

// SPDX-License-Identifier: Apache-2.0
// What an operator does with a server's data, whether the server runs or not: invitations, accounts, a backup,
// an account's sealed export. Each function is one subcommand of vault-server; what it prints goes to `out`.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "server/lmdb_storage.hpp"

namespace vault::server::admin {

// Makes an invitation and prints its token: 32 hex digits, of which the server keeps a hash. A client presents
// these 32 bytes of text.
Result<void> invite(Storage& storage, std::ostream& out);

// One line an account: name, vault id, keyring version, bytes, quota.
Result<void> list_accounts(const Storage& storage, std::ostream& out);

// keyring/<v>.bin, chains/<device>/<seq>.bin and blobs/<blob>/<index>.bin in a folder that is made, as crypto/FORMAT.md
// §11 names them. Memory is a page of commits, or a chunk.
// Errc::not_found for an unknown account. A folder that exists is an error.
Result<void> export_account(const Storage& storage, const std::string& name, const std::filesystem::path& folder);

}  // namespace vault::server::admin

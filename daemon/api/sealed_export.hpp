// SPDX-License-Identifier: Apache-2.0
// Exports everything that was verified, as it is stored. The reader in tests/reader/ opens it with the password. Needs
// no key. crypto/FORMAT.md §11 names the files.
#pragma once

#include <string>

#include "ipc/api/vault.hpp"
#include "store/store.hpp"

namespace vault::daemon {

// Returns a page, from the cursor that the page before gave, or "" for the first, which begins with the manifest. Large
// objects come in pieces. Errors: usage for a cursor that no page gave; storage.
Result<ipc::ExportResult> export_page(const store::Store& store, const std::string& cursor);

}  // namespace vault::daemon

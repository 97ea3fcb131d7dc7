// SPDX-License-Identifier: Apache-2.0
// Checks the folder of a vault before anything in it is opened: whether its database is as it was left, and what to do
// if not. A process of its own reads the file, with bounds of time and memory, so no page can end this one.
// store/SCHEMA.md, "A damaged database".
#pragma once

#include <filesystem>

#include "base/errc.hpp"

namespace vault::daemon {

// nothing: no database, no anchor and no large values. usable: a database that may be opened, perhaps a new one with
// what was good of a damaged one. damaged: too little was good. missing: no database, but other files of a vault.
enum class OwnDisk { nothing, usable, damaged, missing };

// Checks the database, and saves what is good if it is damaged. Waits for that: seconds for a file of hundreds of
// megabytes. Never writes into a damaged database; it is kept under another name. Errors: state_in_use, state_unsafe,
// state_remote, disk_full, storage.
Result<OwnDisk> look_at_disk(const std::filesystem::path& folder);

// Saves what is good when only the opening has found damage. Requires: nobody has the database open.
Result<OwnDisk> save_from_disk(const std::filesystem::path& folder);

// Notes that the key has shown damage which cannot be seen without it: the next start believes no chain of another
// device in the database, and gets them from the server again.
void distrust_disk(const std::filesystem::path& folder);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// What lies in the folder of a vault, before anything of it is opened: whether its database is what it was, and what
// to do when it is not. The looking is done by a process of its own, with bounds of time and memory, so that no page
// can end this one. store/SCHEMA.md, "A damaged database".
#pragma once

#include <filesystem>

#include "base/errc.hpp"

namespace vault::daemon {

// nothing: no database, no anchor and no large values. usable: a database that may be opened, perhaps a new one with
// what was good of a damaged one. damaged: too little was good. missing: no database, beside other files of a vault.
enum class OwnDisk { nothing, usable, damaged, missing };

// Looks, and saves what is good where it has to. Waits for it: seconds for a file of hundreds of megabytes. Nothing is
// written into a database that was found damaged; it is kept under another name. Errors: state_in_use, state_unsafe,
// state_remote, disk_full, storage.
Result<OwnDisk> look_at_disk(const std::filesystem::path& folder);

// The same where the opening has found what looking has not, in a database that nobody has open.
Result<OwnDisk> save_from_disk(const std::filesystem::path& folder);

// The key has shown damage that cannot be seen without it: the next start believes no chain of another device in
// the database, and gets them from the server again.
void distrust_disk(const std::filesystem::path& folder);

}  // namespace vault::daemon

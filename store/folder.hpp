// SPDX-License-Identifier: Apache-2.0
// A folder that holds state: ours alone, on a disk of this machine, used by one process at a time.
#pragma once

#include <filesystem>

#include "base/errc.hpp"
#include "base/file.hpp"

namespace vault::store {

// Whether the f_type of statfs(2) is that of a filesystem where a lock or a shared mapping of another machine
// cannot be trusted.
bool is_remote_filesystem(unsigned long type);

// Errc::state_unsafe: a symbolic link, not a folder, not owned by us, or open to others.
// Errc::state_remote: on a network filesystem.
Result<void> check_folder(const std::filesystem::path& folder);

// Makes the folder (0700) if it is not there, checks it, and takes a lock on the folder itself, so there is no file
// that could be deleted to let a second process in. The lock lasts as long as the returned folder is open, in this
// process or in one forked from it; it ends with the process however that ends.
//
// Errors: those of check_folder, and Errc::state_in_use when another process has it.
Result<File> lock_folder(const std::filesystem::path& folder);

// Makes the names in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace vault::store

// SPDX-License-Identifier: Apache-2.0
// Checks and locks a folder that holds state: owned by us alone, on a local disk, used by one process at a time.
#pragma once

#include <filesystem>

#include "base/errc.hpp"
#include "base/file.hpp"

namespace vault::store {

// True if `type`, an f_type of statfs(2), is a filesystem on which locks and shared mappings of another machine cannot
// be trusted.
bool is_remote_filesystem(unsigned long type);

// Errors: state_unsafe for a symbolic link, for what is no folder, is not owned by us, or is open to others;
// state_remote on a network filesystem.
Result<void> check_folder(const std::filesystem::path& folder);

// Makes the folder (0700) if it is missing, checks it, and locks it. The lock is on the folder itself, so no file can
// be deleted to let a second process in. It lasts as long as the returned folder is open, in this process or one forked
// from it, and ends with the process however that ends.
//
// Errors: those of check_folder; state_in_use if another process has it.
Result<File> lock_folder(const std::filesystem::path& folder);

// Makes the names in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace vault::store

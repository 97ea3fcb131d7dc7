// SPDX-License-Identifier: Apache-2.0
// Records how a database was left by a daemon that stopped cleanly: a file of 60 bytes beside it.
//
//   magic "vcln"(4)  LMDB's number of the newest transaction(8)  size of the file(8)  SHA-256 of its two roots(32)
//   zeros(8)
//
// Shows that the file has not been written since; proves nothing to anybody who can write to the folder.
#pragma once

#include <filesystem>

namespace vault::daemon {

void note_clean_stop(const std::filesystem::path& folder);

// True if the database is as it was left. Removes the record, so a start without a clean stop leaves none.
bool take_clean_stop(const std::filesystem::path& folder);

}  // namespace vault::daemon

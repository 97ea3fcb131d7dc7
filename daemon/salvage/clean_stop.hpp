// SPDX-License-Identifier: Apache-2.0
// How a database was left by a daemon that stopped as it should: a file of 60 bytes beside it.
//
//   magic "vcln"(4)  LMDB's number of the newest transaction(8)  size of the file(8)  SHA-256 of its two roots(32)
//   zeros(8)
//
// It says that the file has not been written since, and proves nothing to anybody who can write to the folder.
#pragma once

#include <filesystem>

namespace vault::daemon {

void note_clean_stop(const std::filesystem::path& folder);

// Whether the database is as it was left. What was noted is gone then: a start without a stop leaves nothing.
bool take_clean_stop(const std::filesystem::path& folder);

}  // namespace vault::daemon

// SPDX-License-Identifier: Apache-2.0
// Computes what identifies this machine and the state folder of a vault: the machine id, and inode and birth time of
// the folder. A copy of the folder elsewhere has another fingerprint. store/SCHEMA.md.
#pragma once

#include <filesystem>

#include "base/bytes.hpp"

namespace vault::daemon {

// Returns SHA-256 of these. What the system cannot tell counts as nothing.
Hash machine_fingerprint(const std::filesystem::path& folder);

}  // namespace vault::daemon

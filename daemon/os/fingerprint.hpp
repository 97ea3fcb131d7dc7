// SPDX-License-Identifier: Apache-2.0
// What identifies this machine and the folder of a vault's state, so that a copy of the folder elsewhere is another
// one: the machine id, and inode and birth time of the folder. store/SCHEMA.md.
#pragma once

#include <filesystem>

#include "base/bytes.hpp"

namespace vault::daemon {

// SHA-256 of it; what a system does not have counts as nothing.
Hash machine_fingerprint(const std::filesystem::path& folder);

}  // namespace vault::daemon

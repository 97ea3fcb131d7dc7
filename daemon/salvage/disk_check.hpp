// SPDX-License-Identifier: Apache-2.0
// Checks whether a database file may be opened: its pages are what LMDB takes for granted, and its rows are consistent
// as far as that can be seen without a key. store/SCHEMA.md, "A damaged database".
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "daemon/salvage/disk_rows.hpp"
#include "daemon/state/profile.hpp"

namespace vault::daemon {

// Returns the first fault; empty if the file may be opened. A file of another schema is left for the opening to judge.
std::string_view disk_fault(BytesView file);

// Returns the first fault of the rows alone; empty if there is none.
std::string_view rows_fault(const DiskRows& rows);

// True if the profile is that of a device of this vault, and has the key that the keyring names.
bool is_owner(const DiskRows& rows, const Profile& profile, const wire::KeyringHeader& newest);

}  // namespace vault::daemon

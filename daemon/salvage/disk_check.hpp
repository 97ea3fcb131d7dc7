// SPDX-License-Identifier: Apache-2.0
// Whether a database file may be opened: its pages are what LMDB takes for granted, and its rows hang together as far
// as that can be told without a key. store/SCHEMA.md, "A damaged database".
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "daemon/salvage/disk_rows.hpp"
#include "daemon/state/profile.hpp"

namespace vault::daemon {

// Empty if it may; else the first thing that is wrong. A file of another schema is for the opening to judge.
std::string_view disk_fault(BytesView file);

// Of the rows alone. Empty when nothing is wrong.
std::string_view rows_fault(const DiskRows& rows);

// Whether the profile is that of a device of this vault, and has the key that the keyring names.
bool is_owner(const DiskRows& rows, const Profile& profile, const wire::KeyringHeader& newest);

}  // namespace vault::daemon

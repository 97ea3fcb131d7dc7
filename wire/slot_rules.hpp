// SPDX-License-Identifier: Apache-2.0
// What the slots of a keyring must say in the clear, before and whether or not anybody opens them: FORMAT.md §4, §7.
// A slot that only somebody else can open is judged by this alone.
#pragma once

#include "wire/keyring_header.hpp"

namespace vault::wire {

// Each slot is of its kind, size and vault, of the version's generation, and was made in no later version; those for
// devices were made in this one, for the device that they stand by.
bool slots_are_sound(const KeyringHeader& keyring);

// One device slot for every active device where the vault key is new, else none.
bool slots_fit_devices(const KeyringHeader& keyring, bool new_key);

// A version makes the slots of a new vault key or a new recovery code itself, and repeats the others byte for byte.
bool slots_follow(const KeyringHeader& old, const KeyringHeader& now);

}  // namespace vault::wire

// SPDX-License-Identifier: Apache-2.0
// Checks what a keyring's slots say in the clear: FORMAT.md §4 and §7. Whoever cannot open a slot judges it by these
// rules alone.
#pragma once

#include "wire/keyring_header.hpp"

namespace vault::wire {

// True if each slot has the right kind, size, vault and generation and was made in no later version. Slots for devices
// must also be made in this version, for the device they are listed under.
bool slots_are_sound(const KeyringHeader& keyring);

// True if a new vault key has one slot for every active device, and an unchanged key has no device slots.
bool slots_fit_devices(const KeyringHeader& keyring, bool new_key);

// True if `now` makes new slots for a new vault key or a new recovery code, and repeats all others byte for byte.
bool slots_follow(const KeyringHeader& old, const KeyringHeader& now);

}  // namespace vault::wire

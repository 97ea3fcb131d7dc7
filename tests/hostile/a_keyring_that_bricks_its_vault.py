#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who has the password sends the real server a keyring version that every device would refuse for what it shows to all: stored, it
would be the end of the vault. The server refuses it, and takes the version that is as it should be."""

from dataclasses import replace

import near  # noqa: F401
from caller import Caller, Vault

from harness import main, test

CLAIMS = "A19"


def slots_with(k, change):
    return replace(k, device_slots=tuple((device, change(slot)) for device, slot in k.device_slots))


# What is done to the next version, and whether that has a new vault key.
BRICKS = {
    "a device is not in the list": (False, lambda k: replace(k, listed=k.listed[1:])),
    "a device has another request key": (False, lambda k: replace(k, listed=tuple((i, bytes(32), s, w) for i, _, s, w in k.listed))),
    "there are no slots": (True, lambda k: replace(k, device_slots=())),
    "a slot lacks its last byte": (True, lambda k: slots_with(k, lambda slot: slot[:-1])),
    "a slot is of another version": (True, lambda k: slots_with(k, lambda slot: slot[:59] + b"\x7f" + slot[60:])),
    "a slot is of another vault": (True, lambda k: slots_with(k, lambda slot: slot[:8] + bytes(16) + slot[24:])),
    "a slot is of another kind": (True, lambda k: slots_with(k, lambda slot: slot[:6] + b"\x11" + slot[7:])),
    "the password slot is the old one": (True, lambda k: replace(k, password_slot=k.before.password_slot)),
    "the password slot is another one": (False, lambda k: replace(k, password_slot=k.password_slot[:-1] + b"\0")),
    "the seed is another one": (False, lambda k: replace(k, seed=bytes(32))),
    "it replaces a version of the history": (False, lambda k: replace(k, siblings=(k.prev,))),
}


class Draft:
    """The next version of a vault, changed and signed, without becoming part of it."""

    def __init__(self, vault, new_key, change):
        if new_key:
            vault.vks.append(vault.fresh())
        k = vault.next()
        object.__setattr__(k, "before", vault.rings[-1])
        self.raw = vault.ring(change(k)).raw
        vault.rings.pop()
        if new_key:
            vault.vks.pop()


@test
def no_version_is_stored_that_every_device_would_refuse(world):
    port = world.start_server().port
    anna = Vault("anna")
    assert anna.register(port).status == 200
    anna.join("b")
    by = Caller(port, anna, "a")
    assert by("PUT", "/v1/keyring", anna.rings[-1].raw).status == 200
    head = by.get("/v1/heads").body[:36]
    taken = []
    for what, (new_key, change) in BRICKS.items():
        answer = by("PUT", "/v1/keyring", Draft(anna, new_key, change).raw)
        print(f"{what}: {answer}")
        if answer.status != 400 or answer.kind != "E_TAMPER":
            taken.append(what)
            break  # the vault is gone
    assert not taken, taken
    assert by.get("/v1/heads").body[:36] == head
    anna.vks.append(anna.fresh())
    assert by("PUT", "/v1/keyring", anna.ring(anna.next()).raw).status == 200


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who has the password makes a keyring version whose slot for one device is noise: every other device takes it. That one says what
to do, sends nothing under the old key meanwhile, and follows with the password."""

import os
from dataclasses import replace

import near  # noqa: F401
from caller import AUTH, Caller
from outside import SUITE, Stolen

from harness import main, test
from vaultformat.cursor import Cursor
from vaultformat.keyring import build_keyring
from vaultformat.primitives import derive, password_root
from vaultformat.rings import Rings
from vaultformat.slots import device_slot, password_slot

CLAIMS = "A16"


class Served:
    """The keyring of an account, as the reader's Export."""

    def __init__(self, by):
        cursor = Cursor(by.get("/v1/keyring?from=1").body)
        cursor.take(36)
        self.all = [cursor.var(4) for _ in range(cursor.uint(2))]

    def read(self, _, name):
        return self.all[int(name.partition(".")[0]) - 1]

    def versions(self):
        return list(range(1, len(self.all) + 1))


class Member:
    """Of the household, with the password and programs of their own."""

    def __init__(self, world, folder):
        known = Stolen(folder)
        self.port, self.account, self.vault, self.url = world.server.port, known.account, known.vault, known.url
        own = Caller(self.port, None, account=self.account, vault_id=self.vault, key_id=known.device, seed=known.net, origin=self.url)
        self.rings = Rings(Served(own), world.password.encode(), (SUITE,))
        newest = self.rings.newest
        root = password_root(world.password.encode(), newest.suite, newest.account, newest.vault_id, newest.seed)
        self.auth, self.pwk = derive(root, "auth", newest.vault_id), derive(root, "password-slot", newest.vault_id)

    def raises_the_key(self, noise_for=None):
        """The next version with a new vault key; the server's answer."""
        old, before, fresh = self.rings.newest, self.rings.vks[-1], os.urandom(32)
        k = replace(old, v=old.v + 1, prev=old.hash(), g=old.g + 1, raw=b"", siblings=(), old_vks=(*old.old_vks, before))
        slots = []
        for d in sorted(old.devices):
            slot = device_slot(os.urandom(32), d.box_pk, before, k.suite, k.vault_id, k.sealer, d.device_id, k.v, k.g, fresh, os.urandom(32))
            slots.append((d.device_id, slot[:-1] + bytes([slot[-1] ^ 1]) if d.device_id == noise_for else slot))
        sealed = password_slot(self.pwk, k.suite, k.vault_id, k.sealer, k.v, k.g, fresh, os.urandom(32))
        k = replace(k, device_slots=tuple(slots), password_slot=sealed)
        build_keyring(k, fresh, before, [(1, self.auth)], os.urandom(32))
        by = Caller(self.port, None, account=self.account, vault_id=self.vault, key_id=AUTH, seed=self.auth, origin=self.url)
        return by("PUT", "/v1/keyring", k.raw)


def household(world):
    world.start_server(program="vault-server_test")
    laptop, phone = world.pair()
    for device in (laptop, phone):
        device.put(f"of {device.name}", b"before")
        device.sync()
    laptop.sync()
    return laptop, phone, Member(world, phone.vault_folder), bytes.fromhex(phone.status()["device"]["id"])


def goes_on(laptop, phone):
    phone.put("после", b"under the new key")
    phone.sync()
    laptop.sync()
    assert laptop.get("после") == b"under the new key" and phone.get("meanwhile") == b"of the laptop"
    assert phone.status()["identity"]["former"] == []


@test
def an_open_device_whose_slot_is_noise_asks_for_the_password_and_follows_with_it(world):
    laptop, phone, member, phone_id = household(world)
    assert member.raises_the_key(noise_for=phone_id).status == 200
    laptop.put("meanwhile", b"of the laptop")
    laptop.sync()
    phone.put("waits", b"for the new key")
    for _ in range(2):
        assert "vaultctl unlock" in phone.fails(5, "sync")
    assert phone.status()["trust"]["state"] != "distrusted"
    laptop.sync()
    assert "waits" not in laptop.names(), "nothing is sent under the old key"
    phone.unlock()
    goes_on(laptop, phone)
    assert laptop.get("waits") == b"for the new key"


@test
def so_does_one_that_was_locked(world):
    laptop, phone, member, phone_id = household(world)
    phone.ok("lock")
    assert member.raises_the_key(noise_for=phone_id).status == 200
    laptop.put("meanwhile", b"of the laptop")
    laptop.sync()
    phone.ctl("sync")
    phone.unlock()
    phone.sync()
    goes_on(laptop, phone)


@test
def a_device_whose_slot_is_good_follows_by_itself(world):
    """The same without the lie."""
    laptop, phone, member, _ = household(world)
    assert member.raises_the_key().status == 200
    laptop.put("meanwhile", b"of the laptop")
    laptop.sync()
    phone.sync()
    goes_on(laptop, phone)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who has stolen a locked device's folder has the key of its requests and every byte that it had signed, and no key that signs
commits. The server takes nothing of it that the device did not sign, and everybody else goes on as if nothing had been tried."""

import os
import struct

import near  # noqa: F401
from caller import Caller, chain, page
from tables import rows

from harness import main, test
from vaultformat.cursor import Cursor
from vaultformat.primitives import sha256

CLAIMS = "L11"

FRESH = "a password that the phone never knew"


class Thief:
    """Of a device that is locked: its database is read, and its folder is left as it is."""

    def __init__(self, world, device):
        found = rows(device)
        profile = Cursor(found["meta", b"profile"])
        account, _, _ = profile.var(2), profile.var(2), profile.var(2)
        self.vault, self.id, net = profile.take(16), profile.take(16), profile.var(2)
        self.chains = {}
        for (table, key), raw in sorted(found.items()):
            if table == "chains":
                self.chains.setdefault(key[:16], []).append(raw)
        self.calls = Caller(world.server.port, None, account=account.decode(), vault_id=self.vault, key_id=self.id, seed=net)

    def noise(self, device):
        """What would follow the newest commit of a chain, but for what only keys make: seal and signature."""
        last = self.chains[device][-1]
        ctr, n = struct.unpack_from(">QI", last, 40)
        (seq,) = struct.unpack_from(">Q", last, 60)
        size = 136 + 64 + 256 + 16 + 64
        lengths = struct.pack(">QII", ctr + n, 1, size)
        kind = bytes([1])
        place = last[56:60] + struct.pack(">Q", seq + 1) + last[68:104] + sha256(last)
        return last[:6] + kind + last[7:40] + lengths + place + os.urandom(size - 136)

    def appends(self, device, commits):
        return self.calls("POST", chain(device), page(commits))


@test
def a_thief_of_a_locked_folder_appends_noise_and_nobody_is_disturbed(world):
    world.start_server()
    laptop, phone = world.pair()
    laptop.put("notes/plan", b"one")
    laptop.sync()
    phone.sync()
    phone.put("notes/phone", b"two")
    phone.sync()
    laptop.sync()
    phone.ok("lock")
    thief = Thief(world, phone)
    heads = thief.calls.get("/v1/heads")
    assert heads.status == 200, heads
    for device in thief.chains:  # the phone's own, and the laptop's
        said = thief.appends(device, [thief.noise(device)])
        assert (said.status, said.kind) == (403, "E_DENIED"), said
        after = thief.appends(device, [thief.chains[device][-1], thief.noise(device)])
        assert (after.status, after.kind) == (403, "E_DENIED"), after
        again = thief.appends(device, thief.chains[device][-1:])
        assert again.status == 200, "what was signed may be sent again: that is a repair"
    assert thief.calls.get("/v1/heads").body == heads.body, "the server took something"

    laptop.put("notes/plan", b"three")
    laptop.sync()
    phone.unlock()
    phone.sync()
    assert phone.get("notes/plan") == b"three"
    phone.put("notes/phone", b"four")
    phone.sync()
    laptop.sync()
    assert laptop.get("notes/phone") == b"four"
    tablet = world.device("tablet")
    tablet.join()
    assert tablet.get("notes/phone") == b"four"
    for device in (laptop, phone, tablet):
        device.sync()
        assert device.status()["trust"]["state"] != "distrusted" and device.status()["sync"]["pending"] == 0


@test
def a_thief_is_refused_from_the_revocation_on_that_ends_it(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.put("notes/phone", b"two")
    phone.sync()
    laptop.sync()
    phone.stop()
    thief = Thief(world, phone)
    assert thief.calls.get("/v1/heads").status == 200
    laptop.ok("device", "revoke", "phone", password=f"{world.password}\n{FRESH}\n")
    for commits in ([thief.noise(thief.id)], thief.chains[thief.id][-1:]):
        said = thief.appends(thief.id, commits)
        assert (said.status, said.kind) == (401, "E_AUTH"), said
    laptop.put("notes/plan", b"three")
    laptop.sync()
    tablet = world.device("tablet")
    tablet.join(password=FRESH)
    assert tablet.get("notes/phone") == b"two" and tablet.get("notes/plan") == b"three"


if __name__ == "__main__":
    main()

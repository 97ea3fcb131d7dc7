#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A bit flips in what a device has signed and not sent, or a thief of a locked folder appends noise to its chain: nothing
bad leaves; all others sync, join, revoke and repair; the device heals and loses the write that was hit, at most; and where
the server has noise all the same, a revocation ends it, with the password and no operator."""

import os

import near  # noqa: F401
from flows import NEW, OLD, refuse
from harness import main, test
from outside import (Scene, Stolen, at_the_server, backup, database, everybody_has_everything, export_of, identity,
                     is_another, is_as_it_was, read_by_the_reader)
from vaultformat.primitives import sha256

PASSES_OVER = {"VAULT_AMOUNT": "disk.always-read=0"}  # as a large database that a clean stop left
SEGMENT, SIGNATURE, SALT, PREV = 200, -10, 140, 110  # where a bit of it is, in a commit
DATA = 1


class Damaged:
    """A laptop with three unsent writes, each a commit, of which one has lost a bit while it was off."""

    def __init__(self, world, at, back=0, unnoticed=False):
        self.scene = Scene(world, proxied=True)
        self.world, self.laptop, self.phone = world, self.scene.laptop, self.scene.phone
        self.tablet = self.scene.joins("tablet")
        self.tablet.sync()
        world.proxy.rule = refuse
        self.names = [f"unsent/{number}" for number in range(3)]
        self.scene.writes(self.laptop, *self.names, of="x" * 300)
        self.laptop.stop()
        self.hit = self.names[-1 - back]
        self.good, self.bad, put = self.flipped(at, back)
        (self.flip_in_the_file if unnoticed else put)()
        self.before = at_the_server(self.scene)

    def flipped(self, at, back):
        """The commit as it was, and as it is with a bit of it flipped; and what puts that into the database."""
        stolen = Stolen(self.laptop.vault_folder)
        seq = max(stolen.commits) - back
        raw = bytearray(stolen.commits[seq])
        raw[at] ^= 4

        def put():
            with database(self.laptop.vault_folder, write=True) as (tx, table):
                tx.put(stolen.device + seq.to_bytes(8, "big"), bytes(raw), db=table("chains"))

        return stolen.commits[seq], bytes(raw), put

    def flip_in_the_file(self):
        """As a disk does: the roots stay as the clean stop left them."""
        file = self.laptop.vault_folder / "data.mdb"
        before = file.read_bytes()
        assert self.good in before, "it is not in one piece"
        file.write_bytes(before.replace(self.good, self.bad))

    def nothing_bad_left(self):
        """Everybody else goes on as if nothing had been."""
        scene, world = self.scene, self.world
        for device in (self.phone, self.tablet):
            device.sync()
        read_by_the_reader(scene, export_of(scene, self.phone))
        scene.joins(f"new{len(scene.devices)}").sync()
        self.phone.ok("repair", password=OLD)

    def a_device_is_revoked(self):
        self.phone.ok("device", "revoke", "tablet", password=f"{OLD}\n{NEW}")
        self.scene.password = self.world.password = NEW
        self.scene.devices.remove(self.tablet)
        self.tablet.stop()
        for device in self.scene.devices:
            if device is not self.laptop:
                device.sync()

    def heals(self):
        """It is unlocked, says what has become of it, and all but the write that was hit is everywhere."""
        laptop = self.laptop
        laptop.ctl("sync")
        said = laptop.ctl("unlock", password=self.scene.password)
        assert said.code == 0, f"the device cannot be unlocked: {said}"
        laptop.ctl("sync")
        self.scene.unlocks(laptop)
        laptop.sync()
        self.scene.writes(laptop, "after")
        laptop.sync()
        lost = {self.hit} - laptop.values().keys()
        if identity(laptop)["former"]:
            assert identity(laptop)["reason"] or laptop.ok("status"), "status says why"
        everybody_has_everything(self.scene, but=lost)


def locked(world, at, back=0):
    """It is started, and not unlocked: a locked daemon sends what waits."""
    home = Damaged(world, at, back)
    world.proxy.rule = None
    home.laptop.start()
    for _ in range(2):
        home.laptop.ctl("sync")
    home.nothing_bad_left()
    home.a_device_is_revoked()
    home.heals()


def unlocked(world, at, back=0):
    """It is unlocked while it is off-line still."""
    home = Damaged(world, at, back)
    home.laptop.start()
    said = home.laptop.ctl("unlock", password=OLD)
    world.proxy.rule = None
    home.laptop.ctl("sync")
    home.nothing_bad_left()
    assert said.code == 0, f"the device cannot be unlocked: {said}"
    home.heals()


@test
def a_bit_that_a_start_has_passed_over_is_not_sent(world):
    """A large database that a clean stop left is not read again at the start."""
    home, sent = Damaged(world, SEGMENT, unnoticed=True), []
    world.proxy.rule = lambda exchange: sent.append(bytes(exchange.body))
    home.laptop.start(**PASSES_OVER)
    assert not home.laptop.status()["disk"]["salvaged"], "the start has noticed it"
    home.laptop.ctl("sync")
    world.proxy.rule = None
    assert any(sent) and not any(home.bad[200:300] in body for body in sent), "the server was to find it"
    home.nothing_bad_left()
    home.heals()


WHERE = {"a_segment": SEGMENT, "a_signature": SIGNATURE, "a_salt": SALT, "a_link": PREV}


def add(makes, how, what, at, place, back):
    def row(world):
        makes(world, at, back)

    row.__name__ = f"a_bit_in_{what}_of_the_{place}_unsent_commit_harms_nobody_and_costs_that_write_at_most_of_a_device_that_is_{how}"
    test(row)


for what, at in WHERE.items():
    add(locked, "locked", what, at, "newest", 0)
add(locked, "locked", "a_segment", SEGMENT, "oldest", 2)
add(locked, "locked", "a_segment", SEGMENT, "middle", 1)
add(unlocked, "unlocked", "a_segment", SEGMENT, "newest", 0)
add(unlocked, "unlocked", "a_segment", SEGMENT, "oldest", 2)


# -- Noise by a thief

def noise_after(raw):
    """What nobody signed, with a right header: the next seq, the right link."""
    seq, counter = int.from_bytes(raw[60:68], "big") + 1, int.from_bytes(raw[40:48], "big") + 1000
    head = bytearray(raw[:136])
    head[6] = DATA
    head[40:48], head[60:68], head[104:136] = counter.to_bytes(8, "big"), seq.to_bytes(8, "big"), sha256(raw)
    size = 136 + 64 + 256 + 16 + 64
    head[48:52], head[52:56] = (1).to_bytes(4, "big"), size.to_bytes(4, "big")
    return bytes(head) + os.urandom(size - 136)


class Robbed:
    """The laptop's folder was copied while it was locked; it had sent everything."""

    def __init__(self, world):
        self.scene, self.world = Scene(world), world
        self.laptop, self.phone = self.scene.laptop, self.scene.phone
        self.laptop.sync()
        self.thief = Stolen(backup(self.laptop))
        self.noise = noise_after(self.thief.commits[max(self.thief.commits)])

    def it_is_at_the_server(self):
        """The server takes it from the thief; or, where it looks at signatures, has it from before it did."""
        if self.thief.sends(self.world.server.port, [self.noise]).status != 200:
            self.is_put_there()
        assert self.noise in at_the_server(self.scene).values()

    def is_put_there(self):
        server, thief = self.world.server, self.thief
        server.stop()
        seq = int.from_bytes(self.noise[60:68], "big").to_bytes(8, "big")
        with database(server.data, write=True) as (tx, table):
            tx.put(thief.vault + thief.device + seq, self.noise, db=table("commits"))
            tx.put(thief.vault + thief.device, seq + sha256(self.noise), db=table("heads"))
        server.start()

    def the_laptop_is_revoked(self):
        said = self.phone.ctl("device", "revoke", "laptop", password=f"{OLD}\n{NEW}")
        assert said.code == 0, f"revocation is impossible: {said.err.decode()}"
        self.scene.password = self.world.password = NEW
        self.scene.devices.remove(self.laptop)

    def ends_with_a_revocation(self, tablet):
        """The phone revokes the laptop, and the tablet follows."""
        self.the_laptop_is_revoked()
        self.phone.sync()
        tablet.sync()
        tablet.ok("lock")
        self.scene.unlocks(tablet)
        everybody_has_everything(self.scene)


@test
def noise_by_a_thief_of_a_locked_folder_is_not_taken(world):
    home = Robbed(world)
    answer = home.thief.sends(world.server.port, [home.noise])
    assert answer.status == 403, f"the server took what nobody signed: {answer}"
    home.phone.sync()
    home.laptop.start()
    home.scene.unlocks(home.laptop)
    everybody_has_everything(home.scene)
    is_as_it_was(home.laptop)


@test
def noise_at_the_server_ends_with_a_revocation_by_a_device_that_has_not_seen_it(world):
    home = Robbed(world)
    home.it_is_at_the_server()
    home.the_laptop_is_revoked()
    home.phone.sync()
    everybody_has_everything(home.scene)


@test
def noise_at_the_server_ends_with_a_revocation_by_a_device_that_has_refused_it(world):
    home = Robbed(world)
    tablet = home.scene.joins("tablet")
    home.it_is_at_the_server()
    home.phone.ctl("sync")
    tablet.ctl("sync")
    home.ends_with_a_revocation(tablet)


@test
def noise_at_the_server_ends_with_a_revocation_by_a_device_that_has_not_heard_of_another_one(world):
    home = Robbed(world)
    home.phone.stop()
    tablet = home.scene.joins("tablet")
    home.scene.writes(tablet, "by the tablet")
    tablet.sync()
    home.it_is_at_the_server()
    home.phone.start()
    home.scene.unlocks(home.phone)
    home.ends_with_a_revocation(tablet)


@test
def noise_at_the_server_keeps_nobody_from_the_news_of_the_others(world):
    home = Robbed(world)
    tablet = home.scene.joins("tablet")
    home.it_is_at_the_server()
    home.scene.writes(tablet, "by the tablet")
    tablet.ctl("sync")
    home.the_laptop_is_revoked()
    for device in (home.phone, tablet, home.phone):
        device.sync()
    assert home.phone.get("by the tablet") == home.scene.items["by the tablet"]
    everybody_has_everything(home.scene)


@test
def the_owner_of_the_robbed_folder_gets_in_again_as_another_device_with_all_it_had(world):
    """It was the laptop's own chain, with writes that wait. Another device ends it, and the new password opens it."""
    home = Robbed(world)
    laptop = home.laptop
    home.it_is_at_the_server()
    laptop.start()
    home.scene.unlocks(laptop)
    home.scene.writes(laptop, "in the end")
    assert "not authentic" in laptop.fails(11, "sync")
    home.the_laptop_is_revoked()
    home.scene.devices.append(laptop)
    laptop.fails(5, "sync")
    laptop.restart()
    home.scene.unlocks(laptop)
    laptop.sync()
    is_another(laptop)
    everybody_has_everything(home.scene)


if __name__ == "__main__":
    main()

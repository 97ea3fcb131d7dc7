#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server fills the disk of a locked device, which cannot tell what a device signed: as far as the bound, however often
the daemon starts."""

import os

import near  # noqa: F401
from caller import page
from history import seqs_of, unpage
from joins import Home
from lies import renumbered, written
from scripted import Said, Scripted
from tables import rows

from harness import SOAK, main, test
from vaultformat.cursor import u32, u64
from vaultformat.primitives import sha256

CLAIMS = "B10"

MOST = (1 << 30) if SOAK else (24 << 20)
SMALL = {} if SOAK else {"VAULT_AMOUNT": f"pull.unverified={MOST}"}
SEGMENTS = 60
LARGE = 200 + SEGMENTS * (16384 + 16) + 64  # a commit of the largest size
FOR_EVER = 1 << 40


class Filler:
    """Honest, until it begins to say that one chain goes on and on; in each life of the daemon it gives so many bytes of it
    that no count which begins with that life reaches the bound, and then hangs up."""

    def __init__(self):
        self.home, self.lies, self.given, self.all_given = Home(), False, 0, 0
        self.device = min(self.home.chains)
        chain = self.home.chains[self.device]
        self.true, self.last = len(chain), chain[-1]
        self.hashes = {self.true: sha256(self.last)}  # of what was invented, by seq
        self.server = Scripted(self.answer)

    def invented(self, seq):
        """The commit with that number: nothing but a header, and links."""
        for number in range(len(self.hashes) + self.true, seq + 1):
            self.hashes[number] = sha256(self.commit(number))
        return self.commit(seq)

    def commit(self, seq):
        raw = renumbered(self.last[:200].ljust(LARGE, b"\0"), seq, self.hashes[seq - 1])
        return written(written(raw, 48, u32(SEGMENTS)), 52, u32(LARGE))

    def heads(self):
        honest = self.home.heads(self.home.rings, self.home.chains)
        at = honest.index(self.device, 38)
        return written(honest, at + 16, u64(FOR_EVER) + bytes(32))

    def answer(self, asked):
        if self.lies and asked.target == "/v1/heads":
            return Said(self.heads())
        if self.lies and asked.target.startswith(f"/v1/chain/{self.device.hex()}"):
            seq = int(asked.target.partition("?from=")[2])
            if self.given + 2 * LARGE > MOST:
                return None
            self.given += LARGE
            self.all_given += LARGE
            return Said(page([self.invented(seq)]))
        if asked.method == "PUT":
            self.home.rings.append(asked.body)
            return Said(u32(len(self.home.rings)) + sha256(asked.body))
        if asked.method == "POST" and asked.target.startswith("/v1/chain/"):
            return self.append(bytes.fromhex(asked.target[10:]), unpage(asked.body))
        return self.home.answer(asked.method, asked.target)

    def append(self, device, commits):
        chain = self.home.chains.setdefault(device, [])
        chain.extend(commits)
        return Said(u64(seqs_of(chain)[-1]) + sha256(chain[-1]))


def waiting(device):
    """Bytes of commits of other devices above the heads, and of keyring versions that wait."""
    found = rows(device)
    heads = {key: int.from_bytes(value[:8], "big") for (table, key), value in found.items() if table == "heads"}
    above = sum(len(value) for (table, key), value in found.items()
                if table == "chains" and int.from_bytes(key[16:], "big") > heads.get(key[:16], 0))
    return above + sum(len(value) for (table, _), value in found.items() if table == "inbox_keyrings")


def size(device):
    return (device.vault_folder / "data.mdb").stat().st_blocks * 512


def joined(world):
    filler = Filler()
    device = world.device("laptop")
    device.ok(*device.enrolment("join", filler.server.url), password=world.password)
    device.stop()
    return filler, device


def fill(device, filler):
    """One life of the daemon, locked, that ends as by a power cut; the server gives all that it dares to."""
    filler.given = 0
    device.start(**SMALL)
    said = device.ctl("sync", "--timeout", "500", timeout=600)
    assert said.code in (10, 14), said
    device.kill()


@test
def however_often_it_starts_no_more_than_the_bound_lies_on_the_disk_of_a_locked_device(world):
    filler, device = joined(world)
    before, filler.lies, found = size(device), True, []
    for _ in range(3):
        fill(device, filler)
        found.append(waiting(device))
    mib = 1 << 20
    print(f"    the bound is {MOST / mib:.0f} MiB; {filler.all_given / mib:.0f} were given; unverified after each start: "
          + ", ".join(f"{n / mib:.1f}" for n in found) + f" MiB; the file grew by {(size(device) - before) / mib:.1f} MiB")
    assert found[0] > MOST // 2, "the lie was not swallowed at all"
    assert max(found) <= MOST, "more than the bound lies there"
    assert size(device) - before < MOST + MOST // 2
    filler.lies = False
    device.start(**SMALL)
    device.unlock()
    device.ctl("sync")
    assert len(device.names()) == 9
    device.kill()


@test
def what_was_verified_or_dropped_counts_no_more(world):
    """Twice the bound in all, each half of which goes at an unlock: the second is taken like the first."""
    filler, device = joined(world)
    for _ in range(2):
        filler.lies = True
        fill(device, filler)
        assert waiting(device) > MOST // 2
        filler.lies = False
        device.start(**SMALL)
        device.unlock()
        device.ctl("sync")
        device.kill()
        print(f"    left after an unlock: {waiting(device)} bytes")


@test
def what_a_locked_device_pulls_again_and_again_has_no_bound_where_all_of_it_is_true(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.stop()
    for number in range(3):
        laptop.put(f"photo/{number}", os.urandom(60_000))
        laptop.sync()
        phone.start(VAULT_AMOUNT="pull.unverified=100000")
        phone.sync()
        phone.unlock()
        assert len(phone.names("photo/")) == number + 1
        phone.stop()
    assert b"refused" not in phone.stderr(), "true commits were dropped, and fetched again"


if __name__ == "__main__":
    main()

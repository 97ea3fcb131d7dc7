# SPDX-License-Identifier: Apache-2.0
"""A vault that was stopped, its server beside it, and what a disk may make of its database: for the scripts about it."""

import random
import shutil
from contextlib import contextmanager

import lmdb

from waiting import wait_until

PAGE = 4096
SCRIPTS = ["abc", "åéîøü", "αβγδ", "дежзи", "אבגד", "غرفة", "कखगघ", "水火土金", "ひらがな", "한글자모", "ሀሁሂ", "🗝️🔒"]
STORED = ("acked", "unsent")


def names(word, count):
    """Names in many scripts, the same each time."""
    return [f"{word}/{SCRIPTS[n % len(SCRIPTS)]}/{n}" for n in range(count)]


def value(name):
    return f"value of {name} ".encode() * (1 + sum(name.encode()) % 40)


def without_old_pages(folder):
    """The database anew, so that no free page has what rows were before."""
    fresh = folder / "compact"
    with lmdb.open(str(folder / "data.mdb"), subdir=False, max_dbs=32, readonly=True, lock=False) as env:
        env.copy(str(fresh), compact=True)
    (folder / "data.mdb").write_bytes(fresh.read_bytes())
    fresh.unlink()


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


class Stopped:
    """Folders of a laptop and of its server, both stopped; each use of them begins with copies.

    `acked` are items that the server has, some of another device; `unsent` were answered while it was away."""

    def __init__(self, world, items=300, unsent=24):
        self.world = world
        world.start_server(program="vault-server_test")
        laptop, phone = world.pair()
        self.acked, self.unsent = names("acked", items), names("unsent", unsent)
        self.put(laptop, self.acked[: items // 2], 5)
        laptop.sync()
        self.put(phone, self.acked[items // 2 :], 7)
        phone.sync()
        laptop.sync()
        phone.stop()
        world.server.stop()
        self.put(laptop, self.unsent, 2)
        self.laptop, self.phone = laptop, phone
        laptop.stop()
        self.device, self.server = world.folder / "kept-device", world.folder / "kept-server"
        self.other = world.folder / "kept-phone"
        shutil.copytree(laptop.vault_folder, self.device)
        shutil.copytree(phone.vault_folder, self.other)
        shutil.copytree(world.server.data, self.server)
        self.database = (self.device / "data.mdb").read_bytes()

    @staticmethod
    def put(device, wanted, size):
        with device.rpc() as rpc:
            for n in range(0, len(wanted), size):
                rpc.call("item.put_many", items=[{"name": name, "value": value(name).decode()} for name in wanted[n : n + size]])

    def known(self, *which):
        return {name: value(name) for word in which or STORED for name in getattr(self, word)}

    @contextmanager
    def laid_out(self, database=None, anchor=True):
        """The laptop, not started, with this in the place of its database; nothing: none."""
        folder = self.laptop.vault_folder
        for program in (self.laptop, self.phone, self.world.server):
            if program.running:
                program.kill()
        for kept, place in ((self.device, folder), (self.other, self.phone.vault_folder), (self.server, self.world.server.data)):
            empty(place)  # the folder itself stays the one that it was
            shutil.copytree(kept, place, dirs_exist_ok=True)
        (folder / "data.mdb-lock").unlink(missing_ok=True)
        if database is None:
            (folder / "data.mdb").unlink()
        else:
            (folder / "data.mdb").write_bytes(database)
        if not anchor:
            (folder / "anchor").unlink()
        self.world.server.start()
        yield self.laptop
        if self.laptop.running:
            self.laptop.stop()

    def edited(self, seed):
        """The database with a page of zeros, a flipped bit, or a few bytes of noise, by the dice of a seed; and which."""
        dice, file = random.Random(seed), bytearray(self.database)
        kind = dice.choice(["zeros", "bit", "bit", "byte", "noise"])
        # Half of the time in what LMDB itself lives by: roots, the head of a page, the places of its rows.
        page = 0 if dice.random() < 0.1 else dice.randrange(len(file) // PAGE)
        at = page * PAGE + (dice.randrange(160) if dice.random() < 0.5 else dice.randrange(PAGE))
        if kind == "zeros":
            at = page * PAGE
            file[at : at + PAGE] = bytes(PAGE)
        elif kind == "bit":
            file[at] ^= 1 << dice.randrange(8)
        elif kind == "byte":
            file[at] = dice.randrange(256)
        else:
            noise = dice.randbytes(dice.randrange(2, 64))
            file[at : at + len(noise)] = noise
        return bytes(file[: len(self.database)]), f"seed {seed}: {kind} at {at}"


def begin(device, what):
    """Starts it, again where it has ended with words; never by a signal. Its status."""
    for _ in range(3):
        device.launch()
        wait_until(lambda: not device.running or device.is_up(), f"{what}: answers or ends")
        if device.running:
            return device.status()
        code = device.process.returncode
        assert code == 13, f"{what}: ended with {code}: {device.stderr()[-400:]!r}"
        assert b"vaultd: " in device.stderr(), what
        device.process = None
    raise AssertionError(f"{what}: does not come up")


def ended_with_words(device, what):
    assert device.process.wait(10) == 13 and b"start vaultd again" in device.stderr(), (what, device.stderr()[-400:])
    device.process = None


def open_and_sync(device, what):
    """As a person does who reads what is said: unlock, sync, and again. The status then."""
    said = synced = None
    for _ in range(6):
        if not device.running:
            ended_with_words(device, what)
            begin(device, what)
        said = device.ctl("unlock", password=device.world.password)
        if said.code in (13, 4):  # what only the key can see, or the end of it
            if device.running:
                device.stop()
                begin(device, what)
            continue
        assert said.code == 0, f"{what}: unlock {said.code} {said.err!r} {device.stderr()[-600:]!r}"
        synced = device.ctl("sync")
        if synced.code == 0 and device.ctl("sync").code == 0:
            return device.status()
        assert synced.code in (4, 5, 13), f"{what}: sync {synced.code} {synced.err!r} {device.stderr()[-600:]!r}"
    raise AssertionError(f"{what}: does not come to rest: {said} {synced} {device.stderr()[-1000:]!r}")


def nothing_is_lost_in_silence(device, stopped, what, unsent=True):
    """Whatever lies there: it starts, says what it is, opens, syncs, and has what it must have."""
    first = begin(device, what)
    assert first["vault"]["state"] == "locked", f"{what}: {first['vault']['state']} {device.stderr()[-600:]!r}"
    after = open_and_sync(device, what)
    have = device.values()
    for name, wanted in stopped.known("acked").items():
        assert have.get(name) == wanted, f"{what}: {name} is {have.get(name, b'gone')[:60]!r}"
    missing = [name for name in stopped.unsent if have.get(name) != value(name)]
    # A bit of a root's number selects the other root: then the database is an older one, and that is what is said.
    named = (after["disk"]["lost"] or 0) > 0 or after["identity"]["reason"] == "behind"
    assert not missing or not unsent or named, f"{what}: {missing} and nothing is named as lost: {after['disk']}"
    assert after["sync"]["pending"] == 0, (what, after["sync"])
    return after, missing

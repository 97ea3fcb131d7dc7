# SPDX-License-Identifier: Apache-2.0
"""A vault whose devices' commits somebody has seen before they were acknowledged; what must be true of it in the end; and
whoever has a copy of a folder that is locked: its commits, as signed, and the key by which it asks a server."""

import base64
import json
import subprocess
from contextlib import contextmanager
from zlib import crc32

import lmdb

from caller import Caller, chain, page
from flows import NEW, OLD
from harness import READER
from vaultformat.commit import parse_header
from vaultformat.export import Export

SUITE = 0xFE  # of the programs with seams
JUMP = 6
SEGMENTS = 200  # where bytes of the first segment are, in a commit


class Scene:
    """A laptop and a phone, which have said all to each other. `items` is all that was answered."""

    def __init__(self, world, proxied=False):
        self.world, self.items, self.password = world, {}, OLD
        world.password = OLD
        world.start_server(proxied=proxied, program="vault-server_test")
        self.laptop, self.phone = world.pair()
        self.devices = [self.laptop, self.phone]
        for device in self.devices:
            self.writes(device, f"before/{device.name}")
        for device in (*self.devices, *self.devices):
            device.sync()

    def joins(self, name):
        device = self.world.device(name)
        device.join()
        self.devices.append(device)
        return device

    def writes(self, device, *names, of=""):
        for name in names:
            device.put(name, f"{name} {of}".encode())
            self.items[name] = f"{name} {of}".encode()

    def written(self, device, word, count=3):
        self.writes(device, *[f"{word}/{number}" for number in range(count)])

    def changes_the_password(self, device, password=NEW):
        device.ok("passwd", password=f"{self.password}\n{password}")
        self.password = self.world.password = password
        device.sync()

    def off_line(self):
        self.world.server.stop()

    def on_line(self):
        self.world.server.start()

    def unlocks(self, device, password=None):
        device.ok("unlock", password=password or self.password)


# -- A folder

def backup(device):
    """What is in the folder of a device that is stopped, and stays so."""
    device.stop()
    return device.copied()


def with_check(key, row):
    """A row as those tables have it whose rows have a check behind their values: store/SCHEMA.md."""
    return row + crc32(key + row).to_bytes(4, "big")


@contextmanager
def database(folder, write=False):
    """(transaction, table) of the database in a folder that no daemon uses."""
    env = lmdb.open(str(folder / "data.mdb"), subdir=False, max_dbs=32, map_size=1 << 40, readonly=not write, lock=False)
    with env, env.begin(write=write) as tx:
        yield tx, lambda name: env.open_db(name.encode(), txn=tx, create=False)


class Stolen:
    """All that a copy of a folder tells without a password."""

    def __init__(self, folder):
        with database(folder) as (tx, table):
            self.read_profile(tx.get(b"profile", db=table("meta")))
            self.acked = int.from_bytes((tx.get(b"acked", db=table("meta")) or b"")[:8], "big")
            rows = [(key, raw) for key, raw in tx.cursor(db=table("chains")) if key[:16] == self.device]
        self.commits = {int.from_bytes(key[16:], "big"): raw for key, raw in rows}

    def read_profile(self, raw):
        def var():
            nonlocal raw
            size = int.from_bytes(raw[:2], "big")
            field, raw = raw[2:2 + size], raw[2 + size:]
            return field

        self.account = var().decode()
        self.url, _ = var().decode(), var()
        self.vault, self.device, raw = raw[:16], raw[16:32], raw[32:]
        self.net = var()

    @property
    def unsent(self):
        return [raw for seq, raw in sorted(self.commits.items()) if seq > self.acked]

    def sends(self, port, commits=None):
        """As the device, to whoever serves there; what it is answered."""
        caller = Caller(port, None, account=self.account, vault_id=self.vault, key_id=self.device, seed=self.net, origin=self.url)
        return caller("POST", chain(self.device), page(self.unsent if commits is None else commits))


# -- The end

def identity(device):
    return device.status()["identity"]


def is_as_it_was(device):
    """It has had no other identity, and waits for nothing."""
    now = identity(device)
    assert now["state"] == "sound" and not now["former"] and not now["proofs"], (device.name, now)


def is_another(device):
    now = identity(device)
    assert now["state"] == "sound" and now["former"], (device.name, now)


def export_of(scene, device):
    folder = scene.world.folder / f"{len(list(scene.world.folder.glob('*.export')))}.{device.name}.export"
    device.ok("export", "--sealed", str(folder), "--without-large")
    return folder


def commits_in(folder):
    """{(device, seq): bytes} of an export."""
    export = Export(folder)
    return {(device, seq): export.read("chains", device.hex(), f"{seq}.bin") for device in export.devices()
            for seq in export.numbers("chains", device.hex())}


def at_the_server(scene):
    """{(device, seq): bytes} as the server has them."""
    folder = scene.world.folder / f"{len(list(scene.world.folder.glob('*.stored')))}.stored"
    argv = [scene.world.build / "vault-server", "--data", scene.world.server.data, "export", scene.world.account, folder]
    subprocess.run(list(map(str, argv)), env=scene.world.bare_env, check=True, capture_output=True)
    return commits_in(folder)


def versions_of(commits):
    """{place: version of the keyring that its clear header names}."""
    return {place: parse_header(raw, SUITE).version for place, raw in commits.items()}


def read_by_the_reader(scene, folder, password=None):
    """All items of an export, by the program that has nothing of ours."""
    secret = scene.world.folder / "secret"
    secret.write_text(password or scene.password)
    argv = ["/usr/bin/python3", str(READER), str(folder), "--password-file", str(secret), "--json", "--allow-test-suite"]
    done = subprocess.run(argv, capture_output=True)
    assert done.returncode == 0, f"the reader says: {done.stderr.decode()}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(len(line["heads"]) == 1 for line in lines), [line["name"] for line in lines if len(line["heads"]) > 1]
    return {line["name"]: base64.b64decode(line["value_base64"]) for line in lines}


def everybody_has_everything(scene, but=(), proofs=0):
    """Each device syncs; each, and one that joins now, has each item once; each export is read by the reader; nobody is
    distrusted and nobody is convicted. `but`: names that a disk has lost. `proofs`: of a device that was set back without
    a sign of it, and has then written under seqs that it had used."""
    items = {name: value for name, value in scene.items.items() if name not in but}
    witness = scene.joins(f"witness{len(scene.devices)}")
    for device in (*scene.devices, *scene.devices):
        device.sync()
    for device in scene.devices:
        have = device.values()
        assert have == items, f"{device.name} lacks {sorted(items.keys() - have.keys())}, more {sorted(have.keys() - items.keys())}"
        status = device.status()
        assert status["trust"]["state"] in ("ok", "unconfirmed"), (device.name, status["trust"])
        assert status["sync"]["pending"] == 0 and status["conflicts"] == 0 and status["identity"]["proofs"] in (0, proofs), (device.name, status)
        assert read_by_the_reader(scene, export_of(scene, device)) == items, f"the export of the {device.name}"
    with witness.rpc() as rpc:
        for name in items:
            versions = rpc.call("item.history", name=name)["versions"]
            assert len(versions) == 1, f"{name} was written {len(versions)} times"
    return witness

# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of nonces stand on: the world of tests/lib, and a look at a stopped daemon's database."""

import random
import subprocess
from contextlib import contextmanager
from pathlib import Path

import lmdb

from audit import COMMITS, Audit, sealings_of_export, show_row  # noqa: F401
from disk import Disk
from outside import with_check  # noqa: F401
from power import cut  # noqa: F401
from harness import READER, SOAK, Skip, main, test  # noqa: F401
from rpc import Refused  # noqa: F401
from waiting import wait_until  # noqa: F401

CONSTANT = 7  # each random byte, where the generator repeats
TABLES = 16


def audited(world, name, program="vaultd_test", constant=False, **env):
    """A device whose every sealing is noted; with `constant` its random bytes are all the same."""
    device = world.device(name, program, start=False)
    device.disk = Disk(world, name)
    device.env |= {"VAULT_AUDIT": str(world.folder / "audit"), **env}
    if constant:
        device.env |= device.disk.random(CONSTANT)
    return device


def sealed(world):
    return Audit.of(world.folder / "audit")


def export_of(world, device):
    """A sealed export, which the reader has verified: what it says of the sealings."""
    number = len(list(world.folder.glob("*.export")))
    folder, password = world.folder / f"{number}.{device.name}.export", world.folder / "password"
    password.write_text(world.password)
    device.ok("export", "--sealed", str(folder), "--without-large")
    options = [] if device.program.name == "vaultd" else ["--allow-test-suite"]
    return sealings_of_export(READER, folder, password, *options)


def put_many(device, names, value):
    """A commit for each, over one connection; when this returns all have been answered."""
    with device.rpc() as rpc:
        answers = list(rpc.many(("item.put", {"name": name, "value": value(name).decode()}) for name in names))
    assert len(answers) == len(names)


@contextmanager
def database(device):
    """(transaction, table) of a stopped daemon's database: table(name) is for the transaction's `db`."""
    assert not device.running
    file = device.vault_folder / "data.mdb"
    env = lmdb.open(str(file), subdir=False, max_dbs=TABLES, map_size=1 << 40)
    try:
        handles = {}

        def table(name):
            return handles[name]

        for name in ("meta", "chains", "heads", "local", "keyrings", "index_pages"):
            handles[name] = env.open_db(name.encode(), create=False)
        with env.begin(write=True) as tx:
            yield tx, table
    finally:
        env.close()
    Path(f"{file}-lock").unlink(missing_ok=True)


def set_counter(device, value):
    with database(device) as (tx, table):
        assert tx.get(b"counter", db=table("meta"))
        tx.put(b"counter", with_check(b"counter", value.to_bytes(8, "big")), db=table("meta"))


def refuses_to_start(device, code, word, **env):
    done = subprocess.run([device.program], env={**device.env, **env}, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=20)
    text = done.stderr.decode(errors="replace")
    assert done.returncode == code and word in text, f"exited {done.returncode}, not {code} with {word!r}: {text}"


def chance():
    return random.Random()

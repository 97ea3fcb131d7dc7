# SPDX-License-Identifier: Apache-2.0
"""The database of a device, row by row, as store/SCHEMA.md lays it out."""

import lmdb

TABLES = ("meta", "keyrings", "chains", "heads", "inbox_keyrings", "local", "index_pages", "proofs")
REMEMBERED = {b"distrust", b"last_success"}  # in meta: what is remembered of the server


def rows(device):
    """{(table, key): value} of everything that is in it."""
    path = str(device.vault_folder / "data.mdb")
    found = {}
    with lmdb.open(path, subdir=False, readonly=True, max_dbs=16, map_size=1 << 40, create=False) as env:
        with env.begin() as txn:
            there = [key for key, _ in txn.cursor()]
        for table in TABLES:
            if table.encode() not in there:
                continue
            with env.begin(env.open_db(table.encode(), create=False)) as txn:
                found |= {(table, bytes(key)): bytes(value) for key, value in txn.cursor()}
    return found


def kept(device):
    """What no answer of a server may change."""
    return {where: value for where, value in rows(device).items() if where[1] not in REMEMBERED or where[0] != "meta"}


def differences(before, after):
    """Sentences about the rows that are not what they were."""
    for where in sorted(before.keys() | after.keys()):
        if before.get(where) != after.get(where):
            what = "gone" if where not in after else "new" if where not in before else "changed"
            yield f"{where[0]}[{where[1].hex()}] {what}"

# SPDX-License-Identifier: Apache-2.0
"""What a stopped device's database says of itself, and a bit of it turned over: no key is needed for that."""

import lmdb

TABLES = 32


def profile_of(vault_folder):
    """(device_id as hex, own head's seq, acknowledged seq); None where there is no vault."""
    file = vault_folder / "data.mdb"
    if not file.exists() or not file.stat().st_size:
        return None
    with lmdb.open(str(file), subdir=False, max_dbs=TABLES, map_size=1 << 40, readonly=True, lock=False) as env:
        with env.begin() as tx:
            try:
                meta, heads = (env.open_db(name, txn=tx, create=False) for name in (b"meta", b"heads"))
            except lmdb.Error:
                return None
            profile = tx.get(b"profile", db=meta)
            if profile is None:
                return None
            at = 0
            for _ in range(3):
                at += 2 + int.from_bytes(profile[at:at + 2], "big")
            device = profile[at + 16:at + 32]
            head = tx.get(device, db=heads)
            acked = tx.get(b"acked", db=meta)
            return device.hex(), int.from_bytes(head[:8], "big") if head else 0, int.from_bytes(acked[:8], "big") if acked else 0


def unsent_rows(vault_folder, device, acked):
    """The own commits above what was acknowledged, the newest first."""
    with lmdb.open(str(vault_folder / "data.mdb"), subdir=False, max_dbs=TABLES, map_size=1 << 40, readonly=True, lock=False) as env:
        with env.begin() as tx:
            chains = env.open_db(b"chains", txn=tx, create=False)
            cursor, found, first = tx.cursor(db=chains), [], bytes.fromhex(device) + (acked + 1).to_bytes(8, "big")
            if cursor.set_range(first):
                for key, value in cursor:
                    if key[:16] != first[:16]:
                        break
                    found.append(bytes(value))
            return found[::-1]


def turn_a_bit(vault_folder, where):
    """Of the newest unsent commit, behind its header. Whether there was one."""
    device, _, acked = profile_of(vault_folder)
    rows = unsent_rows(vault_folder, device, acked)
    if not rows:
        return False
    file, row = vault_folder / "data.mdb", rows[0]
    data, at, flipped = bytearray(file.read_bytes()), 0, False
    offset = 200 + where % (len(row) - 264)
    while (at := data.find(row, at)) >= 0:  # pages that are free now may have it too
        data[at + offset] ^= 1 << where % 8
        at, flipped = at + 1, True
    assert flipped, "a commit lies in pieces"
    file.write_bytes(data)
    return True


def served_heads(data):
    """{device_id: (seq, hash)} of a server's data folder, of one vault, while it runs or not."""
    with lmdb.open(str(data / "data.mdb"), subdir=False, max_dbs=TABLES, map_size=1 << 40, readonly=True) as env:
        with env.begin() as tx:
            heads = env.open_db(b"heads", txn=tx, create=False)
            return {key[16:].hex(): (int.from_bytes(value[:8], "big"), value[8:].hex()) for key, value in tx.cursor(db=heads)}

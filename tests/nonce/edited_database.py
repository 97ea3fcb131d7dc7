#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A database that was edited on the disk, a few bytes or whole values: the daemon says so, or it changes nothing. It does
not crash, shows nothing that is not true, and no key meets an IV twice."""

import struct

import near  # noqa: F401
from scenario import audited, database, main, put_many, sealed, show_row, test, wait_until, with_check

CLAIMS = "1"

PAGE = 4096
TXNID = 16 + 4 + 4 + 8 + 8 + 2 * 48 + 8  # of an MDB_meta, after the head of its page
NOTES = 12


def laptop_with_notes(world, synced=True):
    world.start_server()
    laptop = audited(world, "laptop").start()
    laptop.create()
    put_many(laptop, [f"note/{n:02}" for n in range(NOTES)], lambda name: f"value of {name}".encode())
    if synced:
        laptop.sync()
    laptop.stop()
    return laptop


def own_id(device):
    return bytes.fromhex(device.status()["device"]["id"])


def swapped(tx, db, one, other):
    a, b = tx.get(one, db=db), tx.get(other, db=db)
    assert a and b and a != b
    tx.put(one, b, db=db)
    tx.put(other, a, db=db)


def keys_of(tx, db):
    return [key for key, _ in tx.cursor(db=db)]


def says_what_is_wrong(device, known):
    """An unlock refuses with integrity or storage, or what is then shown is true. The daemon lives."""
    device.start()
    said = device.ctl("unlock", password=device.world.password)
    assert said.code in (0, 5, 11, 13), said
    if said.code == 0:
        for name, value in known.items():
            got = device.ctl("get", name)
            assert got.out == value if got.code == 0 else got.code in (7, 11, 13), (name, got)
        device.ctl("put", "after", input=b"written on top of it")
    device.ctl("sync")
    assert device.running and device.ctl("status").code == 0
    return said.code


def survives(world, edit, codes):
    laptop = laptop_with_notes(world)
    laptop.start()
    laptop.unlock()
    known, own = laptop.values(), own_id(laptop)
    laptop.stop()
    with database(laptop) as (tx, table):
        edit(tx, table, own)
    code = says_what_is_wrong(laptop, known)
    assert code in codes, code
    audit = sealed(world)
    audit.check({"laptop.1": NOTES})
    return laptop


def place(device, seq):
    return device + seq.to_bytes(8, "big")


@test
def two_commits_that_changed_places_are_noticed(world):
    def edit(tx, table, own):
        swapped(tx, table("chains"), place(own, 4), place(own, 5))
        tx.drop(table("index_pages"), delete=False)
        tx.delete(b"index", db=table("local"))

    survives(world, edit, codes=(0, 11, 13))


@test
def two_commits_that_changed_places_below_a_stored_index_show_no_wrong_value(world):
    survives(world, lambda tx, table, own: swapped(tx, table("chains"), place(own, 4), place(own, 5)), codes=(0, 11, 13))


@test
def local_state_in_the_place_of_other_local_state_is_noticed(world):
    def edit(tx, table, own):
        names = keys_of(tx, table("local"))
        assert b"identity" in names
        tx.put(b"identity", bytes(200), db=table("local"))

    survives(world, edit, codes=(0, 11, 13))


@test
def a_head_that_names_another_commit_is_noticed(world):
    def edit(tx, table, own):
        seq, digest = 5, tx.get(own, db=table("heads"))[8:40]
        tx.put(own, with_check(own, seq.to_bytes(8, "big") + digest), db=table("heads"))

    survives(world, edit, codes=(0, 11, 13))


@test
def without_its_counter_a_device_guesses_none_and_takes_a_new_identity(world):
    laptop = survives(world, lambda tx, table, own: tx.delete(b"counter", db=table("meta")), codes=(0,))
    assert len(laptop.status()["identity"]["former"]) == 1 and laptop.get("after") == b"written on top of it"


@test
def a_counter_that_was_set_back_is_not_used_for_a_commit_that_nobody_would_accept(world):
    def edit(tx, table, own):
        tx.put(b"counter", with_check(b"counter", (3).to_bytes(8, "big")), db=table("meta"))

    laptop = survives(world, edit, codes=(0,))
    assert len(laptop.status()["identity"]["former"]) == 1
    phone = audited(world, "phone").start()
    phone.join()
    assert phone.values().keys() >= {f"note/{n:02}" for n in range(NOTES)}
    assert laptop.status()["trust"]["state"] != "distrusted"


def select_the_older_root(file):
    """LMDB has two root pages and takes the one with the greater number of a transaction."""
    with open(file, "r+b") as data:
        numbers = []
        for page in (0, 1):
            data.seek(page * PAGE + TXNID)
            numbers.append(struct.unpack("=Q", data.read(8))[0])
        assert abs(numbers[0] - numbers[1]) == 1, numbers
        data.seek(numbers.index(max(numbers)) * PAGE + TXNID)
        data.write(bytes(8))


@test
def a_few_bytes_that_select_an_older_root_page_are_noticed_by_the_witness_beside_the_database(world):
    laptop = laptop_with_notes(world)
    world.server.stop()
    laptop.start()
    laptop.unlock()
    witness = laptop.vault_folder / "anchor"
    before = witness.read_bytes()
    laptop.put("newest", b"one text")
    wait_until(lambda: witness.read_bytes() != before, "the witness is written")
    laptop.kill()
    select_the_older_root(laptop.vault_folder / "data.mdb")
    laptop.start()
    laptop.unlock()
    identity = laptop.status()["identity"]
    assert identity["reason"] == "behind" and len(identity["former"]) == 1, identity
    laptop.put("newest", b"two text")
    world.server.start()
    laptop.sync()
    audit = sealed(world)
    audit.check({"laptop.1": NOTES, "laptop.2": 1, "laptop.3": 1})
    show_row("an older root page selected, and noticed", audit, NOTES + 1, rolled=1)


@test
def a_few_bytes_that_select_an_older_root_page_make_no_pair_repeat(world):
    laptop = laptop_with_notes(world, synced=False)
    world.server.stop()
    laptop.start()
    laptop.unlock()
    laptop.put("newest", b"one text")
    laptop.kill()
    select_the_older_root(laptop.vault_folder / "data.mdb")
    laptop.start()
    laptop.unlock()
    assert laptop.ctl("get", "newest").code == 7, "the root page that was selected is the newest one"
    laptop.put("newest", b"two text")
    world.server.start()
    laptop.ctl("sync")
    audit = sealed(world)
    audit.check({"laptop.1": NOTES, "laptop.2": 1, "laptop.3": 1})
    show_row("an older root page selected", audit, NOTES + 1)


if __name__ == "__main__":
    main()

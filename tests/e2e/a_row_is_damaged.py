#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Damage that no look at the pages shows: a number that lost a bit, a commit that is not what its device signed. Nothing that waited
is passed over, no server and no device is blamed for it, and the device says what has become of it. And what is no damage is none:
a daemon that was killed is what it was."""

import shutil

import near  # noqa: F401
from damaged import Stopped, begin, open_and_sync, value, without_old_pages
from harness import main, test
from outside import SEGMENTS, Stolen, database, identity, is_as_it_was, with_check
from vaultformat.primitives import sha256

CLAIMS = "E02"

PREV = slice(104, 136)  # of a commit
PASSES_OVER = {"VAULT_AMOUNT": "disk.always-read=0"}  # as a large database that a clean stop left


def is_saved(laptop, stopped, what, kept=1):
    """It has another identity because of its disk, everything that was answered, and no quarrel with anybody."""
    status = open_and_sync(laptop, what)
    assert status["identity"]["reason"] == "disk" and status["identity"]["proofs"] == 0, (what, status["identity"])
    assert len(status["identity"]["former"]) == kept and status["disk"]["salvaged"], (what, status["disk"])
    assert status["disk"]["lost"] == 0 and status["sync"]["pending"] == 0, (what, status["disk"], status["sync"])
    assert status["trust"]["state"] != "distrusted", (what, status["trust"])
    assert laptop.values() == stopped.known(), what
    nobody_else_minds(stopped, what)


def nobody_else_minds(stopped, what):
    phone = stopped.phone
    phone.start()
    phone.unlock()
    phone.sync()
    assert phone.values() == stopped.known(), what
    is_as_it_was(phone)
    phone.stop()


def turn_a_bit_of(folder, name, bit):
    """In place, in every page that has the row, so that the file's roots stay what they are."""
    file = bytearray((folder / "data.mdb").read_bytes())
    with database(folder) as (tx, table):
        row = name + tx.get(name, db=table("meta"))
    at = file.find(row)
    assert at >= 0
    while at >= 0:
        file[at + len(name) + bit // 8] ^= 1 << bit % 8
        at = file.find(row, at + 1)
    (folder / "data.mdb").write_bytes(file)


@test
def a_bit_of_what_is_acknowledged_passes_nothing_over(world):
    stopped = Stopped(world, items=20, unsent=40)
    acked, head = numbers_of(stopped.device)
    beyond = [bit for bit in range(64) if acked < flipped(acked, bit) <= head]
    assert beyond, "a bit makes of it what was written and not sent"
    below = [bit for bit in range(64) if flipped(acked, bit) < acked]
    for bit in (beyond[0], beyond[-1], below[0], 7):  # the first byte is the greatest
        with stopped.laid_out(stopped.database) as laptop:
            turn_a_bit_of(laptop.vault_folder, b"acked", bit)
            begin(laptop, bit)
            is_saved(laptop, stopped, f"bit {bit} of acked")


def numbers_of(folder):
    stolen = Stolen(folder)
    return stolen.acked, max(stolen.commits)


def flipped(number, bit):
    """Bits are counted as they lie in the file, whose numbers begin with the greatest byte."""
    raw = bytearray(number.to_bytes(8, "big"))
    raw[bit // 8] ^= 1 << bit % 8
    return int.from_bytes(raw, "big")


@test
def so_do_bits_of_all_else_that_it_says_of_itself(world):
    stopped = Stopped(world, items=20, unsent=6)
    for name, bits in ((b"counter", (60, 3)), (b"profile", (20, 1400)), (b"self_key", (5,)), (b"heard", (30,))):
        for bit in bits:
            with stopped.laid_out(stopped.database) as laptop:
                size = size_of(laptop.vault_folder, name)
                turn_a_bit_of(laptop.vault_folder, name, bit % (8 * size))
                begin(laptop, name)
                is_saved(laptop, stopped, f"bit {bit} of {name}")


def size_of(folder, name):
    with database(folder) as (tx, table):
        return len(tx.get(name, db=table("meta"))) - 4


@test
def what_a_start_passes_over_shows_when_it_is_opened(world):
    stopped = Stopped(world, items=20, unsent=40)
    acked, head = numbers_of(stopped.device)
    bit = next(bit for bit in range(64) if acked < flipped(acked, bit) <= head)
    with stopped.laid_out(stopped.database) as laptop:
        assert (laptop.vault_folder / "stopped").exists()
        turn_a_bit_of(laptop.vault_folder, b"acked", bit)
        laptop.start(**PASSES_OVER)
        is_saved(laptop, stopped, "passed over")


# -- What its device has not signed, and what only the key can see

def noise_at_the_end_of(folder, whom):
    """A bit of a segment of their last commit, and the head with its hash: everything is as before but for the signature."""
    with database(folder, write=True) as (tx, table):
        seq = tx.get(whom, db=table("heads"))[:8]
        raw = bytearray(tx.get(whom + seq, db=table("chains")))
        raw[SEGMENTS] ^= 4
        tx.put(whom + seq, bytes(raw), db=table("chains"))
        tx.put(whom, with_check(whom, seq + sha256(bytes(raw))), db=table("heads"))


@test
def a_last_commit_that_its_device_has_not_signed_comes_again_from_the_server(world):
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database) as laptop:
        noise_at_the_end_of(laptop.vault_folder, stopped.phone_id)
        assert begin(laptop, "noise")["disk"]["salvaged"], "it shows before anybody has the key"
        is_saved(laptop, stopped, "noise")


def suspect(laptop, stopped):
    """Its unlock finds that it lacks what its own chain names, though all else fits; the next start believes no chain of others."""
    whom = stopped.phone_id
    with database(laptop.vault_folder, write=True) as (tx, table):
        seq = tx.get(whom, db=table("heads"))[:8]
        last = tx.pop(whom + seq, db=table("chains"))
        before = (int.from_bytes(seq, "big") - 1).to_bytes(8, "big")
        tx.put(whom, with_check(whom, before + last[PREV]), db=table("heads"))
    begin(laptop, "a shorter chain")
    laptop.ctl("sync")  # what waits is sent by the locked device, and its answer is there
    assert "start vaultd again" in laptop.fails(13, "unlock", password=laptop.world.password)
    assert (laptop.vault_folder / "suspect").exists()
    laptop.stop()


def with_ids(world, **sizes):
    stopped = Stopped(world, **sizes)
    world.server.start()
    stopped.phone.start()
    stopped.phone_id = bytes.fromhex(stopped.phone.status()["device"]["id"])
    stopped.phone.stop()
    return stopped


@test
def what_only_the_key_sees_is_mended_by_the_next_start(world):
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database) as laptop:
        suspect(laptop, stopped)
        begin(laptop, "the next start")
        assert not (laptop.vault_folder / "suspect").exists()
        is_saved(laptop, stopped, "suspect")


@test
def a_suspect_device_without_its_server_has_what_it_wrote_and_the_rest_when_that_is_back(world):
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database) as laptop:
        suspect(laptop, stopped)
        world.server.stop()
        begin(laptop, "off-line")
        laptop.unlock()
        for name in stopped.unsent:
            assert laptop.get(name) == value(name)
        world.server.start()
        is_saved(laptop, stopped, "off-line")


@test
def a_suspicion_outlives_a_kill_at_any_moment(world):
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database) as laptop:
        suspect(laptop, stopped)
        laptop.launch()
        laptop.kill()  # perhaps while it saves
        begin(laptop, "after the kill")
        is_saved(laptop, stopped, "killed")


@test
def what_cannot_be_saved_is_saved_once_and_the_way_out_is_named(world):
    """The newest keyring is gone, and with it the key of what this device wrote last."""
    stopped = Stopped(world, items=20, unsent=0)
    with stopped.laid_out(stopped.database):
        laptop = stopped.laptop.start()
        laptop.unlock()
        for _ in range(2):  # a sheet in the place of another is under a new vault key
            laptop.ok("recovery", "create", "--yes", password=world.password)
        laptop.put("under the new key", b"sent")
        laptop.sync()
        laptop.stop()
        world.server.stop()
        newest_keyring_lost(laptop.vault_folder)
        begin(laptop, "lost")
        assert "start vaultd again" in laptop.fails(13, "unlock", password=world.password)
        laptop.stop()
        begin(laptop, "saved")
        kept = saved_files(laptop)
        assert "too little of it is left" in laptop.fails(13, "unlock", password=world.password)
        assert not (laptop.vault_folder / "suspect").exists()
        assert laptop.status()["vault"]["state"] == "damaged"
        assert f"mv {laptop.vault_folder}" in laptop.ok("status").decode()
        laptop.stop()
        begin(laptop, "again")
        assert saved_files(laptop) == kept, "nothing is saved again"
        laptop.stop()
        laptop.vault_folder.rename(laptop.vault_folder.with_suffix(".old"))
        world.server.start()
        laptop.start()
        laptop.join()
        assert laptop.get("under the new key") == b"sent" and laptop.values().items() >= stopped.known("acked").items()


def newest_keyring_lost(folder):
    with database(folder, write=True) as (tx, table):
        cursor = tx.cursor(db=table("keyrings"))
        assert cursor.last() and cursor.delete()
    without_old_pages(folder)


def saved_files(device):
    return sorted(device.vault_folder.glob("data.mdb.damaged-*"))


def end_lost(folder, whom, older):
    """Of their chain, down to where it was in an older state of the folder; the head says how far it was verified."""
    with database(older) as (tx, table):
        end = int.from_bytes(tx.get(whom, db=table("heads"))[:8], "big")
    with database(folder, write=True) as (tx, table):
        head = int.from_bytes(tx.get(whom, db=table("heads"))[:8], "big")
        assert head > end
        for seq in range(end + 1, head + 1):
            assert tx.delete(whom + seq.to_bytes(8, "big"), db=table("chains"))
    without_old_pages(folder)


def what_was_before_later(world, stopped):
    """The laptop, which runs, has seen what the phone wrote last; copies of its folder and of the server's of before that."""
    laptop, phone = stopped.laptop.start(), stopped.phone
    laptop.unlock()
    laptop.sync()
    laptop.sync()
    laptop.stop()
    older = shutil.copytree(laptop.vault_folder, world.folder / "older")
    server = world.server.copied("older-server")
    for program in (phone, laptop):
        program.start()
        program.unlock()
    phone.put("later", b"seen by the laptop, and then lost")
    phone.sync()
    laptop.sync()
    assert laptop.get("later")
    phone.stop()
    return older, server


@test
def a_server_must_show_again_what_this_disk_has_lost(world):
    """All that this device has sent, and all of the phone that is left here, it shows."""
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database):
        laptop = stopped.laptop
        older, server = what_was_before_later(world, stopped)
        laptop.stop()
        assert Stolen(laptop.vault_folder).acked == Stolen(older).acked
        end_lost(laptop.vault_folder, stopped.phone_id, older)
        world.server.goes_back(server)
        begin(laptop, "an older server")
        laptop.ctl("unlock", password=world.password)
        laptop.ctl("sync")
        laptop.ctl("sync")
        now = laptop.status()
        assert now["trust"]["state"] == "distrusted" and now["trust"]["reason"] == "E_ROLLBACK", now["trust"]


def chain_lost(folder, whom):
    """With its head, so that nothing but other commits tells that there ever was one."""
    with database(folder, write=True) as (tx, table):
        for name in ("chains", "heads"):
            for key in [key for key, _ in tx.cursor(db=table(name)) if key[:16] == whom]:
                assert tx.delete(key, db=table(name))
    without_old_pages(folder)


@test
def a_server_must_show_what_own_commits_name_of_a_chain_that_this_disk_has_lost(world):
    stopped = with_ids(world, items=30, unsent=6)
    with stopped.laid_out(stopped.database):
        laptop = stopped.laptop
        _, server = what_was_before_later(world, stopped)
        world.server.stop()
        laptop.put("names", b"what the phone has written")
        laptop.stop()
        chain_lost(laptop.vault_folder, stopped.phone_id)
        world.server.goes_back(server)
        world.server.start()
        begin(laptop, "an older server")
        assert "start vaultd again" in laptop.fails(13, "unlock", password=world.password)
        laptop.stop()
        begin(laptop, "saved")
        laptop.unlock()
        said = laptop.ctl("sync")
        assert said.code == 11, said
        now = laptop.status()
        assert now["trust"]["state"] == "distrusted" and now["trust"]["reason"] == "E_ROLLBACK", now["trust"]


# -- What is kept

@test
def of_many_damaged_files_the_first_and_the_newest_are_kept(world):
    stopped = Stopped(world, items=10, unsent=2)
    with stopped.laid_out(stopped.database) as laptop:
        found = []
        for time in range(5):
            turn_a_bit_of(laptop.vault_folder, b"acked", 60)
            broken = (laptop.vault_folder / "data.mdb").read_bytes()
            begin(laptop, time)
            open_and_sync(laptop, time)
            found.append((laptop.status()["disk"]["file"], broken))
            laptop.stop()
        kept = sorted(path.name for path in laptop.vault_folder.glob("data.mdb.damaged-*"))
        assert kept == sorted(found[n][0] for n in (0, 3, 4)), (kept, [name for name, _ in found])
        for name, broken in (found[0], found[4]):
            assert (laptop.vault_folder / name).read_bytes() == broken


@test
def a_daemon_that_was_killed_is_what_it_was(world):
    """Again and again, while it writes, while it sends, and as soon as it begins."""
    world.start_server(program="vault-server_test")
    laptop, phone = world.pair()
    for time in range(12):
        with laptop.rpc() as rpc:
            for n in range(time * 3):
                rpc.call("item.put", name=f"{time}/ключ/{n}", value="x" * (n * 97))
        laptop.kill()
        if time % 3 == 0:
            laptop.launch()
            laptop.kill()
        laptop.start()
        laptop.unlock()
        now = laptop.status()
        assert not now["identity"]["former"] and now["identity"]["state"] == "sound", now["identity"]
        assert now["disk"]["salvaged"] is None and not list(laptop.vault_folder.glob("data.mdb.damaged-*"))
        assert laptop.values().keys() >= {f"{time}/ключ/{n}" for n in range(time * 3)}
    laptop.sync()
    assert identity(laptop)["former"] == []


if __name__ == "__main__":
    main()

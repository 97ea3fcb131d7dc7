#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A database that was torn, cut, edited or taken away, on the disk or under the daemon: it is never taken for an empty one,
no signal ends the daemon, what the server has comes back, and what was not sent is there or is named as lost.

VAULT_SOAK=1 tries many more edits; VAULT_SEED=N one of them."""

import os
import random
import threading
from collections import Counter

import near  # noqa: F401
from damaged import PAGE, Stopped, begin, ended_with_words, nothing_is_lost_in_silence, open_and_sync, value, without_old_pages
from harness import SOAK, main, test
from outside import Stolen, database
from waiting import wait_until

CLAIMS = "E01"

ROUNDS = 24 if SOAK else 8
EDITS = 1000 if SOAK else 40


def refuses_to_begin(device, state):
    """Says what is there, and nothing is written into it, whatever a person tries."""
    (device.vault_folder / "stopped").unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in device.vault_folder.iterdir() if path.is_file()}
    assert begin(device, state)["vault"]["state"] == state
    for verb in ("create", "join"):
        assert "status" in device.fails(13, *device.enrolment(verb), password=device.world.password)
    for words in (["unlock"], ["recovery", "use", "--server", device.world.url, "--account", "anna"]):
        assert device.ctl(*words, password=device.world.password, input=b"").code != 0
    assert device.ctl("get", "x").code == 13 and device.ctl("sync").code == 13
    said = device.ok("status").decode()
    assert str(device.vault_folder) in said and "join" in said
    device.stop()
    after = {path: path.read_bytes() for path in device.vault_folder.iterdir() if path.is_file()}
    assert after == before, "something was written there"


@test
def a_database_that_is_empty_gone_or_of_somebody_else_is_not_absent_and_nothing_is_written_there(world):
    stopped = Stopped(world, items=40, unsent=4)
    other = (stopped.server / "data.mdb").read_bytes()
    for database, anchor, state in ((b"", True, "damaged"), (None, True, "missing"), (other, True, "damaged"),
                                    (b"", False, "damaged"), (bytes(2 * PAGE), True, "damaged"),
                                    (b"x" * 10_000, True, "damaged")):
        with stopped.laid_out(database, anchor) as laptop:
            refuses_to_begin(laptop, state)


@test
def what_status_says_then_leads_out(world):
    stopped = Stopped(world, items=40, unsent=4)
    with stopped.laid_out(b"") as laptop:
        refuses_to_begin(laptop, "damaged")
        laptop.vault_folder.rename(laptop.vault_folder.with_name("default.old"))
        laptop.start()
        laptop.join()
        assert laptop.values() == stopped.known("acked")
    with stopped.laid_out(None) as laptop:
        refuses_to_begin(laptop, "missing")
        (laptop.vault_folder / "data.mdb").write_bytes(stopped.database)
        laptop.start()
        open_and_sync(laptop, "put back")
        assert laptop.values() == stopped.known()


@test
def half_a_file_gives_back_what_is_in_it_and_the_server_the_rest(world):
    stopped = Stopped(world)
    half = len(stopped.database) // 2 // PAGE * PAGE
    with stopped.laid_out(stopped.database[:half]) as laptop:
        state = begin(laptop, "half")["vault"]["state"]
        if state == "damaged":
            return
        status, missing = nothing_is_lost_in_silence_of_running(laptop, stopped)
        assert status["disk"]["salvaged"] and "data.mdb.damaged-" in laptop.ok("status").decode()


@test
def a_chain_of_another_that_is_gone_with_its_head_comes_again(world):
    """As in a file that was cut: the own chain, which names it, lies before it."""
    stopped = Stopped(world, items=60, unsent=6)
    for leaves in ("row", "page"):
        with stopped.laid_out(stopped.database) as laptop:
            me = without_another(laptop.vault_folder)
            if leaves == "page":
                spoil_heads(laptop.vault_folder, me)
            world.server.stop()  # or it would come again before anybody has the key
            begin(laptop, leaves)
            if laptop.ctl("unlock", password=world.password).code == 13:
                laptop.stop()
                begin(laptop, leaves)
                laptop.unlock()
            assert laptop.values().keys() >= set(stopped.unsent)
            world.server.start()
            status = nothing_is_lost_in_silence_of_running(laptop, stopped, leaves)[0]
            assert status["disk"]["salvaged"] and status["disk"]["lost"] == 0, (leaves, status["disk"])


def without_another(folder):
    me = Stolen(folder).device
    with database(folder, write=True) as (tx, table):
        for name in ("chains", "heads"):
            for key in [key for key, _ in tx.cursor(db=table(name)) if key[:16] != me]:
                tx.delete(key, db=table(name))
    without_old_pages(folder)
    return me


def spoil_heads(folder, me):
    with database(folder, write=True) as (tx, table):
        tx.put(me, bytes(44), db=table("heads"))


def nothing_is_lost_in_silence_of_running(laptop, stopped, what="half"):
    laptop.stop()
    return nothing_is_lost_in_silence(laptop, stopped, what)


@test
def a_database_that_was_damaged_is_kept_and_the_word_of_it_goes_with_the_file(world):
    stopped = Stopped(world, items=60, unsent=6)
    broken = bytearray(stopped.database)
    number = lambda at: int.from_bytes(broken[at : at + 8], "little")
    newest = max((0, PAGE), key=lambda root: number(root + 144))  # by the number of its transaction
    tables = number(newest + 128) * PAGE  # the page with the table of tables
    broken[tables : tables + PAGE] = bytes(PAGE)
    with stopped.laid_out(bytes(broken)) as laptop:
        status, _ = nothing_is_lost_in_silence(laptop, stopped, "a page of zeros")
        assert status["identity"]["reason"] == "disk" and len(status["identity"]["former"]) == 1
        kept = laptop.vault_folder / status["disk"]["file"]
        assert kept.read_bytes() == bytes(broken) and "damaged" in laptop.ok("status").decode()
        kept.unlink()
        assert laptop.status()["disk"]["salvaged"] is None and "damaged" not in laptop.ok("status").decode()


@test
def a_page_that_is_free_and_in_use_is_noticed_before_it_is_written_over(world):
    stopped = Stopped(world, items=60, unsent=6)
    file, found = bytearray(stopped.database), False
    for page in range(2, len(file) // PAGE):  # a leaf whose first row is a count and numbers of pages
        begin_, first = page * PAGE, int.from_bytes(file[page * PAGE + 16 : page * PAGE + 18], "little")
        flags = int.from_bytes(file[begin_ + 10 : begin_ + 12], "little")
        keys = int.from_bytes(file[begin_ + first + 6 : begin_ + first + 8], "little") if first < PAGE - 32 else 0
        if flags != 2 or keys != 8 or first >= PAGE - 32:
            continue
        count = int.from_bytes(file[begin_ + first + 16 : begin_ + first + 24], "little")
        number = int.from_bytes(file[begin_ + first + 24 : begin_ + first + 32], "little")
        if 0 < count < 400 and 2 <= number < len(file) // PAGE:
            file[begin_ + first + 24 : begin_ + first + 32] = (number + 1).to_bytes(8, "little")
            found = True
    assert found
    with stopped.laid_out(bytes(file)) as laptop:
        assert begin(laptop, "the list of free pages")["disk"]["salvaged"], "it was opened"
        laptop.stop()
        status, missing = nothing_is_lost_in_silence(laptop, stopped, "the list of free pages")
        assert status["disk"]["salvaged"] and not missing, "every row was there"


@test
def edits_of_any_kind_anywhere_end_no_daemon_by_a_signal_and_lose_nothing_in_silence(world):
    stopped, seen = Stopped(world), Counter()
    seeds = [int(os.environ["VAULT_SEED"])] if os.environ.get("VAULT_SEED") else range(EDITS)
    for seed in seeds:
        database, what = stopped.edited(seed)
        with stopped.laid_out(database) as laptop:
            first = begin(laptop, what)
            if first["vault"]["state"] == "damaged":  # the page that says which vault this is: nothing else has it
                assert "mv " in laptop.ok("status").decode() and (laptop.vault_folder / "data.mdb").read_bytes() == database
                seen["too little left"] += 1
                continue
            laptop.kill()
            status, missing = nothing_is_lost_in_silence(laptop, stopped, what)
            seen["salvaged" if status["disk"]["salvaged"] else "sound"] += 1
            seen["unsent lost"] += len(missing)
            assert not missing or len(missing) < 12, f"{what}: one page, and {missing}"
    print(f"  {len(seeds)} edits: {dict(seen)}", flush=True)
    assert seen["too little left"] * 40 <= len(seeds), seen


@test
def a_copy_made_under_writes_and_put_back_is_no_empty_vault(world):
    stopped, seen = Stopped(world, items=120, unsent=4), Counter()
    dice = random.Random(11)
    for round_ in range(ROUNDS):
        with stopped.laid_out(stopped.database) as laptop:
            world.server.kill()
            laptop.start()
            laptop.unlock()
            torn, before = copy_under_writes(laptop, dice)
            laptop.kill()
            (laptop.vault_folder / "data.mdb").write_bytes(torn)
            (laptop.vault_folder / "data.mdb-lock").unlink()
            world.server.start()
            status, missing = nothing_is_lost_in_silence(laptop, stopped, f"round {round_}")
            assert not missing, "they had been there long before"
            have, lost = laptop.values(), status["disk"]["lost"] or 0
            gone = [name for name in before if have.get(name) != value(name)]
            assert not gone or lost or not status["disk"]["salvaged"], (round_, gone, status["disk"])
            seen["salvaged" if status["disk"]["salvaged"] else "sound"] += 1
    print(f"  {ROUNDS} copies: {dict(seen)}", flush=True)


def copy_under_writes(laptop, dice):
    """The file as somebody copies it who does not know better, and what was answered before."""
    answered, stop = [], threading.Event()

    def write():
        with laptop.rpc() as rpc:
            while not stop.is_set():
                name = f"load/ψ{len(answered)}"
                rpc.call("item.put", name=name, value=value(name).decode())
                answered.append(name)

    thread = threading.Thread(target=write)
    thread.start()
    many = dice.randrange(20, 60)
    wait_until(lambda: len(answered) > many, "writes")
    before, out = list(answered), bytearray()
    with open(laptop.vault_folder / "data.mdb", "rb") as file:
        while block := file.read(16 * PAGE):
            out += block
            seen = len(answered)
            wait_until(lambda: len(answered) > seen, "a write between two reads")
    stop.set()
    thread.join()
    return bytes(out), before


@test
def a_file_that_is_cut_under_the_daemon_ends_it_with_words_and_the_next_start_saves_what_is_good(world):
    stopped = Stopped(world)
    for keep in (len(stopped.database) // 2 // PAGE * PAGE, 3 * PAGE, 0):
        with stopped.laid_out(stopped.database) as laptop:
            laptop.start()
            laptop.unlock()
            os.truncate(laptop.vault_folder / "data.mdb", keep)
            for name in [*stopped.acked, "new"]:
                if laptop.ctl("get", name).code != 0 or laptop.ctl("put", "new", input=b"x").code != 0:
                    break
            wait_until(lambda: not laptop.running, "it has ended")
            ended_with_words(laptop, keep)
            state = begin(laptop, keep)["vault"]["state"]
            assert state in ("damaged", "locked"), state
            if state == "locked":
                open_and_sync(laptop, keep)
                have = laptop.values()
                assert all(have.get(name) == wanted for name, wanted in stopped.known("acked").items())


@test
def a_file_that_is_edited_under_the_daemon_ends_no_daemon_by_a_signal(world):
    """What is written on top of what was edited may leave too little; then it says so."""
    stopped, states = Stopped(world, items=120, unsent=6), Counter()
    for seed in range(200, 200 + (100 if SOAK else 6)):
        with stopped.laid_out(stopped.database) as laptop:
            laptop.start()
            laptop.unlock()
            (laptop.vault_folder / "data.mdb").open("r+b").write(stopped.edited(seed)[0])
            for name in stopped.acked[::10]:
                laptop.ctl("get", name)
                laptop.ctl("put", name + "+", input=b"x")
            if laptop.running:
                laptop.kill()
            else:
                ended_with_words(laptop, seed)
            state = begin(laptop, seed)["vault"]["state"]
            states[state] += 1
            if state == "damaged":
                assert "mv " in laptop.ok("status").decode()
                continue
            after = open_and_sync(laptop, seed)
            have = laptop.values()
            gone = [name for name, wanted in stopped.known("acked").items() if have.get(name) != wanted]
            assert not gone, (seed, gone[:5], after["disk"])
    print(f"  {dict(states)}")
    assert states["locked"] > states["damaged"], states


if __name__ == "__main__":
    main()

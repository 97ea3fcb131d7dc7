#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, read-only or broken, and a clock that jumps: what was answered stays, what was refused is not
there, reading goes on, and so does writing once the disk is well again."""

import json
import subprocess

import near  # noqa: F401
from audit import Audit, pairs_differ, show_row
from disk import Disk
from harness import READER, Skip, main, test
from waiting import wait_until

FULL, BROKEN, READ_ONLY = "ENOSPC", "EIO", "EROFS"
YEARS = 10 * 365 * 86400


def breakable(world, name, **more):
    """A device with a disk and a clock of its own, and an audit of all that it seals."""
    device = world.device(name, start=False)
    device.disk, device.audit = Disk(world, name), world.folder / f"{name}.audit"
    device.env |= device.disk.env | {"VAULT_AUDIT": str(device.audit)}
    return device.start()


def laptop_with_notes(world):
    world.start_server()
    laptop = breakable(world, "laptop")
    laptop.create()
    for number in range(10):
        laptop.put(f"note/{number}", b"kept")
    laptop.sync()
    return laptop


def verified_by_the_reader(world, device, items):
    """An export of it, sealed, as the independent reader sees it."""
    folder = world.folder / f"export{len(list(world.folder.iterdir()))}"
    device.ok("export", "--sealed", str(folder), "--without-large")
    password = world.folder / "password"
    password.write_text(world.password)
    argv = ["/usr/bin/python3", str(READER), str(folder), "--password-file", str(password), "--check-only",
            "--allow-test-suite"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0 and f"{items} items" in done.stdout, (done.stdout, done.stderr)


def refused_whole(device):
    """Each way of writing says E_STORAGE and leaves nothing; each way of reading goes on."""
    before, values = device.status()["device"], device.values()
    lines = "".join(json.dumps({"name": f"many/{n}", "value": "x" * 1000}) + "\n" for n in range(200))
    for _ in range(3):
        device.fails(13, "put", "note/0", input=b"refused")
        device.fails(13, "put", "new", input=b"refused")
        device.fails(13, "rm", "note/1")
    assert device.ctl("put-many", input=lines.encode()).code == 13
    assert device.values() == values and device.ok("history", "note/0").count(b"\n") == 1
    assert device.status()["device"] == before, "no seq and no counter was taken"


def works_again(world, device):
    device.put("after", b"the disk is well")
    device.put("note/0", b"second version")
    assert device.get("note/0") == b"second version" and device.ok("history", "note/0").count(b"\n") == 2
    verified_by_the_reader(world, device, items=11)
    device.sync()
    device.stop()
    device.start()
    device.unlock()
    assert device.get("after") == b"the disk is well" and len(device.names()) == 11
    pairs_differ(device.audit, 12)  # ten notes, and two that came after
    show_row("a disk that fails", Audit.of(device.audit), 12)
    phone = world.device("phone")
    phone.join()
    assert phone.values() == device.values()


def fails_and_heals(world, calls, error):
    laptop = laptop_with_notes(world)
    laptop.disk.fail(calls, "data.mdb", error)
    refused_whole(laptop)
    laptop.ok("lock")
    laptop.unlock()  # a full disk keeps nobody from reading
    assert laptop.get("note/7") == b"kept"
    laptop.disk.heal()
    works_again(world, laptop)


@test
def a_disk_that_is_full_refuses_writes_whole_and_takes_them_when_there_is_room(world):
    fails_and_heals(world, "write", FULL)


@test
def a_write_that_fails_is_refused_whole(world):
    fails_and_heals(world, "write", BROKEN)


@test
def a_disk_that_has_become_read_only_refuses_writes_whole(world):
    fails_and_heals(world, "write,dsync,size", READ_ONLY)


@test
def what_a_failed_fsync_leaves_behind_is_never_built_upon(world):
    """The pages of such a write belong to no root: the next write makes them anew, and waits for them anew."""
    fails_and_heals(world, "sync", BROKEN)


@test
def after_a_root_page_that_may_or_may_not_be_on_the_disk_nothing_is_answered_until_a_restart(world):
    laptop = laptop_with_notes(world)
    laptop.disk.fail("dsync", "data.mdb", BROKEN)
    laptop.fails(13, "put", "refused", input=b"refused")
    laptop.disk.heal()
    for _ in range(3):
        assert "restart" in laptop.fails(13, "put", "note/0", input=b"on top of what nobody knows")
    laptop.stop()
    laptop.start()
    laptop.unlock()
    assert laptop.values() == {f"note/{number}": b"kept" for number in range(10)}
    works_again(world, laptop)


@test
def a_create_and_a_join_on_a_full_disk_can_be_repeated(world):
    world.start_server()
    laptop, phone = breakable(world, "laptop"), breakable(world, "phone")
    laptop.disk.fail("write", "data.mdb", FULL)
    laptop.fails(13, *laptop.enrolment("create"), password=world.password)
    laptop.disk.heal()
    laptop.create()
    laptop.put("note", b"value")
    laptop.sync()
    phone.disk.fail("write", "data.mdb", FULL)
    phone.fails(13, *phone.enrolment("join"), password=world.password)
    phone.disk.heal()
    phone.join()
    assert phone.get("note") == b"value"
    assert len(phone.status()["devices"]) == 2
    for device in (laptop, phone):
        device.stop()
        device.start()
        device.unlock()
        assert device.get("note") == b"value"


@test
def a_pull_onto_a_full_disk_is_pulled_again_when_there_is_room(world):
    world.start_server()
    laptop, phone = world.device("laptop"), breakable(world, "phone")
    laptop.create()
    phone.join()
    phone.disk.fail("write", "data.mdb", FULL)
    for number in range(20):
        laptop.put(f"note/{number}", b"x" * 1000)
    laptop.sync()
    phone.fails(13, "sync")
    assert phone.status()["trust"]["state"] != "distrusted"
    phone.disk.heal()
    phone.sync()
    assert phone.values() == laptop.values()


@test
def a_server_whose_disk_fails_loses_nothing_and_goes_on_when_it_is_well(world):
    laptop = laptop_with_notes(world)
    world.server.stop()
    disk = Disk(world, "server")
    world.server.env = {**world.server.env, **disk.env}
    world.server.start()
    laptop.sync()
    for number, (calls, error) in enumerate([("write", FULL), ("write", BROKEN), ("sync", BROKEN)]):
        disk.fail(calls, "data.mdb", error)
        laptop.put(f"new/{number}", b"written while the server could not")
        assert laptop.ctl("sync").code not in (0, 11), "refused, and no accusation"
        assert laptop.status()["sync"]["pending"] >= 1 and laptop.status()["trust"]["state"] != "distrusted"
        disk.heal()
        laptop.sync()
        assert laptop.status()["sync"]["pending"] == 0
    phone = world.device("phone")
    phone.join()
    assert phone.values() == laptop.values() and len(phone.names("new/")) == 3


def mounted(world, size):
    """A folder on a small filesystem of its own, or a Skip where mounting is not allowed."""
    folder = world.folder / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "vault-test", str(folder)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"cannot mount: {done.stderr.strip()}")
    return folder


@test
def a_filesystem_that_really_is_full_is_as_harmless(world):
    folder = mounted(world, "2m")
    try:
        world.start_server()
        laptop = world.device("laptop", start=False)
        laptop.env["XDG_STATE_HOME"] = str(folder)
        laptop.start()
        laptop.create()
        written = 0
        while laptop.ctl("put", f"note/{written}", input=b"x" * 60_000).code == 0:
            written += 1
        assert 5 < written < 40
        laptop.fails(13, "put", "large", input=b"x" * 60_000)
        assert laptop.get(f"note/{written - 1}") == b"x" * 60_000 and len(laptop.names("note/")) == written
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        laptop.put("after", b"room again")
        laptop.sync()
        assert len(laptop.names()) == written + 1
        laptop.stop()
        laptop.start()
        laptop.unlock()
        assert len(laptop.names()) == written + 1
        laptop.stop()
    finally:
        for program in world.programs:
            if program.running and program is not world.server:
                program.kill()
        subprocess.run(["umount", str(folder)], check=True)


# -- The clock


@test
def a_clock_that_jumps_while_it_runs_loses_and_refuses_nothing(world):
    world.start_server()
    laptop, phone = breakable(world, "laptop"), world.device("phone")
    laptop.create()
    phone.join()
    laptop.put("note", b"first")
    laptop.sync()
    for number, jump in enumerate([-YEARS, YEARS, -1_795_000_000, 0, -86400]):
        laptop.disk.set_clock(jump)
        laptop.put("note", f"after jump {number}".encode())
        assert laptop.get("note") == f"after jump {number}".encode(), "the last one written is the current one"
        laptop.sync()
        phone.sync()
        assert phone.get("note") == f"after jump {number}".encode()
        assert laptop.status()["sync"]["state"] != "distrusted"
    laptop.stop()
    laptop.start()
    laptop.unlock()
    laptop.put("note", b"last")
    laptop.sync()
    phone.sync()
    assert phone.get("note") == b"last" and phone.ok("conflicts") == b""
    assert phone.ok("history", "note") == laptop.ok("history", "note")
    pairs_differ(laptop.audit, 7)


@test
def sessions_and_timers_go_by_a_clock_that_does_not_jump(world):
    disk = Disk(world, "server")
    world.start_server()
    world.server.stop()
    world.server.env = {**world.server.env, **disk.env}
    world.server.start()
    laptop, phone = breakable(world, "laptop"), world.device("phone")
    laptop.create()
    phone.join()
    for number, jump in enumerate([YEARS, -YEARS, 0]):
        disk.set_clock(jump)
        laptop.disk.set_clock(-jump)
        laptop.put(f"note/{number}", b"news")
        wait_until(lambda: phone.ctl("get", f"note/{number}").out == b"news", "the phone hears of it")


if __name__ == "__main__":
    main()

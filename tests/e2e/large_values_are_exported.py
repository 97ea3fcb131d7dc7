#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sealed export has the large values of all versions, from this device or from the server; it can be cut and goes on; and a
reader in another language opens it with the password."""

import random
import subprocess

from harness import READER, main, test

MIB = 1 << 20


def large(seed, size=3 * MIB + 12_345):
    return random.Random(seed).randbytes(size)


def put(device, name, value):
    path = device.world.folder / f"{device.name}-input"
    path.write_bytes(value)
    device.ok("put", name, "--file", str(path))


def read(world, folder, *words):
    password = world.folder / "password"
    password.write_text(world.password)
    argv = ["/usr/bin/python3", READER, folder, "--password-file", password, "--allow-test-suite", *words]
    done = subprocess.run(argv, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def household(world):
    """The laptop has written a film twice; the phone has nothing of it but its name."""
    world.start_server()
    laptop, phone = world.pair()
    put(laptop, "film", large(1))
    put(laptop, "film", large(2))
    laptop.put("note", b"small")
    laptop.sync()
    phone.sync()
    return laptop, phone


def has_everything(world, folder):
    assert b"2 items, 2 large values\n" in read(world, folder, "--check-only")
    output = world.folder / f"{folder.name}.out"
    read(world, folder, "--get", "film", "--output", output)
    assert output.read_bytes() == large(2)


def chunks(folder):
    return sorted(folder.glob("blobs/*/*.bin"))


@test
def a_reader_opens_what_a_device_or_a_server_has_exported(world):
    laptop, phone = household(world)
    for device in (laptop, phone):
        folder = world.folder / f"export-{device.name}"
        device.ok("export", "--sealed", str(folder))
        assert len(chunks(folder)) == 8
        has_everything(world, folder)
    assert [c.read_bytes() for c in chunks(world.folder / "export-laptop")] == [
        c.read_bytes() for c in chunks(world.folder / "export-phone")]
    folder = world.folder / "export-server"
    argv = [world.build / "vault-server", "--data", world.server.data, "export", world.account, folder]
    subprocess.run(argv, check=True, env=world.bare_env)
    has_everything(world, folder)


@test
def an_export_that_was_cut_goes_on_and_fetches_nothing_twice(world):
    laptop, phone = household(world)
    folder = world.folder / "export"
    phone.ok("export", "--sealed", str(folder))
    gone, changed, cut, *kept = chunks(folder)
    times = {path: path.stat().st_ino for path in kept}
    gone.unlink()
    changed.write_bytes(bytes(changed.stat().st_size))
    cut.write_bytes(cut.read_bytes()[:-1])
    (gone.parent / ".chunk.part").write_bytes(b"what a death left")
    phone.ok("sync")
    world.server.stop()  # all of it is on the phone now
    phone.fails(2, "export", "--sealed", str(folder))
    phone.ok("export", "--sealed", str(folder), "--resume")
    assert {path: path.stat().st_ino for path in kept} == times, "what was there was written again"
    has_everything(world, folder)


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@test(proves="9")
def an_export_of_another_vault_is_never_written_over(world):
    laptop, _ = household(world)
    folder, account = world.folder / "export", world.account
    laptop.ok("export", "--sealed", str(folder))
    before = files_of(folder)
    world.account = "bert"
    berts = world.device("berts")
    berts.create()
    berts.put("note", b"of somebody else")
    assert "only with one of this vault" in berts.fails(2, "export", "--sealed", str(folder), "--resume")
    berts.fails(2, "export", "--sealed", str(folder))
    assert files_of(folder) == before, "another vault's export was changed"
    world.account = account
    has_everything(world, folder)


@test
def a_locked_vault_and_a_server_that_is_away_leave_an_export_that_says_what_it_lacks(world):
    laptop, phone = household(world)
    folder = world.folder / "export"
    phone.ok("lock")
    said = phone.ctl("export", "--sealed", str(folder))
    assert said.code == 0 and b"large values, if there are any, are not in the export" in said.err, said
    phone.unlock()
    world.server.stop()
    said = phone.ctl("export", "--sealed", str(folder), "--resume")
    assert said.code == 11 and said.err.count(b", of film: ") == 2, said
    phone.ok("export", "--sealed", str(folder), "--resume", "--without-large")
    world.server.start()
    phone.sync()
    phone.ok("export", "--sealed", str(folder), "--resume")
    has_everything(world, folder)


if __name__ == "__main__":
    main()

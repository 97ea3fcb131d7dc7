#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sealed export has the large values of all versions, from this device or from the server; it can be cut and goes on; and a
reader in another language opens it with the password."""

import json
import random
import shutil
import subprocess

import near  # noqa: F401
from harness import READER, main, test

MIB = 1 << 20


def large(seed, size=3 * MIB + 12_345):
    return random.Random(seed).randbytes(size)


def put(device, name, value):
    path = device.world.folder / f"{device.name}-input"
    path.write_bytes(value)
    device.ok("put", name, "--file", str(path))


def said_of(world, folder, *words):
    """What the reader says of an export: exit code, stdout, stderr."""
    password = world.folder / "password"
    password.write_text(world.password)
    argv = ["/usr/bin/python3", READER, folder, "--password-file", password, "--allow-test-suite", *words]
    return subprocess.run(argv, capture_output=True)


def read(world, folder, *words):
    done = said_of(world, folder, *words)
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


def one_device(world):
    """A laptop with notes, of which nothing but its own chain tells; its export, and what vaultctl said of it."""
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    for i in range(5):
        laptop.put("note", b"%d" % i)
    laptop.ok("verify")
    laptop.put("note", b"after the state code")
    laptop.sync()
    laptop.ok("lock")
    folder = world.folder / "export"
    return laptop, folder, json.loads(laptop.ok("export", "--sealed", str(folder), "--json"))


def last_commit(folder):
    return max(folder.glob("chains/*/*.bin"), key=lambda path: int(path.stem))


@test(proves="9")
def an_export_that_has_lost_commits_is_not_called_whole(world):
    laptop, folder, said = one_device(world)
    done = said_of(world, folder, "--check-only")
    assert (done.returncode, done.stderr) == (0, b""), "the manifest of a locked device is signed, and right"
    last_commit(folder).unlink()
    done = said_of(world, folder, "--check-only")
    assert done.returncode == 1 and b"manifest.bin: names chains/" in done.stderr and b" commits, and " in done.stderr, done
    shutil.rmtree(folder / "chains")
    done = said_of(world, folder, "--check-only")
    assert done.returncode == 1 and done.stdout.startswith(b"verified in part: "), done
    manifest = folder / "manifest.bin"
    raw = manifest.read_bytes()
    manifest.write_bytes(raw[:60] + bytes([raw[60] ^ 1]) + raw[61:])
    assert b"manifest.bin: the signature is wrong" in said_of(world, folder, "--check-only").stderr
    manifest.unlink()
    done = said_of(world, folder, "--check-only")
    assert done.returncode == 0 and b"manifest.bin: missing, so nothing says" in done.stderr, done


@test(proves="9")
def an_export_says_how_much_it_has_and_which_state_code(world):
    laptop, folder, said = one_device(world)
    commits = len(list(folder.glob("chains/*/*.bin")))
    device = laptop.status()["device"]["id"]
    assert said["manifest"]["commits"] == commits, said
    assert said["manifest"]["heads"] == [{"device": device, "seq": int(last_commit(folder).stem)}], said
    code = said["manifest"]["state_code"]
    text = laptop.ok("export", "--sealed", str(world.folder / "again")).decode()
    assert f"\n{commits} commits\nup to {commits} of device {device}\nstate code {code}\n" in text, text
    (world.folder / "code").write_text(code)
    read(world, folder, "--check-only", "--state-code", world.folder / "code")
    phone = world.device("phone")
    phone.join("--expect", code)


@test(proves="9")
def a_servers_export_says_that_nobody_has_signed_how_much_it_has(world):
    laptop, _, _ = one_device(world)
    folder = world.folder / "export-server"
    argv = [world.build / "vault-server", "--data", world.server.data, "export", world.account, folder]
    subprocess.run(argv, check=True, env=world.bare_env)
    done = said_of(world, folder, "--check-only")
    assert (done.returncode, done.stderr) == (0, b"vaultread: manifest.bin: made by a server, and not signed\n"), done
    last_commit(folder).unlink()
    done = said_of(world, folder, "--check-only")
    assert done.returncode == 1 and b"names chains/" in done.stderr and b" commits, and " in done.stderr, done


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

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A film goes from the laptop to the phone, whole and in parts: memory stays flat, whoever dies in the middle goes on where
it was, and copies keep within their bound. VAULT_FILM_MIB says how large it is: 256, or 4096 for a soak."""

import hashlib
import json
import os
import random
import re
import select
import subprocess
import threading
import time

import near  # noqa: F401
from audit import Audit
from disk import Disk
from harness import SOAK, main, test
from waiting import wait_until

MIB = 1 << 20
SIZE = int(os.environ.get("VAULT_FILM_MIB", 4096 if SOAK else 256)) * MIB
FLAT = 64 * MIB  # what a program's own memory may grow by, whatever the size
CHUNK = 20  # the kind of a sealed chunk
PART = 983_040  # of a value, in one chunk
AT_ONCE = 4  # chunks under way, which a death may make to be sent or fetched twice


def film(world, size=SIZE, seed=1, name="film"):
    """A file that nobody can make shorter, and its hash."""
    path, digest, source = world.folder / name, hashlib.sha256(), random.Random(seed)
    with open(path, "wb") as out:
        for begin in range(0, size, MIB):
            piece = source.randbytes(min(MIB, size - begin))
            digest.update(piece)
            out.write(piece)
    return path, digest.hexdigest()


def hash_of(path):
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(MIB):
            digest.update(piece)
        return digest.hexdigest()


def own_memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


class Watch:
    """The most that processes had of memory of their own while it runs."""

    def __init__(self, **pids):
        self.before = {name: own_memory(pid) for name, pid in pids.items()}
        self.pids, self.most, self.stop = pids, dict(self.before), threading.Event()
        self.thread = threading.Thread(target=self._look)

    def _look(self):
        while not self.stop.wait(0.05):
            for name, pid in self.pids.items():
                try:
                    self.most[name] = max(self.most[name], own_memory(pid))
                except (OSError, TypeError):
                    pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def check(self):
        grown = {name: (self.most[name] - self.before[name]) // MIB for name in self.pids}
        print(f"    grown by MiB: {grown}")
        assert all(mib * MIB <= FLAT for mib in grown.values()), grown


def metric(device, name):
    return int(float(re.search(rf"^vaultd_{name}(?:_total)? (\S+)$", device.ok("metrics").decode(), re.M)[1]))


def rate(what, size, seconds):
    print(f"    {what}: {size / MIB / max(seconds, 0.001):.0f} MiB/s")


def ctl_running(device, *words):
    """A vaultctl that goes on beside this test."""
    return subprocess.Popen([device.vaultctl, "--no-input", *words], env=device.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def chunks(size=SIZE):
    return -(-size // PART)


def blobs_of(device):
    folder = device.vault_folder / "blobs"
    return sorted(folder.iterdir()) if folder.exists() else []


def room_of(device):
    return sum(file.stat().st_blocks * 512 for file in blobs_of(device))


def pending_bytes(device):
    with device.rpc() as rpc:
        return rpc.call("vault.status")["sync"]["pending_bytes"]


@test
def a_film_is_put_fetched_in_part_and_whole_with_flat_memory(world):
    server, laptop = world.start_server(), world.device("laptop")
    laptop.create()
    path, digest = film(world)
    with Watch(laptop=laptop.process.pid, server=server.process.pid) as watch:
        begin = time.monotonic()
        put = ctl_running(laptop, "put", "films/holiday", "--file", str(path), "--type", "video/x-matroska")
        with Watch(vaultctl=put.pid) as ctl:
            assert put.wait() == 0, put.stderr.read()
        rate("put", SIZE, time.monotonic() - begin)
        laptop.ok("sync", timeout=3600)
        rate("put and sent", SIZE, time.monotonic() - begin)
    watch.check()
    ctl.check()
    assert pending_bytes(laptop) == 0 and laptop.status()["sync"]["pending"] == 0

    phone = world.device("phone")
    phone.join()
    assert metric(phone, "chunks_fetched") == 0, "a join fetches no values"
    listed = phone.ok("ls", "-l").decode()
    assert str(SIZE) in listed and "video/x-matroska" in listed, listed
    at, length = SIZE // 2 - 1000, 3 * PART
    part = phone.ok("get", "films/holiday", "--offset", str(at), "--length", str(length))
    with open(path, "rb") as file:
        file.seek(at)
        assert part == file.read(length), "another part"
    assert metric(phone, "chunks_fetched") <= 4, "a part costs its own chunks"
    with Watch(phone=phone.process.pid, server=server.process.pid) as watch:
        begin = time.monotonic()
        phone.ok("get", "films/holiday", "--output", str(world.folder / "copy"), timeout=3600)
        rate("fetched", SIZE, time.monotonic() - begin)
    watch.check()
    assert hash_of(world.folder / "copy") == digest
    assert not list(world.folder.glob(".vaultctl-*")), "what it was until then is gone"
    again = world.folder / "again"
    fetched = metric(phone, "chunks_fetched")
    with open(again, "wb") as out:
        subprocess.run([phone.vaultctl, "get", "films/holiday"], env=phone.env, stdout=out, check=True)
    assert hash_of(again) == digest
    kept = SIZE <= 1 << 30
    assert metric(phone, "chunks_fetched") == (fetched if kept else fetched + chunks())


@test
def a_film_through_pipes_is_the_same_film(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    size = 40 * MIB + 12345
    path, digest = film(world, size)
    shell = f"cat {path} | {laptop.vaultctl} put film && {laptop.vaultctl} get film | sha256sum"
    said = subprocess.run(shell, shell=True, env=laptop.env, capture_output=True, text=True)
    assert said.stdout.split()[:1] == [digest], said
    assert [file.suffix for file in blobs_of(laptop)] == [".blob"], "nothing but the film is left"
    head = subprocess.run(f"{laptop.vaultctl} get film | head -c 10 | wc -c", shell=True, env=laptop.env,
                          capture_output=True, text=True)
    assert head.stdout.strip() == "10", head


@test
def edges_of_chunks_and_ranges_are_exact(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    source = random.Random(7)
    for size in (0, 1, 65536, 65537, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 5):
        value = source.randbytes(size)
        (world.folder / "value").write_bytes(value)
        laptop.ok("put", "edge", "--file", str(world.folder / "value"))
        assert laptop.get("edge") == value, size
        laptop.put("edge", value)  # through a pipe
        assert laptop.get("edge") == value, size
        for at, length in ((0, 1), (size // 2, 10), (max(size - 1, 0), 100), (size, 5), (max(PART - 2, 0), 4)):
            if at <= size:
                assert laptop.ok("get", "edge", "--offset", str(at), "--length", str(length)) == value[at:at + length]
    laptop.fails(2, "get", "edge", "--offset", str(3 * PART + 6))
    history = laptop.ok("history", "edge").decode()
    assert str(3 * PART + 5) in history and " 65537 " in history, history
    first = [line.split()[0] for line in history.splitlines() if f" {PART + 1} " in line][-1]
    before = len(blobs_of(laptop))
    laptop.ok("restore", "edge", first)
    assert len(laptop.get("edge")) == PART + 1 and len(blobs_of(laptop)) == before, "a restore copies no bytes"
    laptop.sync()
    phone = world.device("phone")
    phone.join()
    assert phone.get("edge") == laptop.get("edge")


@test
def an_upload_goes_on_where_a_death_cut_it(world):
    """Chunks that the server has are never sent again, but for those under way when somebody died."""
    size = 64 * MIB
    server = world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("before", b"1")
    laptop.sync()
    path, digest = film(world, size)
    server.stop()
    laptop.ok("put", "film", "--file", str(path))
    laptop.put("after", b"2")
    assert pending_bytes(laptop) > size and laptop.status()["sync"]["pending"] == 2
    server.start()
    sent, deaths = 0, 0
    for victim in (laptop, server, laptop, server):
        left = pending_bytes(laptop)
        if left == 0:
            break
        sync = ctl_running(laptop, "sync")
        wait_until(lambda: pending_bytes(laptop) < left, "the upload moves")
        sent += metric(laptop, "sync_chunks_sent") if victim is laptop else 0
        victim.kill()
        victim.start()
        sync.wait(60)
        deaths += 1
    assert deaths >= 2, "it was over before anybody could die"
    laptop.ok("sync", timeout=600)
    sent += metric(laptop, "sync_chunks_sent")
    assert chunks(size) <= sent + AT_ONCE * deaths and sent <= chunks(size) + AT_ONCE * deaths, (sent, deaths)
    assert pending_bytes(laptop) == 0 and laptop.status()["sync"]["pending"] == 0
    laptop.unlock()
    assert laptop.get("after") == b"2" and hashlib.sha256(laptop.get("film")).hexdigest() == digest
    phone = world.device("phone")
    phone.join()
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest


@test
def a_download_goes_on_where_a_death_cut_it(world):
    size = 64 * MIB
    server = world.start_server()
    laptop, phone = world.pair()
    path, digest = film(world, size)
    laptop.ok("put", "film", "--file", str(path))
    laptop.sync()
    phone.sync()
    target, fetched, deaths = world.folder / "copy", 0, 0
    for victim in (phone, server, phone):
        get = ctl_running(phone, "get", "film", "--output", str(target))
        parts = lambda: list(world.folder.glob(".vaultctl-*.part"))
        have = parts()[0].stat().st_size if parts() else 0
        wait_until(lambda: target.exists() or (parts() and parts()[0].stat().st_size > have), "the download moves")
        fetched += metric(phone, "chunks_fetched") if victim is phone else 0
        victim.kill()
        assert get.wait(60) in (0, 4, 10, 12), get.stderr.read()
        victim.start()
        deaths += 1
        if victim is phone:
            phone.unlock()
        if target.exists():
            break
    if not target.exists():
        phone.ok("get", "film", "--output", str(target), timeout=600)
    fetched += metric(phone, "chunks_fetched")
    assert hash_of(target) == digest
    assert fetched <= chunks(size) + (AT_ONCE + 2) * deaths, (fetched, deaths)


@test
def copies_keep_within_their_bound_and_what_was_not_sent_stays(world):
    bound, size = 24 * MIB, 10 * MIB
    server = world.start_server()
    laptop = world.device("laptop", start=False)
    laptop.start("--blob-cache", "24M")
    laptop.create()
    server.stop()
    digests = {}
    for n in range(4):
        path, digests[f"film{n}"] = film(world, size, seed=n)
        laptop.ok("put", f"film{n}", "--file", str(path))
    assert len(blobs_of(laptop)) == 4 and room_of(laptop) > bound, "what was not sent stays, above the bound"
    laptop.stop()
    laptop.start("--blob-cache", "24M")
    laptop.unlock()
    assert len(blobs_of(laptop)) == 4, "over a restart too"
    server.start()
    laptop.ok("sync", timeout=300)
    wait_until(lambda: room_of(laptop) <= bound, "copies keep within their bound")
    assert len(blobs_of(laptop)) == 2 and metric(laptop, "blobs_evicted") == 2
    for name, digest in digests.items():  # from here or from the server, and each read makes room for itself
        assert hashlib.sha256(laptop.get(name)).hexdigest() == digest
        assert room_of(laptop) <= bound, room_of(laptop)
    server.stop()
    assert hashlib.sha256(laptop.get("film3")).hexdigest() == digests["film3"], "the last one read is here"
    laptop.fails(10, "get", "film0")


@test
def a_put_that_a_lock_cuts_leaves_nothing(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    out, into = os.pipe()
    put = subprocess.Popen([laptop.vaultctl, "--no-input", "put", "film"], env=laptop.env, stdin=out,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(out)
    os.write(into, b"x" * 65536)
    os.set_blocking(into, False)
    piece = bytes(65536)
    sent = 0
    while sent < 5 * MIB:
        assert select.select([], [into], [], 30)[1], f"nobody reads on after {sent} bytes"
        sent += os.write(into, piece)
    laptop.ok("lock")
    assert put.wait(30) == 5, put.stderr.read()
    os.close(into)
    wait_until(lambda: not blobs_of(laptop), "nothing is left")
    laptop.unlock()
    assert laptop.names() == []
    laptop.put("film", b"y" * (2 * MIB))  # and the next one works
    assert laptop.get("film") == b"y" * (2 * MIB)


@test
def a_disk_that_is_full_or_breaks_keeps_nothing_half(world):
    server = world.start_server()
    laptop, phone = world.device("laptop", start=False), world.device("phone", start=False)
    for device in (laptop, phone):
        device.disk, device.audit = Disk(world, device.name), world.folder / f"{device.name}.audit"
        device.env |= device.disk.env | {"VAULT_AUDIT": str(device.audit)}
        device.start()
    laptop.create()
    phone.join()
    path, digest = film(world, 4 * MIB)
    piped = path.read_bytes()
    for calls, name, error in (("size", ".blob", "ENOSPC"), ("write", ".blob", "ENOSPC"), ("write", ".blob", "EIO"),
                               ("sync", ".blob", "EIO"), ("write", "(deleted)", "ENOSPC"), ("sync", "blobs", "EIO")):
        laptop.disk.fail(calls, name, error)
        said = laptop.ctl("put", "film", input=piped) if name == "(deleted)" else \
            laptop.ctl("put", "film", "--file", str(path))
        assert said.code == 13, (calls, name, error, said)
        laptop.disk.heal()
    wait_until(lambda: len(blobs_of(laptop)) <= 1, "nothing half is left")
    laptop.disk.fail("write", "data.mdb", "ENOSPC")
    laptop.fails(13, "put", "film", "--file", str(path))
    laptop.disk.heal()
    laptop.ok("put", "film", "--file", str(path))
    laptop.sync()
    phone.sync()
    phone.disk.fail("size,write", ".blob", "ENOSPC")  # no room for a copy: it is read all the same
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest and metric(phone, "chunks_fetched") == chunks(4 * MIB)
    phone.disk.heal()
    server.stop()
    phone.fails(10, "get", "film")
    audit = Audit.of(laptop.audit, phone.audit)
    audit.check_pairs()
    sealed = sum(1 for sealing in audit.sealings if sealing.kind == CHUNK)
    assert sealed >= 4 * 64, f"{sealed} segments of chunks seen"


@test
def a_pipe_that_stands_still_holds_up_nobody(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    ends, puts = [], []
    for _ in range(8):
        out, into = os.pipe()
        puts.append(subprocess.Popen([laptop.vaultctl, "--no-input", "put", f"slow{len(puts)}"], env=laptop.env,
                                     stdin=out, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        os.close(out)
        os.write(into, b"x" * 65536)
        ends.append(into)
    for into in ends:
        os.write(into, b"x" * 65536)  # from here on each is a large value, and waits
    wait_until(lambda: laptop.ctl("put", "other", input=b"z" * 70000).code == 12, "all places are taken")
    for n in range(50):
        laptop.put(f"n{n}", b"1")
        assert laptop.get(f"n{n}") == b"1"
    laptop.sync()
    puts[0].kill()
    wait_until(lambda: laptop.ctl("put", "other", input=b"z" * 70000).code == 0, "a place is free again")
    for into in ends[1:]:
        os.close(into)
    os.close(ends[0])
    for put in puts[1:]:
        assert put.wait(30) == 0, put.stderr.read()
    assert laptop.get("slow3") == b"x" * 131072


@test
def what_the_server_does_not_give_back_is_said_and_not_shown(world):
    server = world.start_server()
    laptop, phone = world.pair()
    path, digest = film(world, 4 * MIB)
    laptop.ok("put", "film", "--file", str(path))
    laptop.sync()
    phone.sync()
    server.stop()
    phone.fails(10, "get", "film")
    phone.fails(10, "get", "film", "--output", str(world.folder / "copy"))
    assert not (world.folder / "copy").exists()
    assert json.loads(phone.ok("--json", "get", "film"))["value_base64"] is None
    server.start()
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest


@test
def a_server_that_lost_values_is_given_back_those_that_are_here(world):
    server = world.start_server()
    laptop, phone = world.pair()
    laptop.put("before", b"1")
    laptop.sync()
    past = server.copied("past")
    path, digest = film(world, 4 * MIB)
    laptop.ok("put", "film", "--file", str(path))
    laptop.sync()
    server.goes_back(past)
    laptop.fails(11, "sync")
    laptop.ok("repair")
    laptop.sync()
    assert pending_bytes(laptop) == 0 and metric(laptop, "sync_chunks_sent") == 2 * chunks(4 * MIB), "each chunk, once more"
    phone.sync()
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest


@test
def a_full_account_is_said_and_goes_on_when_it_has_room(world):
    server, laptop = world.start_server(), world.device("laptop")
    laptop.create()

    def quota(size):
        subprocess.run([world.build / "vault-server", "--data", server.data, "account", "quota", world.account, str(size)],
                       check=True, capture_output=True)

    quota(5 * MIB)
    path, digest = film(world, 10 * MIB)
    laptop.ok("put", "film", "--file", str(path))
    assert "quota" in laptop.fails(14, "sync")
    status = laptop.status()["sync"]
    assert "quota" in status["error"] and status["pending"] == 1 and 0 < status["pending_bytes"], status
    assert "quota" in laptop.ok("status").decode()
    quota(50 * MIB)
    laptop.sync()
    assert laptop.status()["sync"]["error"] is None and pending_bytes(laptop) == 0
    phone = world.device("phone")
    phone.join()
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest


@test
def an_item_shows_elsewhere_when_all_of_it_is_there_and_not_before(world):
    """What was written before a large value does not wait for it; what was written after it does."""
    laptop, phone = (world.start_server("--registration", "open"), *world.pair())[1:]
    laptop.sync()
    world.server.stop()
    laptop.put("before", b"1")
    path, digest = film(world, 48 * MIB)
    laptop.ok("put", "film", "--file", str(path))
    laptop.put("after", b"2")
    world.server.start()
    sync = ctl_running(laptop, "sync")
    while pending_bytes(laptop) > 0:
        phone.sync()
        names = phone.names()
        assert "film" not in names or pending_bytes(laptop) == 0, "an item before its value"
        assert "after" not in names or "film" in names
    assert sync.wait(60) == 0
    phone.sync()
    assert phone.names() == ["after", "before", "film"]
    assert hashlib.sha256(phone.get("film")).hexdigest() == digest


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Little that a stranger or a neighbour sends, and much that the server would spend on it: TLS before there is a hello, room for
bodies that are only announced, answers that nobody reads, pages that a dead reader keeps. What each attack took is printed beside
its bound."""

import os
import resource
import signal
import socket
import subprocess
import time

import near  # noqa: F401
from caller import Caller, Line, Vault, chain, page
from certificates import certificates
from crowds import crowd, memory, roomy

from harness import Skip, main, test
from vaultformat.blob import KIND
from vaultformat.cursor import u64
from vaultformat.seal import common, sized
from waiting import Stopwatch, wait_until
from writer import SUITE

CALM = 90  # MiB that a server takes which has little to do, ten thousand connections without TLS included
TLS_STRANGERS = 100  # MiB for 1,024 of them
BODIES, ANSWERS = 128, 64  # MiB


def below(world, what, bound):
    took = memory(world.server)
    print(f"{what}: {took} MiB of {bound}")
    assert took <= bound, f"{took} MiB"


def chunk_of(vault, device, blob, index, count, size):
    hdr0 = common(SUITE, KIND, vault.vault_id, vault.devices[device].id, index) + blob + u64(index) + u64(count)
    head = sized(hdr0, size)
    n = -(-size // 16384)
    return head + os.urandom(64 + size + 16 * n)


def registered(world, account):
    vault = Vault(account, salt=account.encode())
    assert vault.register(world.server.port).status == 200
    return vault


# -- TLS

def over_tls(world, files=10_200):
    """A server with TLS and many descriptors, and a laptop that syncs with it."""
    ca, certificate, key = certificates(world.folder)
    roomy(world, files, "--tls-cert", certificate, "--tls-key", key)
    laptop = world.device("laptop")
    laptop.ok(*laptop.enrolment("create"), "--ca", str(ca), password=world.password)
    return laptop


def goes_on(laptop, what):
    watch = Stopwatch()
    laptop.put("note", what.encode())
    laptop.sync()
    assert watch.seconds < 15, f"{watch.seconds} s for a sync beside {what}"


def silent(world, bound, *words):
    laptop = over_tls(world)
    with crowd(world, *words) as strangers:
        goes_on(laptop, words[0])
        laptop.restart()
        laptop.unlock()
        goes_on(laptop, f"{words[0]} and a restart")
        below(world, " ".join(map(str, words)), bound)
        return strangers.counted()


@test(proves="B04")
def nine_thousand_connections_that_say_nothing_over_tls_take_little_memory(world):
    silent(world, CALM, "idle", 9_000)


@test(proves="B04")
def a_hello_that_has_only_begun_takes_no_more_than_silence(world):
    silent(world, CALM, "hello", 9_000, 6)


@test(proves="B05")
def whole_hellos_of_clients_that_then_wait_give_way_to_each_other(world):
    silent(world, CALM + TLS_STRANGERS, "hello", 4_000, "whole")


@test(proves="B05")
def strangers_that_have_shaken_hands_and_say_nothing_give_way_to_each_other(world):
    counted = silent(world, CALM + TLS_STRANGERS, "shaken", 2_500)
    assert counted["closed"] >= 2_500 - 1_024, counted


# -- Bodies

def sends_slowly(world, raw, seconds, source):
    """The answer to what is sent in equal parts over so many seconds."""
    line = Line(world.server.port, source)
    began, parts = time.monotonic(), 50
    step = -(-len(raw) // parts)
    for n in range(parts):
        line.send(raw[n * step:(n + 1) * step])
        time.sleep(max(0, began + seconds * (n + 1) / parts - time.monotonic()))
    return line.receive()


def uploads_beside(world, attacker, person):
    """Of two uploads of a whole chunk, six seconds each, both arrive while somebody announces twenty bodies a second."""
    world.start_server()
    anna = registered(world, "anna")
    by = Caller(world.server.port, anna, "a")
    with crowd(world, "announce", 20, attacker):
        for index in range(2):
            chunk = chunk_of(anna, "a", b"b" * 16, index, 4, 983_040)
            target = f"/v1/blob/{(b'b' * 16).hex()}/{index}"
            answer = sends_slowly(world, by.signed("PUT", target, chunk), 6, person)
            assert answer is not None and answer.status == 200, answer
    below(world, "announcements", CALM + BODIES)


@test(proves="B02")
def announcements_of_bodies_that_do_not_come_stop_no_upload(world):
    uploads_beside(world, "127.0.2.1", "127.0.0.1")


@test(proves="B02")
def nor_from_behind_the_same_proxy(world):
    uploads_beside(world, "127.0.0.1", "127.0.0.1")


# -- Answers

def descriptors(number):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < number:
        raise Skip(f"a process may have {hard} descriptors here, and this takes {number}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def asks(world, by, target):
    """On a connection that takes little, and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", world.server.port))
    client.sendall(by.signed("GET", target))
    return client


def stands_still(program, seconds=1):
    """Waits until a process takes no more memory than so many seconds before."""
    took, since = memory(program), Stopwatch()
    while since.seconds < seconds:
        time.sleep(0.05)
        if memory(program) > took:
            took, since = memory(program), Stopwatch()


def nobody_reads(world, asking, reader, what):
    """1,200 questions whose answers nobody takes; meanwhile a neighbour asks for his, and gets it."""
    asked = [asks(world, by, target) for _ in range(1_200 // len(asking)) for by, target in asking]
    heads = reader.get("/v1/heads")
    assert heads.status == 200, heads
    watch = Stopwatch()
    theirs = reader.get(reader.wanted)
    assert theirs.status == 200 and watch.seconds < 15, (theirs, watch.seconds)
    stands_still(world.server)
    below(world, what, CALM + ANSWERS)
    for client in asked:
        client.close()


def neighbours(world):
    """Five who have stored little, and Ben, who has a page of commits that he wants."""
    descriptors(4_000)
    roomy(world, 4_000, "--quota", str(4 << 20))
    many, ben = [registered(world, f"eve.{n}") for n in range(5)], registered(world, "ben")
    reader = Caller(world.server.port, ben, "a")
    for _ in range(40):
        ben.put("a", "note", b"x" * 20_000)
    assert reader("POST", chain(ben.devices["a"].id), page(ben.devices["a"].chain)).status == 200
    reader.wanted = chain(ben.devices["a"].id, "?from=1")
    return many, reader


@test(proves="B03")
def leaves_of_a_blob_that_nobody_reads_take_bounded_memory(world):
    """One chunk of 424 bytes says that its blob has 65,536: each answer is 2 MiB of zeros."""
    many, reader = neighbours(world)
    blob, asking = b"z" * 16, []
    for eve in many:
        by = Caller(world.server.port, eve, "a")
        chunk = chunk_of(eve, "a", blob, 65_535, 65_536, 256)
        assert len(chunk) == 424 and by("PUT", f"/v1/blob/{blob.hex()}/65535", chunk).status == 200
        asking.append((by, f"/v1/blob/{blob.hex()}"))
    nobody_reads(world, asking, reader, "leaves")


@test(proves="B03")
def pages_of_commits_that_nobody_reads_take_bounded_memory(world):
    many, reader = neighbours(world)
    asking = []
    for eve in many:
        by, device = Caller(world.server.port, eve, "a"), eve.devices["a"]
        for _ in range(50):
            eve.put("a", "note", b"x" * 20_000)
        for part in (device.chain[:30], device.chain[30:]):
            assert by("POST", chain(device.id), page(part)).status == 200
        asking.append((by, chain(device.id, "?from=1")))
    nobody_reads(world, asking, reader, "pages")


# -- Readers of the database

def writes(vault, by, number):
    device = vault.devices["a"]
    for _ in range(number):
        vault.put("a", "note", b"x")
        assert by("POST", chain(device.id), page(device.chain[-1:])).status == 200


def database(world):
    return (world.server.data / "data.mdb").stat().st_size


@test(proves="A09")
def a_backup_that_was_killed_keeps_no_pages_of_the_server(world):
    world.start_server()
    anna = registered(world, "anna")
    by = Caller(world.server.port, anna, "a")
    device = anna.devices["a"]
    assert by("POST", chain(device.id), page(device.chain)).status == 200
    for index in range(40):
        chunk = chunk_of(anna, "a", b"b" * 16, index, 41, 983_040)
        assert by("PUT", f"/v1/blob/{(b'b' * 16).hex()}/{index}", chunk).status == 200
    writes(anna, by, 200)
    before = database(world)
    writes(anna, by, 400)
    honest = database(world) - before
    copy = world.folder / "copy.mdb"
    argv = [world.build / "vault-server", "--data", world.server.data, "backup", copy]
    backup = subprocess.Popen(list(map(str, argv)), env=world.bare_env)
    wait_until(lambda: copy.exists() and copy.stat().st_size > 1 << 20, "the backup is under way")
    backup.send_signal(signal.SIGKILL)
    assert backup.wait() == -signal.SIGKILL, "it was too fast to be killed"
    before = database(world)
    writes(anna, by, 400)
    pinned = database(world) - before
    print(f"400 writes: {honest >> 10} KiB, and {pinned >> 10} KiB after a killed backup")
    assert pinned <= honest + (2 << 20), f"{pinned} bytes for what took {honest}"


if __name__ == "__main__":
    main()

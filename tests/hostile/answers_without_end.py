#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answers that never end, trickle, are announced as they are not, or hold more than anybody would send, at every door of a
daemon: each costs a bounded time and a bounded memory, has a clear exit code, and an honest answer heals."""

import threading
from concurrent.futures import ThreadPoolExecutor

import near  # noqa: F401
from caller import page
from joins import Home
from scripted import Said, Scripted

from harness import main, test
from vaultformat.cursor import u16, u32, u64
from vaultformat.primitives import sha256
from waiting import Stopwatch

CLAIMS = "A03"

DOORS = ["/v1/prelogin", "/v1/session", "/v1/heads", "/v1/keyring", "/v1/chain"]
GROWTH = 48  # MiB that a daemon may need above what it needs anyway: a body of 4 MiB, read and decoded, and a database
REQUEST = 30  # seconds that a request may take, and
SLACK = 15  # more on a machine that is busy


def forever(piece):
    while True:
        yield piece


def trickle(stop, piece=b"x"):
    while not stop.wait(1):
        yield piece


def head(*lines):
    return "\r\n".join(["HTTP/1.1 200 OK", *lines]).encode() + b"\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


MIB = bytes(1 << 20)
# What is refused at once: the lie and the exit codes that it may have.
AT_ONCE = {
    "a body of ten gigabytes": (lambda: Said(raw=head("Content-Length: 10737418240"), behind=forever(MIB)), 14),
    "a length that is no number of this world": (lambda: Said(raw=head(f"Content-Length: {2**64 - 1}")), (11, 14)),
    "a length that overflows": (lambda: Said(raw=head(f"Content-Length: {2**70}")), (11, 14)),
    "chunks without end": (lambda: Said(raw=head("Transfer-Encoding: chunked"), behind=forever(chunk(MIB))), 14),
    "one chunk of ten gigabytes": (
        lambda: Said(raw=head("Transfer-Encoding: chunked") + b"280000000\r\n", behind=forever(MIB)), (11, 14)),
    "tiny chunks without end": (
        lambda: Said(raw=head("Transfer-Encoding: chunked"), behind=forever(chunk(b"x") * 10_000)), 14),
    "a chunk whose extension never ends": (
        lambda: Said(raw=head("Transfer-Encoding: chunked") + b"1;", behind=forever(b"x" * 4096)), (11, 14)),
    "headers without end": (lambda: Said(raw=b"HTTP/1.1 200 OK\r\n", behind=forever(b"X-More: of it\r\n" * 100)), 14),
    "a header without end": (lambda: Said(raw=b"HTTP/1.1 200 OK\r\nX: ", behind=forever(b"x" * 4096)), 14),
    "a status line without end": (lambda: Said(raw=b"HTTP/1.1 200 ", behind=forever(b"x" * 4096)), (11, 14)),
    "interim answers without end": (
        lambda: Said(raw=b"", behind=forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)), (11, 14)),
    "a body up to wherever the connection ends": (lambda: Said(raw=head(), behind=forever(MIB)), 11),
    "a bomb of gzip": (
        lambda: Said(raw=head("Content-Encoding: gzip", "Content-Length: 1000000") + b"\x1f\x8b\x08" + bytes(999_997)), 11),
    "noise without end": (lambda: Said(raw=b"\0", behind=forever(b"\xff" * 65536)), (11, 14)),
    "four megabytes of nothing": (lambda: Said(bytes(4 << 20)), 11),
    "four megabytes of empty entries": (lambda: Said(u16(65535) + bytes((4 << 20) - 2)), 11),
}


class Lair:
    """A server that is honest but at one door, and daemons that join through it."""

    def __init__(self, world):
        self.world, self.home, self.door, self.lie = world, Home(), None, None
        self.server = Scripted(self.answer)

    def answer(self, asked):
        if self.door and asked.target.startswith(self.door):
            return self.lie()
        if asked.method == "PUT":
            return Said(asked.body[56:60] + sha256(asked.body))
        if asked.method == "POST" and asked.target.startswith("/v1/chain/"):
            return Said(asked.body[66:74] + sha256(asked.body[6:]))  # one commit: its seq, and its hash
        return self.home.answer(asked.method, asked.target)

    def joins(self, device):
        return device.ctl(*device.enrolment("join", self.server.url), password=self.world.password)


def memory(device):
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def refused(said, codes):
    codes = codes if isinstance(codes, tuple) else (codes,)
    return said.code in codes and said.out == b"" and said.err.count(b"\n") == 1


@test
def what_is_larger_than_it_may_be_is_refused_at_once_at_every_door_in_bounded_memory(world):
    lair, honest, victim = Lair(world), world.device("honest"), world.device("victim")
    assert lair.joins(honest).code == 0
    needs = memory(honest)
    for lair.door in DOORS:
        for what, (lair.lie, codes) in AT_ONCE.items():
            watch = Stopwatch()
            said = lair.joins(victim)
            assert refused(said, codes), f"{what} at {lair.door}: {said}"
            assert watch.seconds < SLACK, f"{what} at {lair.door} took {watch.seconds:.1f} s"
            assert memory(victim) < needs + GROWTH, f"{what} at {lair.door}: {memory(victim):.0f} MiB, {needs:.0f} honestly"
    print(f"{len(DOORS) * len(AT_ONCE)} lies: {memory(victim):.0f} MiB at most, an honest join {needs:.0f}")
    lair.door = None
    said = lair.joins(victim)
    assert said.code == 0, said
    assert len(victim.names()) == 9


def slow_lies(stop):
    return {
        "no answer": lambda: Said(raw=b"", behind=trickle(stop, b"")),
        "a head that trickles": lambda: Said(raw=b"HTTP/1.1 200 OK\r\nX: ", behind=trickle(stop)),
        "interim answers that trickle": lambda: Said(raw=b"HTTP/1.1 1", behind=trickle(stop, b"0")),
        "a body that trickles": lambda: Said(raw=head("Content-Length: 1000"), behind=trickle(stop)),
        "a body that lacks a byte": lambda: Said(raw=head("Content-Length: 49") + bytes(48), behind=trickle(stop, b"")),
        "chunks that trickle": lambda: Said(raw=head("Transfer-Encoding: chunked"), behind=trickle(stop, chunk(b"x"))),
        "chunks that lack their end": lambda: Said(
            raw=head("Transfer-Encoding: chunked") + chunk(bytes(49)), behind=trickle(stop, b"")),
    }


@test
def what_trickles_or_stalls_ends_at_the_deadline_of_a_request_and_heals(world):
    stop = threading.Event()
    lies = slow_lies(stop)
    lairs, devices = [], []
    for number, (what, lie) in enumerate(lies.items()):
        lairs.append(Lair(world))
        lairs[-1].door, lairs[-1].lie = DOORS[number % len(DOORS)], lie
        devices.append(world.device(f"device{number}"))
    watch = Stopwatch()
    with ThreadPoolExecutor(len(lies)) as pool:
        said = list(pool.map(lambda pair: (pair[0].joins(pair[1]), watch.seconds), zip(lairs, devices)))
    stop.set()
    for what, lair, device, (one, seconds) in zip(lies, lairs, devices, said):
        where = f"{what} at {lair.door}"
        assert refused(one, (10, 11)), f"{where}: {one}"
        assert REQUEST - 2 < seconds < REQUEST + SLACK, f"{where} took {seconds:.1f} s"
        lair.door = None
        assert lair.joins(device).code == 0, where
        assert len(device.names()) == 9
    print(f"{len(lies)} that are slow: {max(seconds for _, seconds in said):.1f} s at most")


@test
def a_history_without_end_is_refused_above_its_limits(world):
    lair, victim = Lair(world), world.device("victim")
    home = lair.home
    last = u32(2**32 - 1) + bytes(32) + u16(0)
    ring = home.rings[0][:200_000]
    pages = {
        "versions that say there are more and more": (last, lambda asked: Said(last[:36] + page([ring] * 1000)), 14),
        "versions of the largest size": (last, lambda asked: Said(last[:36] + page([bytes(262_144)] * 15)), 14),
        "versions above it": (last, lambda asked: Said(last[:36] + page([bytes(262_145)])), 14),
    }
    honest = home.heads(home.rings, home.chains)
    device = min(home.chains)
    endless = honest[:38] + device + u64(2**63) + honest[62:]
    pages["a chain of 2^63 commits"] = (
        endless, lambda asked: Said(page(home.chains[device])) if asked.target.endswith("from=1") else Said(page([])), 11)
    pages["a chain that begins again"] = (endless, lambda asked: Said(page(home.chains[device])), 11)
    for what, (heads, answer, codes) in pages.items():
        def lie(asked, heads=heads, answer=answer):
            if asked.target == "/v1/heads":
                return Said(heads)
            if asked.target.startswith(("/v1/keyring", "/v1/chain")[heads is endless]):
                return answer(asked)
            return home.answer(asked.method, asked.target)

        lair.server.answer = lie
        watch = Stopwatch()
        said = lair.joins(victim)
        assert refused(said, codes), f"{what}: {said}"
        assert watch.seconds < REQUEST, f"{what} took {watch.seconds:.1f} s"
        # 64 MiB of keyrings are held until all are there.
        assert memory(victim) < 64 + 32 + GROWTH, f"{what}: {memory(victim):.0f} MiB"
        print(f"{what}: {watch.seconds:.1f} s, {memory(victim):.0f} MiB")
    lair.server.answer = lair.answer
    assert lair.joins(victim).code == 0


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A change on one device is on the others at once: the server says so over a WebSocket, and what it says is believed
by nobody.

What was asked is counted at the proxy: where no request went out but those of a round that a notice started, no timer
did it.
"""

import os
import statistics
import struct

import near  # noqa: F401
from harness import main, test
from waiting import Stopwatch, wait_until

SECOND = 1.0
NOTICE = 16


def watches(world):
    return [e for e in world.proxy.exchanges if e.target == "/v1/watch"]


def polls(world):
    return [e for e in world.proxy.exchanges if "wait=" in e.target]


def rounds(world):
    return [e for e in world.proxy.exchanges if e.target == "/v1/heads"]


def listening_pair(world):
    """Two devices behind the proxy, whose WebSockets are open."""
    laptop, phone = world.pair()
    wait_until(lambda: len([e for e in watches(world) if e.status == 101]) == 2, "two WebSockets")
    return laptop, phone


def has(device, name, value):
    said = device.ctl("get", name)
    return said.code == 0 and said.out == value


def arrives(device, name, value, seconds=10.0):
    """Seconds until the device has the item."""
    watch = Stopwatch()
    wait_until(lambda: has(device, name, value), f"{name} on {device.name}", seconds)
    return watch.seconds


def frame(payload, opcode=2, fin=True, mask=False):
    head = bytes([(0x80 if fin else 0) | opcode])
    if len(payload) < 126:
        head += bytes([(0x80 if mask else 0) | len(payload)])
    else:
        head += bytes([(0x80 if mask else 0) | 127]) + struct.pack(">Q", len(payload))
    return head + (b"\0\0\0\0" if mask else b"") + payload


def memory_kib(device):
    with open(f"/proc/{device.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@test
def a_change_is_on_the_other_device_within_a_second_and_nobody_polls(world):
    world.start_server(proxied=True)
    laptop, phone = listening_pair(world)
    laptop.put("first", b"1")
    arrives(phone, "first", b"1")
    before, took = len(rounds(world)), []
    for number in range(20):
        laptop.put("work/item", b"%d" % number)
        took.append(arrives(phone, "work/item", b"%d" % number))
    print("put to get, 20 times: median %.3f s, longest %.3f s" % (statistics.median(took), max(took)))
    assert max(took) < SECOND, took
    assert polls(world) == [], "somebody polled"
    assert len(watches(world)) == 2, "a WebSocket was opened more than once"
    assert len(rounds(world)) - before <= 44, f"{len(rounds(world)) - before} rounds for 20 changes and two devices"


@test
def a_locked_device_fetches_what_it_is_told_of(world):
    world.start_server(proxied=True)
    laptop, phone = listening_pair(world)
    phone.ok("lock")
    before, chain = len(world.proxy.exchanges), "/v1/chain/" + laptop.status()["device"]["id"]
    laptop.put("while/locked", b"here")
    wait_until(lambda: any(e.method == "GET" and e.target.startswith(chain) and e.answer is not None
                           for e in world.proxy.exchanges[before:]), "the locked phone fetches")
    laptop.stop()
    wait_until(lambda: phone.status()["sync"]["state"] == "idle", "the round ends")
    world.server.stop()
    phone.unlock()
    assert phone.get("while/locked") == b"here"


@test
def a_server_that_comes_back_is_found_within_seconds(world):
    world.start_server(proxied=True)
    laptop, phone = listening_pair(world)
    world.server.stop()
    wait_until(lambda: phone.status()["sync"]["state"] == "offline", "the phone notices")
    laptop.put("meanwhile", b"kept")
    before = len(watches(world))
    world.server.start()
    took = arrives(phone, "meanwhile", b"kept")
    assert took < 8, f"{took:.1f} s after the server's return"
    wait_until(lambda: len([e for e in watches(world)[before:] if e.status == 101]) >= 2, "both listen again")


@test
def where_the_upgrade_is_refused_long_polls_do(world):
    world.start_server(proxied=True)

    def refuse(exchange):
        if exchange.target == "/v1/watch":
            exchange.answer = b"no"

    world.proxy.rule = refuse
    laptop, phone = world.pair()
    wait_until(lambda: len(polls(world)) >= 2, "both poll")
    for number in range(3):
        laptop.put("item", b"%d" % number)
        assert arrives(phone, "item", b"%d" % number) < 5
    assert len(watches(world)) == 2, "a refusal is asked for again and again"


class Liar:
    """Lets the phone's upgrade happen, then says what it likes in the server's place, on each WebSocket."""

    def __init__(self, world, say):
        self.say, self.connections, self.sent = say, 0, 0
        world.proxy.rule = self

    def __call__(self, exchange):
        if exchange.target == "/v1/watch" and exchange.status == 101:
            exchange.then = self.speak

    def speak(self, client):
        self.connections += 1
        for data in self.say():
            client.sendall(data)
            self.sent += len(data)
        return client.recv(1) == b"" and False


def lies_cost_little(world, say, most_rounds):
    """A phone that hears such things for a while lives, asks little, and hears the truth afterwards."""
    world.start_server(proxied=True)
    laptop, phone = world.pair()
    liar = Liar(world, say)
    phone.restart()
    phone.unlock()
    wait_until(lambda: liar.connections >= 1, "the phone listens to the liar")
    before, memory, watch = len(rounds(world)), memory_kib(phone), Stopwatch()
    laptop.put("through", b"lies")
    arrives(phone, "through", b"lies")
    wait_until(lambda: watch.seconds > 3, "three seconds of it")
    assert len(rounds(world)) - before <= most_rounds, f"{len(rounds(world)) - before} rounds in three seconds"
    assert memory_kib(phone) < memory + 8192, "the memory grows"
    world.proxy.rule = None
    world.proxy.hang_up()
    laptop.put("truth", b"heals")
    arrives(phone, "truth", b"heals", 15)
    return liar


def endless(make):
    def say():
        while True:
            yield make()
    return say


@test
def endless_notices_start_hardly_a_round_a_second(world):
    flood = lies_cost_little(world, endless(lambda: b"".join(frame(os.urandom(NOTICE)) for _ in range(100))), 10)
    assert flood.connections <= 2


@test
def pings_and_empty_fragments_without_end_cost_nothing(world):
    def say():
        while True:
            yield frame(b"p" * 100, opcode=9) * 50
            yield frame(b"", opcode=2, fin=False) + frame(b"", opcode=0, fin=False) * 50 + frame(b"", opcode=0)
    lies_cost_little(world, say, 10)


@test
def whatever_is_not_a_notice_ends_the_connection(world):
    kinds = [frame(b"x" * 17), frame(b"y" * NOTICE, mask=True), frame(b"z" * NOTICE, opcode=1), frame(b"", opcode=7),
             b"\xff" * 100, frame(b"\x03\xe8", opcode=8), frame(b"", opcode=8), struct.pack(">BBQ", 0x82, 127, 1 << 62)]
    turn = iter(range(1 << 30))
    liar = lies_cost_little(world, lambda: [kinds[next(turn) % len(kinds)]], 12)
    assert liar.connections <= 6, f"{liar.connections} connections"


if __name__ == "__main__":
    main()

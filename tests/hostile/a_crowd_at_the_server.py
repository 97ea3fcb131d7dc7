#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers in great numbers, in another process, while two devices of an honest person write and read: the server serves
them, its memory stays below a bound, and no password is tried more often than it should be."""

import socket
from urllib.request import urlopen

import near  # noqa: F401
from caller import Caller, Vault, chain, page
from crowds import crowd, memory, roomy

from harness import main, test
from waiting import Stopwatch, wait_until

CLAIMS = "A08"

SECONDS = 15  # that a write may take to the other device, whatever goes on; a machine that tests is busy


def household(world, *options, files=None):
    """A server whose numbers can be read, a laptop and a phone."""
    roomy(world, files) if files else world.start_server(*options)
    laptop, phone = world.pair()
    laptop.put("first", b"0")
    arrives(phone, "first", b"0")
    return laptop, phone


def arrives(device, name, value):
    wait_until(lambda: device.ctl("get", name).out == value, f"{name} on {device.name}", SECONDS)


def life_goes_on(laptop, phone, what, rounds=8):
    """Writes on one device are read on the other; prints how long the slowest took."""
    times = []
    for n in range(rounds):
        watch = Stopwatch()
        laptop.put(what, b"%d" % n)
        laptop.sync()
        arrives(phone, what, b"%d" % n)
        times.append(watch.seconds)
    print(f"{what}: from put to get {max(times):.2f} s at most")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def number(place, name):
    """A number of the server's metrics."""
    text = urlopen(f"http://{place}/metrics", timeout=20).read().decode()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"vault_server_{name} "))


@test(proves="A04")
def guesses_from_everywhere_are_few_and_enrolled_devices_do_not_notice(world):
    laptop, phone = household(world)
    tablet = world.device("tablet")
    with crowd(world, "guesses", 20, world.account) as strangers:
        life_goes_on(laptop, phone, "guesses")
        phone.restart()
        phone.unlock()  # a new session of a device
        life_goes_on(laptop, phone, "guesses and a restart", 2)
        # The price: with the password alone nobody joins meanwhile, and the person is told to try again.
        assert "try again" in tablet.fails(12, *tablet.enrolment("join"), password=world.password)
        counted = strangers.counted()
    print(f"guesses: {counted}")
    tried, seconds = counted["401"], counted["seconds"]
    assert set(counted) == {"401", "429", "seconds"} and counted["429"] > 500, counted
    assert tried <= 11 + seconds / 10, f"{tried} guesses in {seconds:.0f} s"
    words = tablet.enrolment("join")
    wait_until(lambda: tablet.ctl(*words, password=world.password).code == 0, "the owner joins when it is over")


@test(proves="A04")
def guesses_at_an_account_that_is_not_there_are_as_many(world):
    world.start_server()
    with crowd(world, "guesses", 20, "nobody") as strangers:
        counted = strangers.counted()
    assert set(counted) == {"401", "429", "seconds"}, counted
    assert 10 <= counted["401"] <= 11 + counted["seconds"] / 10, counted


def idle_crowd(world, files, connections):
    laptop, phone = household(world, files=files)
    server = world.server
    with crowd(world, "idle", connections) as strangers:
        life_goes_on(laptop, phone, f"{connections} idle")
        laptop.restart()
        laptop.unlock()
        life_goes_on(laptop, phone, f"{connections} idle and a restart", 2)
        print(f"the server took {memory(server)} MiB")
        assert memory(server) < 500
        return strangers.counted()


@test
def eight_thousand_idle_connections_are_held_and_honest_devices_sync(world):
    counted = idle_crowd(world, 10_200, 8_000)
    assert counted.get("closed", 0) == 0, counted


@test
def more_idle_connections_than_descriptors_give_way_to_honest_devices(world):
    counted = idle_crowd(world, 300, 800)
    assert counted["closed"] > 400, counted


@test(proves="B01")
def bodies_that_never_end_give_way_and_take_bounded_memory(world):
    laptop, phone = household(world, files=2_000)
    with crowd(world, "heavy", 150) as strangers:
        life_goes_on(laptop, phone, "heavy bodies", 4)
        with crowd(world, "trickle", 150):
            life_goes_on(laptop, phone, "heavy and trickling bodies", 4)
        counted = strangers.counted()
    print(f"the server took {memory(world.server)} MiB; {counted}")
    # 128 MiB for all bodies, and what a server takes that has none. Without a limit these take 600.
    assert memory(world.server) < 128 + 70, f"{memory(world.server)} MiB"
    assert counted["cut off"] >= 30, counted  # 150 bodies of 4 MiB do not fit in that


@test
def questions_of_strangers_as_fast_as_they_come_keep_nobody_waiting(world):
    place = f"127.0.0.1:{free_port()}"
    laptop, phone = household(world, "--metrics", place)
    with crowd(world, "asking", 8) as strangers:
        wait_until(lambda: number(place, "sessions") >= 16 * 1024, "as many sessions as strangers may have", 60)
        life_goes_on(laptop, phone, "questions")
        sessions = number(place, "sessions")
        counted = strangers.counted()
    print(f"{counted['200']} answers, {sessions} sessions, {memory(world.server)} MiB")
    assert sessions <= 16 * 1024 + 16, "sessions that carried nothing share a bounded room"
    assert memory(world.server) < 150


@test
def an_account_that_is_full_is_full_alone_and_can_still_change_its_keyring(world):
    world.start_server("--quota", str(1 << 20))
    port = world.server.port
    greedy, other = Vault("greedy"), Vault("other")
    for vault in (greedy, other):
        assert vault.register(port).status == 200
    by, device = Caller(port, greedy, "a"), greedy.devices["a"]
    sent, answer = 0, None
    while answer is None or answer.status == 200:
        for _ in range(100):
            greedy.put("a", "note", b"x")
        answer = by("POST", chain(device.id), page(device.chain[sent:]))
        sent = len(device.chain) if answer.status == 200 else sent
    assert answer.status == 413 and answer.kind == "E_LIMIT", answer
    stored = sum(map(len, device.chain[:sent]))
    assert 900_000 < stored <= 1 << 20, stored
    assert by.get("/v1/heads").status == 200, "it can be read"
    page_of = by.get(chain(device.id, f"?from={sent}"))
    assert page_of.body == page([device.chain[sent - 1]]), "all of what was answered, and none of what was not"
    assert Caller(port, other, "a")("POST", chain(other.devices["a"].id), page(other.devices["a"].chain)).status == 200
    del device.chain[sent:]
    greedy.add_device("b", len(greedy.rings) + 1)
    greedy.ring(greedy.next())
    assert by("PUT", "/v1/keyring", greedy.rings[-1].raw).status == 200, "a full account can still revoke"
    oversize = by("PUT", "/v1/keyring", greedy.rings[-1].raw[:52] + (262_145).to_bytes(4, "big") + bytes(262_089))
    assert oversize.status in (400, 413) and oversize.kind in ("E_LIMIT", "E_TAMPER"), oversize


if __name__ == "__main__":
    main()

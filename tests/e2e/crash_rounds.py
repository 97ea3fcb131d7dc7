#!/usr/bin/python3
"""A daemon that is killed while it writes has, when it comes back, every write that it had answered; and no key has
met an IV twice in all of it."""

import os
import random
import select
from collections import Counter

from harness import main, test

ROUNDS = int(os.environ.get("VAULT_CRASH_ROUNDS", "30"))
UNDER_WAY = 8


def puts_until_killed(device, chance, names):
    """Keeps puts under way until the moment has come, kills, and gives name and value of the answered ones."""
    asked, answered = {}, {}
    moment = chance.uniform(0, 0.03)
    with device.rpc() as rpc:
        def ask():
            name = next(names)
            asked[rpc.send("item.put", {"name": name, "value": f"value of {name}"})] = name

        for _ in range(UNDER_WAY):
            ask()
        for _ in range(chance.randrange(60)):
            answered.update(read_answer(rpc, asked))
            ask()
        while select.select([rpc.socket], [], [], moment)[0]:
            answered.update(read_answer(rpc, asked))
            ask()
            moment /= 2
        device.kill()
        drain(rpc, asked, answered)
    return answered


def read_answer(rpc, asked):
    answer = rpc.receive()
    name = asked[answer["id"]]
    rpc.result(answer)
    return {name: f"value of {name}".encode()}


def drain(rpc, asked, answered):
    """Answers that were on their way when the daemon died count: somebody may have read them."""
    try:
        while True:
            answered.update(read_answer(rpc, asked))
    except (EOFError, OSError):
        pass


def numbered():
    number = 0
    while True:
        yield f"crash/{number % 10}/{number:06}"
        number += 1


def pairs_differ(audit):
    """No pair of key and IV sealed two different texts; and the audit has seen something."""
    rows = {tuple(line.split()[:2]) for line in audit.read_text().splitlines()}
    seen = Counter(pair for pair, _ in rows)
    assert len(rows) >= 10
    repeated = [pair for pair, times in seen.items() if times > 1]
    assert not repeated, f"{len(repeated)} pairs repeat"


def rounds(world, program, count, seed):
    chance, names, answered = random.Random(seed), numbered(), {}
    audit = world.folder / "audit"
    world.start_server()
    laptop, phone = world.device("laptop", program, start=False), world.device("phone", program)
    laptop.start(VAULT_AUDIT=str(audit))
    laptop.create()
    phone.join()
    for number in range(count):
        new = puts_until_killed(laptop, chance, names)
        laptop.start(VAULT_AUDIT=str(audit))
        laptop.unlock()
        with laptop.rpc() as rpc:
            lost = {name for name, value in new.items() if rpc.get(name) != value}
        assert not lost, f"round {number} (seed {seed}) lost {sorted(lost)[:5]} of {len(new)}"
        answered |= new
    laptop.sync()
    phone.sync()
    values = phone.values()
    assert values == laptop.values() and answered.items() <= values.items(), f"seed {seed}"
    assert laptop.status()["trust"]["state"] != "distrusted" and len(laptop.status()["devices"]) == 2
    return audit


@test
def a_killed_daemon_has_every_write_that_it_answered(world):
    pairs_differ(rounds(world, "vaultd_test", ROUNDS, seed=random.randrange(1 << 32)))


@test
def so_has_a_killed_daemon_of_a_release(world):
    rounds(world, "vaultd", 3, seed=random.randrange(1 << 32))


@test
def a_pair_that_repeats_would_be_seen(world):
    audit = world.folder / "audit"
    lines = [f"pair{n} text{n} key device {n}\n" for n in range(20)]
    audit.write_text("".join(lines * 2))
    pairs_differ(audit)  # the same bytes sealed and written twice are one sealing
    audit.write_text("".join(lines) + "pair7 other key device 7\n")
    try:
        pairs_differ(audit)
    except AssertionError:
        return
    raise AssertionError("the repeated pair was not seen")


FAULTS_SEEN = 3


@test
def a_daemon_killed_at_each_point_of_its_write_path_recovers(world):
    """The fault points that a put, a sync and an unlock pass, as the program itself names them."""
    world.start_server()
    laptop, log, audit = world.device("laptop", start=False), world.folder / "points", world.folder / "audit"
    laptop.start(VAULT_FAULT_LOG=str(log), VAULT_AUDIT=str(audit))
    laptop.create()
    laptop.put("first", b"value")
    laptop.sync()
    laptop.stop()
    points = sorted(set(log.read_text().split()))
    assert len(points) >= FAULTS_SEEN, points
    kept = {"first": b"value"}
    for point in points:
        laptop.start(VAULT_FAULT=f"{point}:1", VAULT_AUDIT=str(audit))
        if laptop.ctl("unlock", password=world.password).code == 0:
            if laptop.ctl("put", f"at {point}", input=b"value").code == 0:
                kept[f"at {point}"] = b"value"
            laptop.ctl("sync")
        if laptop.running:
            laptop.ask_to_stop()  # which passes points, too
            laptop.process.wait(10)
        laptop.start(VAULT_AUDIT=str(audit))
        laptop.unlock()
        laptop.sync()
        values = laptop.values()
        assert kept.items() <= values.items(), point
        kept = values
        laptop.stop()
    pairs_differ(audit)


if __name__ == "__main__":
    main()

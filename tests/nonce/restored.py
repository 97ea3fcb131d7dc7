#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A backup of a device's state is put back, and the device writes on: as many writes of the same size as were forgotten,
while the server can be reached, cannot until later, or withholds what it has of the device. The device notices, becomes
another one, and both halves are readable on a third device; no key has met an IV twice."""

import itertools

import near  # noqa: F401
from scenario import SOAK, audited, main, put_many, sealed, show_row, test

CLAIMS = "1"

WRITES = 5000 if SOAK else 500


def of(word):
    return [f"{word}/{n:04}" for n in range(WRITES)]


def values(word):
    return {name: f"{word} {name}".encode() for name in of(word)}


def write(device, word):
    put_many(device, of(word), lambda name: f"{word} {name}".encode())


def former_ids(device):
    return len(device.status()["identity"]["former"])


def third_device_has(world, wanted, constant):
    third = audited(world, "third", constant=constant).start()
    third.join()
    have = third.values()
    missing = wanted.keys() - have.keys()
    wrong = {name for name in wanted if name in have and have[name] != wanted[name]}
    assert not wrong and have.keys() <= wanted.keys(), sorted(wrong | (have.keys() - wanted.keys()))[:5]
    return len(missing)


def backed_up(world, constant):
    """The laptop, its backup and the server's, after both of which it has written."""
    world.start_server()
    laptop = audited(world, "laptop", constant=constant).start()
    laptop.create()
    write(laptop, "first")
    laptop.sync()
    laptop.stop()
    backup = laptop.copied()
    of_server = world.server.copied("server-past")
    laptop.start()
    laptop.unlock()
    write(laptop, "lost!")
    laptop.sync()
    return laptop, backup, of_server


def counts_again(audit):
    """Counters of one device under two texts, in different lives of it."""
    places = {(s.device, s.counter): 0 for s in audit.sealings if s.kind == 1}
    for s in {s._replace(branch="", key="") for s in audit.sealings if s.kind == 1}:
        places[s.device, s.counter] += 1
    return sum(times > 1 for times in places.values())


def goes_on(world, scenario, laptop, constant, again=False):
    """The laptop has written its second half, and is in touch."""
    lost = third_device_has(world, values("first") | values("lost!") | values("after"), constant)
    audit = sealed(world)
    audit.check({"laptop.1": WRITES, "laptop.2": WRITES, "laptop.3": WRITES})
    assert not again or counts_again(audit) >= WRITES, "no counter came again: this proves nothing"
    rolled = former_ids(laptop)
    assert 1 <= rolled <= 2 and laptop.status()["identity"]["state"] == "sound", laptop.status()["identity"]
    assert lost == 0, f"{lost} writes are lost"
    show_row(scenario, audit, 3 * WRITES, lost, rolled)


def in_touch(world, scenario, constant=False):
    laptop, backup, _ = backed_up(world, constant)
    laptop.goes_back(backup)
    laptop.unlock()
    write(laptop, "after")
    if laptop.ctl("sync").code == 5:
        laptop.unlock()
        laptop.sync()
    goes_on(world, scenario, laptop, constant)


def out_of_touch(world, scenario, constant=False):
    """The whole state is older, and nobody says so until the second half is written under the same numbers."""
    laptop, backup, _ = backed_up(world, constant)
    world.server.stop()
    laptop.goes_back(backup)
    laptop.unlock()
    assert former_ids(laptop) == 0, "the backup has its own witness"
    write(laptop, "after")
    world.server.start()
    laptop.fails(5, "sync")
    laptop.unlock()
    laptop.sync()
    goes_on(world, scenario, laptop, constant, again=True)


def database_alone(world, scenario, constant=False):
    """The witness beside it is newer: noticed without any server."""
    laptop, backup, _ = backed_up(world, constant)
    world.server.stop()
    laptop.goes_back(backup, "data.mdb")
    laptop.unlock()
    assert former_ids(laptop) == 1 and laptop.status()["identity"]["reason"] == "behind"
    write(laptop, "after")
    world.server.start()
    for _ in range(2):
        if laptop.ctl("sync").code == 5:
            laptop.unlock()
    laptop.sync()
    goes_on(world, scenario, laptop, constant)


def withheld(world, scenario, constant=False):
    """The server shows a past of its own at first, in which the restored device finds itself as it is now, takes what
    is written under the same numbers, and shows what it had withheld only then."""
    laptop, backup, past = backed_up(world, constant)
    present = world.server.goes_back(past)
    laptop.goes_back(backup)
    laptop.unlock()
    write(laptop, "after")
    laptop.sync()
    assert former_ids(laptop) == 0, "nobody can tell yet"
    world.server.goes_back(present)
    assert laptop.ctl("sync").code == 5, laptop.status()
    laptop.unlock()
    laptop.sync()
    goes_on(world, scenario, laptop, constant, again=True)


@test
def a_database_alone_put_back_loses_no_write_and_repeats_no_pair(world):
    database_alone(world, "restored, database alone")


@test
def nor_does_it_though_the_random_generator_does(world):
    database_alone(world, "restored, database alone, constant random", constant=True)


def add_tests(scenario, constant):
    def one(world):
        title = "restored, " + scenario.__name__.replace("_", " ")
        scenario(world, title + (", constant random" if constant else ""), constant)
    one.__name__ = (f"a_state_put_back_{scenario.__name__}_loses_no_write_and_repeats_no_pair" +
                    ("_though_the_generator_does" if constant else ""))
    test(one)


for scenario, constant in itertools.product((in_touch, out_of_touch, withheld), (False, True)):
    add_tests(scenario, constant)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A laptop works through a week without a network; then a phone has all of it; then both are lost, and nothing is."""

import base64
import json
import random
import shutil
import subprocess

import near  # noqa: F401
from harness import READER, main, test
from names import like_peoples
from waiting import Stopwatch

ITEMS, ONE_BY_ONE = 1000, 100


def thousand_items():
    """Names in several scripts and collections, with texts, binary and empty values: the same ones at every run."""
    chance = random.Random(1)
    values = {}
    for n in range(ITEMS):
        size = chance.choice([0, 1, 20, 200, 3000])
        text = f"item {n} ".encode() * (size // 8)
        values[like_peoples(n, ("", "week/", "woche/ä/", "неделя/")[n % 4])] = text if n % 2 else chance.randbytes(size)
    return values


def put_many(device, values):
    """`vaultctl put-many` with these items, a JSON object a line."""
    lines = [json.dumps({"name": n, "value_base64": base64.b64encode(v).decode()}) for n, v in values.items()]
    device.ok("put-many", input="\n".join(lines).encode() + b"\n")


def store_all(device, values):
    names = list(values)
    for name in names[:ONE_BY_ONE]:
        device.put(name, values[name])
    put_many(device, {name: values[name] for name in names[ONE_BY_ONE:]})


def read_export(world, device):
    """What the Python reader makes of a sealed export, name by name."""
    device.ok("export", "--sealed", str(world.folder / "export"))
    (world.folder / "password").write_text(world.password)
    argv = ["/usr/bin/python3", READER, world.folder / "export", "--password-file", world.folder / "password"]
    done = subprocess.run([*argv, "--json", "--allow-test-suite"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    items = [json.loads(line) for line in done.stdout.splitlines()]
    return {item["name"]: base64.b64decode(item["value_base64"]) for item in items}


def the_story(world, program):
    world.packs_often()
    values = thousand_items()
    world.start_server()
    laptop = world.device("laptop", program)
    laptop.create()
    world.server.stop()
    store_all(laptop, values)
    assert laptop.values() == values, "the laptop has all of it with no server"
    assert laptop.status()["sync"]["pending"] > ONE_BY_ONE

    world.server.start()
    laptop.sync()
    assert laptop.status()["sync"]["pending"] == 0
    laptop.stop()
    phone = world.device("phone", program)
    phone.join()
    assert len(phone.names()) == ITEMS
    assert phone.values() == values, "the phone has every byte"

    edited, removed = list(values)[0], list(values)[-1]
    phone.put(edited, b"edited on the phone")
    phone.ok("rm", removed)
    phone.sync()
    values[edited] = b"edited on the phone"
    del values[removed]
    laptop.start()
    laptop.unlock()
    agrees_within_two_seconds(laptop, edited, removed)
    assert laptop.values() == values

    lose(laptop, phone)
    tablet = world.device("tablet", program)
    tablet.join()
    assert tablet.values() == values, "a new device has everything"
    assert read_export(world, tablet) == values, "and so has a reader that is no program of ours"


def agrees_within_two_seconds(laptop, edited, removed):
    watch = Stopwatch()
    laptop.sync()
    assert laptop.get(edited) == b"edited on the phone"
    laptop.fails(7, "get", removed)
    assert watch.seconds < 2, f"took {watch.seconds:.1f} s"


def lose(*devices):
    for device in devices:
        device.stop()
        shutil.rmtree(device.state)


@test(proves="9")
def a_thousand_items_survive_from_device_to_device(world):
    the_story(world, "vaultd_test")


@test
def they_do_so_with_the_programs_of_a_release(world):
    the_story(world, "vaultd")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three devices that cannot hear of each other write one item fifty times each. Nothing is lost, all agree, and a
person decides."""

import near  # noqa: F401
from harness import main, test

WRITES = 50
NAME = "shared/plan"


def three(world, program="vaultd_test"):
    world.start_server()
    devices = [world.device(name, program) for name in ("laptop", "phone", "desk")]
    devices[0].create()
    for device in devices[1:]:
        device.join()
    for device in devices:
        device.sync()
    return devices


def partitioned(world, devices):
    """The server goes; each device writes on its own; the server comes back and all sync."""
    world.server.stop()
    written = set()
    for device in devices:
        for n in range(WRITES):
            value = f"{device.name} {n}".encode()
            device.put(NAME, value)
            written.add(value)
        assert device.get(NAME) == value, "a device sees its own last write"
    world.server.start()
    all_sync(devices)
    return written


def all_sync(devices):
    for device in [*devices, *devices[:-1]]:  # the last one's writes reach the first ones in their second turn
        device.sync()


def history(device):
    with device.rpc() as rpc:
        return rpc.call("item.history", name=NAME)["versions"]


def item(device):
    with device.rpc() as rpc:
        return rpc.call("item.get", name=NAME)


def one(values):
    """The only one of equal values."""
    first, *others = values
    assert all(other == first for other in others), values
    return first


@test
def all_versions_are_kept_and_everybody_sees_one_winner(world):
    devices = three(world, "vaultd")
    written = partitioned(world, devices)
    histories = [history(device) for device in devices]
    for versions in histories:
        assert len(versions) == 3 * WRITES
        assert sum(v["head"] for v in versions) == 3 and sum(v["winner"] for v in versions) == 1
    one([sorted(v["version"] for v in versions) for versions in histories])
    seen = one([(i["value"], i["version"], sorted(i["heads"])) for i in map(item, devices)])
    last = {f"{device.name} {WRITES - 1}" for device in devices}
    assert seen[0] in last and len(seen[2]) == 3
    with devices[0].rpc() as rpc:
        values = {rpc.get(NAME, version=v["version"]) for v in histories[0]}
        heads = {rpc.get(NAME, version=version).decode() for version in seen[2]}
    assert values == written, "every version can be read"
    assert heads == last, "heads are exactly the writes that nobody replaced"
    for device in devices:
        assert device.status()["conflicts"] == 1
        assert NAME in device.ok("conflicts").decode()
        assert device.names() == [NAME], "one item, no copies"


@test
def a_put_resolves_and_a_join_sees_the_same(world):
    devices = three(world)
    partitioned(world, devices)
    fresh = world.device("tablet")
    fresh.join()
    assert sorted(item(fresh)["heads"]) == sorted(item(devices[0])["heads"])
    fresh.put(NAME, b"settled")
    all_sync([fresh, *devices])
    for device in [fresh, *devices]:
        got = item(device)
        assert got["value"] == "settled" and got["heads"] == [got["version"]]
        assert device.status()["conflicts"] == 0
        assert len(history(device)) == 3 * WRITES + 1


@test
def if_version_replaces_only_a_single_head_equal_to_it(world):
    laptop, phone, _ = devices = three(world)
    laptop.put(NAME, b"one")
    first = item(laptop)["version"]
    laptop.ok("put", NAME, "--if-version", first, input=b"two")
    second = item(laptop)["version"]
    laptop.fails(8, "put", NAME, "--if-version", first, input=b"late")
    assert laptop.get(NAME) == b"two" and item(laptop)["heads"] == [second]
    all_sync(devices)
    world.server.stop()
    laptop.put(NAME, b"from the laptop")
    phone.put(NAME, b"from the phone")
    world.server.start()
    all_sync(devices)
    heads = item(laptop)["heads"]
    assert len(heads) == 2
    for head in heads:
        laptop.fails(8, "put", NAME, "--if-version", head, input=b"one of two")
    laptop.put(NAME, b"both")
    laptop.ok("put", NAME, "--if-version", item(laptop)["version"], input=b"and on")


@test
def an_edit_wins_over_a_remove_and_both_stay(world):
    laptop, phone, _ = devices = three(world)
    laptop.put(NAME, b"text")
    all_sync(devices)
    world.server.stop()
    laptop.put(NAME, b"edited")
    phone.ok("rm", NAME)
    phone.fails(7, "get", NAME)
    world.server.start()
    all_sync(devices)
    for device in devices:
        assert device.get(NAME) == b"edited"
        assert len(item(device)["heads"]) == 2
        assert {v["operation"] for v in history(device) if v["head"]} == {"put", "remove"}


@test
def a_removed_item_is_gone_with_its_history_kept_and_can_be_restored(world):
    laptop, phone, _ = devices = three(world)
    laptop.put(NAME, b"precious")
    version = item(laptop)["version"]
    laptop.ok("rm", NAME)
    all_sync(devices)
    for device in devices:
        device.fails(7, "get", NAME)
        assert device.names() == [] and len(history(device)) == 2
    phone.ok("restore", NAME, version)
    all_sync(devices)
    for device in devices:
        assert device.get(NAME) == b"precious" and len(history(device)) == 3


@test
def writes_that_know_of_each_other_never_conflict(world):
    laptop, phone, _ = devices = three(world)
    for n in range(6):
        writer = (laptop, phone)[n % 2]
        writer.put(NAME, f"turn {n}".encode())
        all_sync(devices)
        assert {device.get(NAME) for device in devices} == {f"turn {n}".encode()}
    assert len(history(laptop)) == 6 and len(item(laptop)["heads"]) == 1


if __name__ == "__main__":
    main()

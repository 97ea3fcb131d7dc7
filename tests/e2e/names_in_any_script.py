#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An item is found by its name whatever that is made of: when it lies in a page of the index, after a restart, and on a
device that pulled it or joined later."""

import json

import near  # noqa: F401
from harness import main, test
from names import like_peoples, several
from waiting import wait_until

BATCHES, BATCH = 3, 700  # more versions than a daemon keeps before it stores its index
OLD = ("é", "z", "日記", "😀", "e\u0301")


def logged(world, name):
    """A device whose steps are written down."""
    device = world.device(name, start=False)
    return device.start(VAULT_FAULT_LOG=str(world.folder / f"{name}.steps"))


def stored_its_index(device):
    steps = device.world.folder / f"{device.name}.steps"
    wait_until(lambda: "checkpoint.before-commit" in steps.read_text(), f"the {device.name} stores its index")


def write_thousands(device):
    for name in OLD:
        device.put(name, f"first of {name}".encode())
    with device.rpc() as rpc:
        for batch in range(BATCHES):
            names = several(BATCH, ("", "é/", f"{batch}/")[batch])
            rpc.call("item.put_many", items=[{"name": name, "value": name} for name in names])


def history(device, name):
    return json.loads(device.ok("history", name, "--json"))["versions"]


def finds_all(device, word):
    """Each of the old names has one version that counts, which says `word`."""
    for name in OLD:
        assert device.get(name) == f"{word} of {name}".encode()
        heads = [version for version in history(device, name) if version["head"]]
        assert len(heads) == 1, (device.name, name, heads)
    for number in range(0, BATCH, 23):
        name = like_peoples(number, "é/")
        assert device.get(name) == name.encode()
    assert device.status()["conflicts"] == 0


def writes_again(device, word):
    """Each of the old names, on the condition that nobody wrote it meanwhile."""
    for name in OLD:
        version = history(device, name)[0]["version"]
        device.ok("put", name, "--if-version", version, input=f"{word} of {name}".encode())


@test
def after_thousands_of_versions_every_device_finds_and_replaces_what_was_there(world):
    world.start_server()
    laptop, phone = logged(world, "laptop"), logged(world, "phone")
    laptop.create()
    phone.join()
    write_thousands(laptop)
    laptop.sync()
    phone.sync()
    tablet = world.device("tablet")
    tablet.join()
    stored_its_index(laptop)
    stored_its_index(phone)
    for device in (laptop, phone, tablet):
        finds_all(device, "first")
    words = {laptop: "second", phone: "third", tablet: "fourth"}
    for device, word in words.items():
        writes_again(device, word)
        device.sync()
        for other in words:
            other.sync()
            finds_all(other, word)
    for device in words:
        device.restart()
        device.unlock()
        finds_all(device, "fourth")
    for name in OLD:
        tablet.ok("rm", name)
    tablet.sync()
    for device in words:
        device.sync()
        assert not set(OLD) & set(device.names())
        for name in OLD:
            device.fails(7, "get", name)
            assert [version["operation"] for version in history(device, name)] == ["remove"] + 4 * ["put"]


@test
def lists_are_in_the_order_of_bytes_from_any_prefix_and_page_to_page(world):
    world.start_server()
    laptop = logged(world, "laptop")
    laptop.create()
    write_thousands(laptop)
    stored_its_index(laptop)
    all_names = sorted({*OLD, *several(BATCH), *several(BATCH, "é/"), *several(BATCH, "2/")}, key=str.encode)
    for _ in range(2):
        with laptop.rpc() as rpc:
            for prefix in ("", "é", "é/", "z", "2/", "日", "e", "\u0301", "no such name"):
                for limit in (7, 1000):
                    found = [item["name"] for item in rpc.list(prefix=prefix, limit=limit)]
                    assert found == [name for name in all_names if name.startswith(prefix)], (prefix, limit)
        laptop.restart()
        laptop.unlock()


if __name__ == "__main__":
    main()

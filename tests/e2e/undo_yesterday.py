#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What was overwritten or removed comes back, through history and restore, on this device or another one."""

import near  # noqa: F401
from harness import main, test
from rpc import Refused

NAME = "notes/plan"
MANY = 1600


def versions(device, **params):
    with device.rpc() as rpc:
        return rpc.call("item.history", name=NAME, **params)["versions"]


def pair(world, program="vaultd_test"):
    world.start_server()
    return world.pair(program)


def sync(*devices):
    for device in (*devices, *devices):
        device.sync()


@test
def what_was_overwritten_comes_back_on_another_device(world):
    laptop, phone = pair(world, "vaultd")
    laptop.ok("put", NAME, "--type", "text/plain", "--attr", "k=v", input=b"yesterday")
    laptop.put(NAME, b"today")
    sync(laptop, phone)
    assert phone.get(NAME) == b"today"
    lines = phone.ok("history", NAME).decode().splitlines()
    assert len(lines) == 2 and "current" in lines[0] and "laptop" in lines[1]
    old = lines[1].split()[0]
    assert phone.ok("get", NAME, "--version", old) == b"yesterday"
    phone.ok("restore", NAME, old)
    sync(phone, laptop)
    for device in (laptop, phone):
        assert device.get(NAME) == b"yesterday"
        with device.rpc() as rpc:
            item = rpc.call("item.get", name=NAME)
        assert item["attributes"] == {"k": "v"} and item["content_type"] == "text/plain"
        assert [v["device_name"] for v in versions(device)] == ["phone", "laptop", "laptop"]


@test
def what_was_removed_shows_in_its_history_and_comes_back(world):
    laptop, phone = pair(world)
    laptop.put(NAME, b"precious")
    laptop.ok("rm", NAME)
    sync(laptop, phone)
    phone.fails(7, "get", NAME)
    removed, written = versions(phone)
    assert removed["operation"] == "remove" and removed["winner"] and written["operation"] == "put"
    assert "removed" in phone.fails(7, "get", NAME, "--version", removed["version"])
    phone.ok("restore", NAME, written["version"])
    sync(phone, laptop)
    assert [device.get(NAME) for device in (laptop, phone)] == [b"precious"] * 2
    laptop.ok("restore", NAME, removed["version"])
    sync(laptop, phone)
    for device in (laptop, phone):
        device.fails(7, "get", NAME)
        assert device.names() == [] and len(versions(device)) == 4
    laptop.fails(7, "restore", NAME, removed["version"])


@test
def versions_and_names_that_never_were_are_said_to_be_none(world):
    laptop, _ = pair(world)
    laptop.put(NAME, b"a")
    [one] = versions(laptop)
    laptop.put("other", b"b")
    for words in (["history", "none"], ["restore", "none", one["version"]], ["restore", "other", one["version"]],
                  ["restore", NAME, "nonsense"], ["resolve", "none", one["version"]], ["conflicts", "none"]):
        laptop.fails(7, *words)


@test
def a_long_history_comes_in_pages_and_is_shown_whole(world):
    laptop, _ = pair(world)
    with laptop.rpc() as rpc:
        puts = (("item.put", {"name": NAME, "value": str(n)}) for n in range(MANY))
        assert len(list(rpc.many(puts))) == MANY
        page = rpc.call("item.history", name=NAME)
        assert len(page["versions"]) < MANY and page["cursor"] == page["versions"][-1]["version"]
        rest = rpc.call("item.history", name=NAME, cursor=page["cursor"])
        assert "cursor" not in rest
        all_versions = [v["version"] for v in page["versions"] + rest["versions"]]
        assert len(set(all_versions)) == MANY
        few = rpc.call("item.history", name=NAME, limit=3)
        assert [v["version"] for v in few["versions"]] == all_versions[:3]
        rpc.put(NAME, b"new")
        again = rpc.call("item.history", name=NAME, cursor=few["cursor"], limit=2)
        assert [v["version"] for v in again["versions"]] == all_versions[3:5], "a write meanwhile moves nothing"
        try:
            rpc.call("item.history", name=NAME, cursor="nonsense")
            raise AssertionError("a cursor that is none")
        except Refused as refused:
            assert refused.kind == "E_NOT_FOUND"
    assert len(laptop.ok("history", NAME).splitlines()) == MANY + 1


if __name__ == "__main__":
    main()

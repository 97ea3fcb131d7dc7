#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A laptop and a phone without a network edit one login. What does not clash becomes one by itself; what does is seen in
status, ls and conflicts --diff, and resolved on one device it is gone on both."""

import json

import near  # noqa: F401
from harness import main, test
from rpc import Refused

NAME = "work/mail"
LOGIN = {"user": "ann", "password": "old", "notes": "", "id": 12345678901234567890}
JSON = "application/json"


def put_json(device, value, kind=JSON):
    text = value if isinstance(value, bytes) else json.dumps(value, indent=2).encode()
    device.ok("put", NAME, "--type", kind, input=text)


def get_json(device):
    return json.loads(device.get(NAME))


def edit(device, **changes):
    put_json(device, {**get_json(device), **changes})


def travellers(world, program="vaultd_test"):
    """A laptop and a phone that have one login, and no server any more."""
    world.start_server()
    laptop, phone = world.pair(program)
    put_json(laptop, LOGIN)
    sync(laptop, phone)
    world.server.stop()
    return laptop, phone


def home_again(world, *devices):
    world.server.start()
    sync(*devices, *devices)


def sync(*devices):
    for device in devices:
        device.sync()


def conflicts(device, **params):
    with device.rpc() as rpc:
        return rpc.call("item.conflicts", **params)["items"]


def heads(device):
    with device.rpc() as rpc:
        versions = rpc.call("item.history", name=NAME)["versions"]
    return sorted(v["version"] for v in versions if v["head"])


def history(device):
    with device.rpc() as rpc:
        return rpc.call("item.history", name=NAME)["versions"]


def all_have(devices, value):
    for device in devices:
        assert get_json(device) == value, (device.name, device.get(NAME))
        assert device.status()["conflicts"] == 0 and conflicts(device) == []
    one, other = (heads(device) for device in devices)
    assert one == other and len(one) == 1


@test
def a_password_and_a_note_changed_apart_become_one_by_themselves(world):
    laptop, phone = travellers(world, "vaultd")
    edit(laptop, password="new")
    edit(phone, notes="call them", colour="red")
    home_again(world, laptop, phone)
    all_have((laptop, phone), {**LOGIN, "password": "new", "notes": "call them", "colour": "red"})
    assert b"12345678901234567890" in laptop.get(NAME), "numbers keep their spelling"
    for device in (laptop, phone):
        versions = history(device)
        assert len(versions) == 4, "the merge is one version, made once"
        assert len(versions[0]["replaces"]) == 2 and versions[0]["device_name"] == "phone"


@test
def a_clash_is_shown_and_a_choice_on_one_device_ends_it_on_both(world):
    laptop, phone = travellers(world)
    edit(laptop, password="from the laptop", notes="theirs")
    edit(phone, password="from the phone")
    home_again(world, laptop, phone)
    for device in (laptop, phone):
        assert device.status()["conflicts"] == 1
        assert b"2 heads" in device.ok("ls", "-l") and device.names() == [NAME]
        assert b"vaultctl conflicts" in device.ok("status")
        said = device.ctl("get", NAME)
        assert json.loads(said.out)["password"] == "from the phone" and b"2 heads" in said.err
        [item] = conflicts(device)
        assert not item["merges"] and item["clashes"] == ["value/password"]
        assert [h["device_name"] for h in item["heads"]] == ["phone", "laptop"]
        assert [h["operation"] for h in item["heads"]] == ["put", "put"]
        assert item["ancestor"] == history(device)[-1]["version"]
        assert conflicts(device, name=NAME) == [item]
    shown = laptop.ok("conflicts", NAME, "--diff").decode()
    assert "clash in value/password" in shown and "\x1b" not in shown
    assert shown.count('-  "password": "old"\n') == 2
    assert '+  "password": "from the laptop"\n' in shown and '+  "password": "from the phone"\n' in shown
    assert '"user"' in shown and '-  "user"' not in shown, "what is the same is context"
    assert "a person must choose" in laptop.fails(8, "resolve", NAME, "--merge")
    laptop.fails(2, "resolve", NAME)
    chosen = conflicts(laptop)[0]["heads"][1]["version"]
    laptop.ok("resolve", NAME, chosen)
    sync(laptop, phone)
    all_have((laptop, phone), {**LOGIN, "password": "from the laptop", "notes": "theirs"})
    assert len(history(phone)) == 4


@test
def a_choice_made_before_another_head_came_is_refused(world):
    laptop, phone = travellers(world)
    edit(laptop, password="1")
    edit(phone, password="2")
    home_again(world, laptop, phone)
    seen = heads(laptop)
    phone.ok("resolve", NAME, seen[0])
    sync(phone, laptop)
    args = [word for head in seen for word in ("--if-heads", head)]
    said = laptop.fails(8, "resolve", NAME, seen[1], *args)
    assert heads(laptop)[0] in said, "it names what there is instead"
    with laptop.rpc() as rpc:
        for bad in ({}, {"version": seen[0], "merge": True}, {"merge": False}):
            try:
                rpc.call("item.resolve", name=NAME, **bad)
                raise AssertionError(bad)
            except Refused as refused:
                assert refused.kind == "E_USAGE"


def travellers_of_whom_one_is_locked(world):
    """Both have edited and told each other; the phone, which is to merge, has locked before."""
    laptop, phone = travellers(world)
    edit(laptop, password="new")
    edit(phone, notes="winner")
    phone.ok("lock")
    world.server.start()
    sync(laptop, phone, laptop)
    return laptop, phone


@test
def one_who_was_locked_merges_when_it_is_unlocked(world):
    laptop, phone = travellers_of_whom_one_is_locked(world)
    assert conflicts(laptop)[0]["merges"] and phone.status()["conflicts"] is None
    assert len(history(laptop)) == 3, "the laptop leaves it to the phone"
    phone.unlock()
    sync(phone, laptop)
    all_have((laptop, phone), {**LOGIN, "password": "new", "notes": "winner"})


@test
def a_merge_by_hand_needs_no_author(world):
    laptop, phone = travellers_of_whom_one_is_locked(world)
    version = laptop.ok("--json", "resolve", NAME, "--merge")
    sync(laptop, phone)
    phone.unlock()
    sync(phone, laptop)
    all_have((laptop, phone), {**LOGIN, "password": "new", "notes": "winner"})
    assert heads(phone) == [json.loads(version)["version"]], "nobody merges again"


@test
def the_same_text_written_on_both_is_no_conflict(world):
    laptop, phone = travellers(world)
    for device in (laptop, phone):
        put_json(device, b"the same", "text/plain")
    home_again(world, laptop, phone)
    assert [d.get(NAME) for d in (laptop, phone)] == [b"the same"] * 2
    assert [d.status()["conflicts"] for d in (laptop, phone)] == [0, 0]


@test
def an_edit_against_a_remove_waits_for_a_person(world):
    laptop, phone = travellers(world)
    edit(laptop, password="new")
    phone.ok("rm", NAME)
    home_again(world, laptop, phone)
    for device in (laptop, phone):
        [item] = conflicts(device)
        assert [h["operation"] for h in item["heads"]] == ["put", "remove"] and item["clashes"] == ["removed"]
        assert get_json(device)["password"] == "new"
    shown = phone.ok("conflicts", "--diff").decode()
    assert "+(removed)\n" in shown and "remove" in shown
    phone.ok("resolve", NAME, item["heads"][1]["version"])
    sync(phone, laptop)
    for device in (laptop, phone):
        device.fails(7, "get", NAME)
        assert device.status()["conflicts"] == 0 and len(heads(device)) == 1


@test
def a_remove_on_both_is_a_remove(world):
    laptop, phone = travellers(world)
    for device in (laptop, phone):
        device.ok("rm", NAME)
    home_again(world, laptop, phone)
    for device in (laptop, phone):
        assert device.status()["conflicts"] == 0 and device.names() == []
        assert len(history(device)) == 4 and len(heads(device)) == 1


@test
def of_two_who_expect_one_version_one_writes(world):
    world.start_server()
    laptop, _ = world.pair()
    laptop.put(NAME, b"0")
    for n in range(1, 20):
        with laptop.rpc() as one, laptop.rpc() as other:
            version = one.call("item.get", name=NAME)["version"]
            for rpc, text in ((one, "one"), (other, "other")):
                rpc.send("item.put", {"name": NAME, "value": f"{text} {n}", "if_version": version})
            answers = [one.receive(), other.receive()]
        good = ["result" in answer for answer in answers]
        assert sorted(good) == [False, True], answers
        [refused] = [a["error"] for a in answers if "error" in a]
        assert refused["data"]["kind"] == "E_CONFLICT" and len(refused["data"]["heads"]) == 1
        assert laptop.get(NAME).decode() == f"{('one', 'other')[good.index(True)]} {n}"
        assert len(heads(laptop)) == 1


@test
def what_is_in_a_value_does_not_reach_the_terminal_as_it_is(world):
    laptop, phone = travellers(world)
    put_json(laptop, b"a\x1b[2Jb\n", "text/plain")
    put_json(phone, bytes(range(256)), "text/plain")
    home_again(world, laptop, phone)
    shown = laptop.ok("conflicts", "--diff")
    assert b"binary, 256 bytes" in shown, "not text: its size"


@test
def a_large_value_is_never_merged_and_a_choice_takes_it_whole(world):
    laptop, phone = travellers(world)
    large = {device.name: f'{{"by":"{device.name}","text":"{"x" * 100_000}"}}'.encode() for device in (laptop, phone)}
    for device in (laptop, phone):
        put_json(device, large[device.name])
    home_again(world, laptop, phone)
    for device in (laptop, phone):
        [item] = conflicts(device)
        assert not item["merges"] and item["clashes"] == ["value"] and item["heads"][0]["size"] > 100_000
        assert device.get(NAME) == large["phone"]
    assert b"large" in laptop.ok("conflicts", "--diff")
    laptop.fails(8, "resolve", NAME, "--merge")
    laptop.ok("resolve", NAME, item["heads"][1]["version"])
    sync(laptop, phone)
    for device in (laptop, phone):
        assert device.get(NAME) == large["laptop"] and device.status()["conflicts"] == 0
    phone.ok("restore", NAME, item["heads"][0]["version"])
    sync(phone, laptop)
    assert [device.get(NAME) for device in (laptop, phone)] == [large["phone"]] * 2


if __name__ == "__main__":
    main()

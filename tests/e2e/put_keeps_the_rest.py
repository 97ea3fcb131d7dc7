#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a put is not told to change stays: content type and attributes of the version that it replaces, whatever its size, of
however many heads, and however many puts are under way."""

import base64
import json

import near  # noqa: F401
from harness import main, test
from rpc import Refused

NAME = "arbeit/Zugänge 🔑"
LOGIN = {"url": "https://köln.example/login?next=%2F", "who": "Anna Müller", "empty": ""}
TYPE = "text/x-login"
LARGE = b"\x00\xfffilm" * 20_000


def laptop(world, program="vaultd_test"):
    world.start_server()
    device = world.device("laptop", program)
    device.create()
    return device


def with_login(world, program="vaultd_test"):
    device = laptop(world, program)
    pairs = [word for key, value in LOGIN.items() for word in ("--attr", f"{key}={value}")]
    device.ok("put", NAME, "--type", TYPE, *pairs, input="pässwort\n".encode())
    return device


def facts(device, name=NAME):
    """Its type and attributes."""
    item = json.loads(device.ok("get", "-l", "--json", name))
    return item["content_type"], item["attributes"]


@test
def what_a_put_is_not_told_to_change_stays(world):
    device = with_login(world, "vaultd")
    device.put(NAME, b"new")
    assert device.get(NAME) == b"new" and facts(device) == (TYPE, LOGIN)
    device.ok("put", NAME, "--attr", "who=Berta", "--attr", "empty-", "--attr", "never there-", input=b"x")
    changed = {"url": LOGIN["url"], "who": "Berta"}
    assert facts(device) == (TYPE, changed)
    device.ok("put", NAME, "--type", "text/plain", input=b"x")
    assert facts(device) == ("text/plain", changed)
    device.ok("put", NAME, "--type", "", input=b"x")
    assert facts(device) == ("", changed)
    device.restart()
    device.unlock()
    device.put(NAME, b"after a restart")
    assert facts(device) == ("", changed)


@test
def a_large_value_keeps_them_and_leaves_them_to_a_small_one(world):
    device = with_login(world, "vaultd")
    device.ok("put", NAME, input=LARGE)
    assert device.get(NAME) == LARGE and facts(device) == (TYPE, LOGIN)
    path = world.folder / "film"
    path.write_bytes(LARGE[1:])
    device.ok("put", NAME, "--file", str(path), "--attr", "who-")
    assert facts(device) == (TYPE, {key: LOGIN[key] for key in ("url", "empty")})
    device.put(NAME, b"small again")
    assert facts(device) == (TYPE, {key: LOGIN[key] for key in ("url", "empty")})


@test
def an_item_that_was_removed_begins_anew(world):
    device = with_login(world)
    device.ok("rm", NAME)
    device.put(NAME, b"another")
    assert facts(device) == ("", {})


@test
def of_several_heads_the_winner_is_kept_which_get_shows(world):
    world.start_server()
    one, other = world.pair()
    one.ok("put", NAME, "--type", "text/old", "--attr", "where=both", input=b"old")
    for device in (one, other, one):
        device.sync()
    world.server.stop()
    one.ok("put", NAME, "--type", "text/laptop", "--attr", "where=laptop", "--attr", "l=1", input=b"from the laptop")
    other.ok("put", NAME, "--type", "text/phone", "--attr", "where=phone", "--attr", "p=1", input=b"from the phone")
    world.server.start()
    for device in (one, other, one, other):
        device.sync()
    assert one.status()["conflicts"] == 1
    shown = facts(one)
    assert shown in (("text/laptop", {"where": "laptop", "l": "1"}), ("text/phone", {"where": "phone", "p": "1"}))
    one.put(NAME, b"chosen")
    assert facts(one) == shown and one.status()["conflicts"] == 0
    one.sync()
    other.sync()
    assert facts(other) == shown and other.get(NAME) == b"chosen"


@test
def programs_keep_replace_and_patch(world):
    device = with_login(world)
    with device.rpc() as rpc:
        rpc.call("item.put", name=NAME, value="1")
        assert facts(device) == (TYPE, LOGIN)
        rpc.call("item.put", name=NAME, value="2", attributes_patch={"who": None, "new": "ß"})
        assert facts(device) == (TYPE, {"url": LOGIN["url"], "empty": "", "new": "ß"})
        rpc.call("item.put", name=NAME, value="3", attributes={"only": "this"}, content_type="a/b")
        assert facts(device) == ("a/b", {"only": "this"})
        rpc.call("item.put_many", items=[{"name": NAME, "value": "4", "attributes_patch": {"too": "x"}},
                                         {"name": "fresh", "value": "4", "attributes_patch": {"k": "v", "none": None}}])
        assert facts(device) == ("a/b", {"only": "this", "too": "x"}) and facts(device, "fresh") == ("", {"k": "v"})
        rpc.call("item.put", name=NAME, value="5", content_type="", attributes={})
        assert facts(device) == ("", {})
        refused(rpc, "E_USAGE", "attributes_patch", name=NAME, value="", attributes={}, attributes_patch={})
        rpc.call("item.put", name=NAME, value="6", attributes={f"k{n}": "" for n in range(64)})
        refused(rpc, "E_LIMIT", "64", name=NAME, value="", attributes_patch={"one more": ""})
        refused(rpc, "E_USAGE", "attribute", name=NAME, value="", attributes_patch={"k0": "a\nb"})
        assert rpc.get(NAME) == b"6"


def refused(rpc, kind, word, method="item.put", **params):
    try:
        rpc.call(method, **params)
    except Refused as error:
        assert error.kind == kind and word in error.message, error
        return error
    raise AssertionError(f"{params} was not refused")


@test
def puts_under_way_keep_their_order_though_some_must_read_first(world):
    device = laptop(world)
    noise = base64.b64encode(bytes(range(256)) * 2).decode()
    with device.rpc() as rpc:
        for turn in range(20):
            name = f"hot/{turn}"
            items = [{"name": f"filler/{n}", "value": noise} for n in range(900)]
            rpc.call("item.put_many", items=[{"name": name, "value": "0", "attributes": {"k": "v"}}, *items])
            first = rpc.send("item.put", {"name": name, "value": "first"})  # reads the commit
            second = rpc.send("item.put", {"name": name, "value": "second", "attributes": {"k": "w"}})  # reads nothing
            third = rpc.send("item.put", {"name": name, "value": "third", "attributes_patch": {"l": "x"}})
            answers = {answer["id"]: rpc.result(answer) for answer in (rpc.receive(), rpc.receive(), rpc.receive())}
            assert set(answers) == {first, second, third}
            item = rpc.call("item.get", name=name)
            assert (item["value"], item["attributes"]) == ("third", {"k": "w", "l": "x"}), item
            history = rpc.call("item.history", name=name)["versions"]
            assert [v["replaces"] for v in history[:2]] == [[answers[second]["version"]], [answers[first]["version"]]]


@test
def many_puts_of_one_item_lose_no_attribute(world):
    device = laptop(world)
    with device.rpc() as rpc:
        puts = (("item.put", {"name": "hot", "value": str(n), "attributes_patch": {f"k{n % 60}": str(n)}})
                for n in range(600))
        assert len(list(rpc.many(puts, under_way=32))) == 600
        item = rpc.call("item.get", name="hot")
    assert item["value"] == "599" and item["attributes"] == {f"k{n % 60}": str(n) for n in range(540, 600)}


@test
def new_writes_only_what_is_not_there(world):
    device = with_login(world)
    head = json.loads(device.ok("get", "--json", NAME))["version"]
    said = device.fails(8, "put", NAME, "--new", input=b"another")
    assert "already" in said and head in said
    device.fails(8, "put", NAME, "--new", input=LARGE)
    assert device.get(NAME) == "pässwort\n".encode()
    device.ok("put", "fresh", "--new", input=b"1")
    device.ok("put", "fresh film", "--new", input=LARGE)
    device.ok("rm", NAME)
    device.ok("put", NAME, "--new", input=b"back")
    with device.rpc() as rpc:
        refused(rpc, "E_CONFLICT", "already", name=NAME, value="", if_version="none")
        error = refused(rpc, "E_CONFLICT", "already", "item.put_many",
                        items=[{"name": "a", "value": ""}, {"name": NAME, "value": "", "if_version": "none"}])
        data = json.loads(str(error))["data"]
        assert data["item"] == 1 and data["name"] == NAME and len(data["heads"]) == 1
    assert device.get(NAME) == b"back" and "a" not in device.names()


@test
def a_dry_run_refuses_what_a_write_would_and_writes_nothing(world):
    device = with_login(world)
    items = [{"name": "a", "value": "1"}, {"name": NAME, "value": "2", "attributes_patch": {"k": "v"}}]
    with device.rpc() as rpc:
        before = device.status()["device"]["seq"]
        assert rpc.call("item.put_many", items=items, dry_run=True) == {"versions": []}
        assert rpc.call("item.put_many", items=[], dry_run=True) == {"versions": []}
        refused(rpc, "E_CONFLICT", "already", "item.put_many", dry_run=True, items=[dict(items[1], if_version="none")])
        refused(rpc, "E_USAGE", "twice", "item.put_many", dry_run=True, items=[items[0], items[0]])
        refused(rpc, "E_USAGE", "no item", "item.put_many", items=[])
    assert device.status()["device"]["seq"] == before and device.names() == [NAME]


@test
def attributes_are_shown_by_get_and_ls_of_values_of_any_size(world):
    device = with_login(world, "vaultd")
    device.ok("put", "film", "--type", "video/x", "--attr", "länge=2 h", input=LARGE)
    device.put("plain", b"x")
    told = device.ok("get", "-l", "film").decode()
    assert "länge=2 h" in told and "video/x" in told and str(len(LARGE)) in told
    assert LOGIN["url"] in device.ok("get", "-l", NAME).decode()
    lines = device.ok("ls", "-l").decode().splitlines()
    assert "  who=Anna Müller" in lines and "  länge=2 h" in lines and len(lines) == 3 + 4
    items = {item["name"]: item for item in json.loads(device.ok("ls", "--json"))["items"]}
    assert items[NAME]["attributes"] == LOGIN and items["film"]["attributes"] == {"länge": "2 h"}
    assert items["plain"]["attributes"] == {}
    film = json.loads(device.ok("get", "--json", "film"))
    assert film["value_base64"] is None and film["size"] == len(LARGE) and film["attributes"] == {"länge": "2 h"}
    assert json.loads(device.ok("get", "--json", NAME))["attributes"] == LOGIN


@test
def a_list_with_many_attributes_comes_in_pages(world):
    device = laptop(world)
    most = {f"{n:02}" + "k" * 126: "é" * 2048 for n in range(64)}
    with device.rpc() as rpc:
        for n in range(6):
            rpc.call("item.put", name=f"full/{n}", value="", attributes=most)
        pages = [rpc.call("item.list", with_attributes=True)]
        while "cursor" in pages[-1]:
            pages.append(rpc.call("item.list", with_attributes=True, cursor=pages[-1]["cursor"]))
        assert len(pages) >= 3
        items = [item for page in pages for item in page["items"]]
        assert [item["name"] for item in items] == [f"full/{n}" for n in range(6)]
        assert all(item["attributes"] == most for item in items)
        assert "attributes" not in rpc.call("item.list")["items"][0]
    assert len(json.loads(device.ok("ls", "--json"))["items"]) == 6


if __name__ == "__main__":
    main()

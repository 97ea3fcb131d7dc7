#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A word that is planted wherever a person can write is found nowhere that the server, a thief of the server's disk, a
thief of a locked laptop's disk, a reader of the logs or a listener on the line can look."""

import base64

import near  # noqa: F401
from harness import main, test

CLAIMS = "L12"

MARK = "Zebrafinch7Quagmire"


def forms(text):
    """The text as itself and as encoders leave it: base64 at each of its three offsets, hex, UTF-16."""
    raw = text.encode()
    found = {"itself": raw, "upper case": raw.upper(), "lower case": raw.lower(), "backwards": raw[::-1]}
    for codec in ("utf-16-le", "utf-16-be"):
        found[codec] = text.encode(codec)
    found["hex"], found["HEX"] = raw.hex().encode(), raw.hex().upper().encode()
    for shift in range(3):  # only the characters that all of the bytes decide
        coded = base64.b64encode(b"\0" * shift + raw)
        found[f"base64 at {shift}"] = coded[(0, 2, 3)[shift] : len(coded) // 4 * 4 - 4]
    return found


def look_for(text, places):
    """Where the text is, in any form: ("the server's folder", "hex")."""
    return [(place, form) for place, data in places.items() for form, raw in forms(text).items() if raw in data]


def content(folder):
    return b"\n".join(str(p).encode() + b"\n" + (p.read_bytes() if p.is_file() else b"") for p in folder.rglob("*"))


def plant(device, other):
    """The mark in every place that the local API has for a person's words."""
    device.ok("put", f"{MARK}/name", "--type", f"text/{MARK}", "--attr", f"{MARK}=yes", "--attr", f"who={MARK}",
              input=f"a value with {MARK}".encode())
    device.put("large", MARK.encode() * 3000)
    device.ok("put", f"{MARK}/gone", input=MARK.encode())
    device.ok("rm", f"{MARK}/gone")
    with device.rpc() as rpc:
        rpc.call("item.put_many", items=[{"name": f"many/{MARK}{n}", "value": MARK} for n in range(50)])
    device.sync()
    other.sync()
    assert other.get(f"{MARK}/name") == f"a value with {MARK}".encode()


def places(world, *devices):
    seen = {"the server's folder": content(world.server.data), "the line": world.proxy.capture()}
    for device in devices:
        seen[f"{device.name}'s folder"] = content(device.state)
    for program in world.programs:
        seen[f"{program.name}'s log"] = program.stderr()
    return seen


def the_mark_is_nowhere(world, program):
    world.password = f"my {MARK} password"
    world.start_server(proxied=True)
    laptop, phone = world.device("laptop", program), world.device("phone", program)
    for device in (laptop, phone):
        verb = "create" if device is laptop else "join"
        device.ok(*device.enrolment(verb)[:-1], f"{MARK} {device.name}", password=world.password)
    plant(laptop, phone)
    for device in (laptop, phone):
        device.ok("lock")
        device.fails(6, "unlock", password=world.password + "!")
        device.restart()  # flushes, and leaves it locked
    seen = places(world, laptop, phone)
    assert all(len(seen[place]) > 1000 for place in seen if "log" not in place), "there was something to look in"
    assert not look_for(MARK, seen), look_for(MARK, seen)
    return seen


@test
def a_persons_words_are_nowhere_in_clear(world):
    the_mark_is_nowhere(world, "vaultd_test")


@test
def a_persons_words_are_nowhere_in_clear_with_a_release(world):
    the_mark_is_nowhere(world, "vaultd")


@test
def the_same_search_finds_the_account_name_which_the_server_may_see(world):
    world.account = "quagmire.anna"
    seen = the_mark_is_nowhere(world, "vaultd_test")
    where = {place for place, _ in look_for("quagmire.anna", seen)}
    assert {"the server's folder", "the line", "laptop's folder"} <= where, where


@test
def the_search_knows_each_form(world):
    for form, raw in forms(MARK).items():
        assert ("here", form) in look_for(MARK, {"here": b"before" + raw + b"after"}), form
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + MARK.encode() + b"yz")
        assert look_for(MARK, {"here": coded}), f"base64 at {shift}"


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What may be stored comes back byte for byte, on every device; what may not is refused by a sentence that names the
limit or the member, and changes nothing."""

import base64
import hashlib
import json
import random

import near  # noqa: F401
from harness import SOAK, main, test
from rpc import Refused
from waiting import Stopwatch

MANY = 100_000

VALUES = {
    "empty": b"",
    "one NUL": b"\0",
    "every byte": bytes(range(256)),
    "newlines": b"\n\n\n",
    "no newline": b"text",
    "not UTF-8": b"\xff\xfe\x80",
    "half a character": "é".encode()[:1],
    "a JSON text": b'{"name": "x", "\\u0000": null}',
    "64 KiB of zeros": b"\0" * 65536,
    "64 KiB of chance": random.Random(2).randbytes(65536),
    "64 KiB of quotes": b'"' * 65536,
}

NAMES = [
    *("a", "a/b", "/", "//", "a/", "/a", ".", "..", "../..", "a/../b", " ", "  two  ", "-", "--json", "-rf"),
    *("~", "*", "$(id)", "`id`", "'", '"', "\\", "\\n", "%00", "&amp;", "é", "e\u0301", "Å", "A\u030a", "\u212b"),
    *("ﬁ", "ß", "İ", "ı", "שלום", "مرحبا", "\u202eevil", "a\u200bb", "\ufeffbom", "नमस्ते", "한글", "ㅎㅏㄴ", "日本語"),
    *("😀", "\U0001f469\u200d\U0001f467", "\U0010ffff", "\ufffe", "\uffff", "\ue000", "\u2028", "\u2029", "\u00a0"),
    *("\u00ad", "z" + "\u0301" * 100, "x" * 1024, "€" * 341 + "z", "😀" * 256, "/" * 1024),
]


def digest(values):
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


def two_devices_agree(world, laptop, values):
    laptop.sync()
    phone = world.device("phone", laptop.program.name)
    phone.join()
    assert sorted(phone.names()) == sorted(values)
    assert phone.values() == values == laptop.values()


def laptop(world, program="vaultd_test"):
    world.start_server()
    device = world.device("laptop", program)
    device.create()
    return device


@test
def any_bytes_are_a_value(world):
    device = laptop(world, "vaultd")
    for name, value in VALUES.items():
        device.put(name, value)
        assert device.get(name) == value, name
    two_devices_agree(world, device, VALUES)


@test
def any_text_without_control_characters_is_a_name(world):
    device, values = laptop(world, "vaultd"), {}
    for number, name in enumerate(NAMES):
        value = f"value {number}".encode()
        device.ok("put", "--", name, input=value)
        assert device.ok("get", "--", name) == value, repr(name)
        values[name] = value
    assert len(values) == len(NAMES), "no two of them are one name"
    listed = device.ok("ls").decode().split("\n")
    assert listed[-1] == "" and sorted(listed[:-1]) == sorted(NAMES)
    two_devices_agree(world, device, values)


@test
def listing_goes_by_bytes_and_prefix(world):
    device = laptop(world)
    names = ["a", "a b", "a/b", "a/c", "ab", "b", "é", "e\u0301", "Z"]
    for name in names:
        device.put(name, b"")
    assert device.names() == sorted(names, key=str.encode)
    assert device.names("a/") == ["a/b", "a/c"]
    assert device.names("a") == ["a", "a b", "a/b", "a/c", "ab"]
    assert device.names("nothing") == []


@test
def content_type_and_attributes_come_back(world):
    device = laptop(world)
    device.ok("put", "typed", "--type", "text/x-note", "--attr", "who=anna", "--attr", "empty=", "--attr", "eq=a=b",
              input=b"typed")
    with device.rpc() as rpc:
        item = rpc.call("item.get", name="typed")
    assert item["content_type"] == "text/x-note"
    assert item["attributes"] == {"who": "anna", "empty": "", "eq": "a=b"}
    assert item["value"] == "typed" and item["heads"] == [item["version"]]


def refused(rpc, kind, word, method, **params):
    try:
        rpc.call(method, **params)
    except Refused as error:
        assert error.kind == kind, f"{params}: {error}"
        assert word in error.message, f"{error.message!r} does not say {word!r}"
        return
    raise AssertionError(f"{method} {str(params)[:100]} was not refused")


def unchanged(device, action):
    before = device.status()
    action()
    after = device.status()
    del before["vault"]["lock_at"], after["vault"]["lock_at"]  # even a refused call is use
    for part in ("vault", "device", "items", "conflicts"):
        assert after[part] == before[part], part


@test
def a_value_that_is_too_large_is_refused_with_the_limit(world):
    device = laptop(world)

    def tries():
        with device.rpc() as rpc:
            coded = base64.b64encode(b"x" * 65537).decode()
            refused(rpc, "E_LIMIT", "65536", "item.put", name="large", value="x" * 65537)
            refused(rpc, "E_LIMIT", "65536", "item.put", name="large", value_base64=coded)
            pair = [{"name": "small", "value": ""}, {"name": "large", "value": "x" * 65537}]
            refused(rpc, "E_LIMIT", "65536", "item.put_many", items=pair)
            many = [{"name": f"{n}", "value": ""} for n in range(1001)]
            refused(rpc, "E_LIMIT", "1000", "item.put_many", items=many)
            refused(rpc, "E_USAGE", "no item", "item.put_many", items=[])

    unchanged(device, tries)


@test
def a_page_of_nothing_is_refused_and_one_of_too_many_is_as_long_as_pages_are(world):
    device = laptop(world)
    with device.rpc() as rpc:
        for method, more in (("item.list", {}), ("item.history", {"name": "note"}), ("item.conflicts", {})):
            refused(rpc, "E_USAGE", "1 or more", method, limit=0, **more)
        device.put("note", b"one")
        assert len(rpc.call("item.list", limit=2**40)["items"]) >= 1


def raw_call(device, text):
    with device.rpc() as rpc:
        return rpc.raw(text.encode())


@test
def an_id_that_would_not_come_back_as_it_is_is_refused(world):
    device = laptop(world)
    for text in ("123456789012345678901234567890", "1.5", "0.1000000000000000000001"):
        answer = raw_call(device, '{"jsonrpc":"2.0","method":"vault.status","id":%s}' % text)
        assert answer["id"] is None and answer["error"]["code"] == -32600 and "64 bits" in answer["error"]["message"], answer
    assert raw_call(device, '{"jsonrpc":"2.0","method":"vault.status","id":18446744073709551615}')["id"] == 2**64 - 1


@test
def a_name_that_is_none_is_refused_with_the_reason(world):
    device = laptop(world)

    def tries():
        with device.rpc() as rpc:
            for character in ("\0", "\n", "\t", "\x1b", "\x7f", "\x85", "\x9f"):
                refused(rpc, "E_USAGE", "control character", "item.put", name=f"a{character}b", value="")
            refused(rpc, "E_USAGE", "empty", "item.put", name="", value="")
            refused(rpc, "E_LIMIT", "1024", "item.put", name="x" * 1025, value="")
            refused(rpc, "E_LIMIT", "1024", "item.put", name="€" * 342, value="")
        assert "control" in device.fails(2, "put", "a\nb", input=b"")
        assert "UTF-8" in device.fails(2, "put", b"a\xffb", input=b"")
        assert "1024" in device.fails(14, "put", "x" * 1025, input=b"")
        assert "empty" in device.fails(2, "put", "", input=b"")

    unchanged(device, tries)


@test
def other_members_have_their_limits(world):
    device = laptop(world)

    def tries():
        with device.rpc() as rpc:
            item = {"name": "x", "value": ""}
            refused(rpc, "E_USAGE", "content type", "item.put", **item, content_type="x" * 128)
            refused(rpc, "E_USAGE", "content type", "item.put", **item, content_type="naïve")
            refused(rpc, "E_LIMIT", "64", "item.put", **item, attributes={f"k{n}": "" for n in range(65)})
            refused(rpc, "E_USAGE", "attribute", "item.put", **item, attributes={"": "empty key"})
            refused(rpc, "E_USAGE", "attribute", "item.put", **item, attributes={"k": "x" * 4097})
            refused(rpc, "E_USAGE", "attribute", "item.put", **item, attributes={"k": "a\nb"})
            refused(rpc, "E_USAGE", "value_base64", "item.put", name="x")
            refused(rpc, "E_USAGE", "value_base64", "item.put", **item, value_base64="")
            refused(rpc, "E_USAGE", "base64", "item.put", name="x", value_base64="A===")
            refused(rpc, "E_NOT_FOUND", "item", "item.get", name="no such item")

    unchanged(device, tries)


def malformed(device, line, code, word):
    """A frame of raw bytes, on a connection of its own; the answer's number and a word of its sentence."""
    with device.rpc() as rpc:
        error = rpc.raw(line)["error"]
    assert error["code"] == code and word in error["message"], error


@test
def a_malformed_request_is_answered_and_harms_nothing(world):
    device = laptop(world)
    put = b'{"jsonrpc":"2.0","id":1,"method":"item.put","params":%s}'

    def tries():
        malformed(device, put % b'{"name":"a\xffb","value":""}', -32700, "UTF-8")
        malformed(device, put % b'{"name":"a","value":"","colour":"red"}', -32602, "colour")
        malformed(device, put % b'{"value":""}', -32602, "name")
        malformed(device, put % b'{"name":7,"value":""}', -32602, "name")
        malformed(device, put % b'{"name":null,"value":""}', -32602, "name")
        malformed(device, put % b'{"name":"a","name":"b","value":""}', -32700, "")
        malformed(device, b'{"jsonrpc":"2.0","id":1,"method":"item.explode"}', -32601, "")
        malformed(device, b'{"jsonrpc":"2.0","id":1,"method":"item.put"', -32700, "")
        malformed(device, b"[" * 40 + b"]" * 40, 7, "32")
        malformed(device, b"[]", -32600, "")
        malformed(device, b"not json", -32700, "")

    unchanged(device, tries)


@test
def a_frame_that_is_too_large_is_refused_before_it_is_read(world):
    device = laptop(world)
    with device.rpc() as rpc:
        try:
            rpc.socket.sendall(b'{"jsonrpc":"2.0","id":1,"method":"item.put","params":{"name":"' + b"x" * (9 << 20))
        except OSError:
            pass  # it hung up meanwhile: that is its right
        try:
            error = rpc.receive()["error"]
            assert "1048576" in error["message"], error
        except (EOFError, ConnectionError):
            pass
    device.put("after", b"still there")


@test
def a_mistyped_command_line_says_what_was_expected(world):
    device = laptop(world)
    expected = {("fly",): "fly", ("put",): "name", ("put", "a", "--colour"): "colour", ("get",): "name"}
    for words, word in expected.items():
        assert word in device.fails(2, *words).lower()


def many_items():
    return {f"bulk/{n % 100:02}/{n:06}": f"value {n} ".encode() * (n % 20) for n in range(MANY)}


def listing(device):
    """Name, version, size and type of everything: a version tells its content apart."""
    with device.rpc() as rpc:
        return [(i["name"], i["version"], i["size"], i["content_type"]) for i in rpc.list()]


@test
def a_hundred_thousand_items_are_written_listed_and_joined(world):
    device, values = laptop(world, "vaultd"), many_items()
    lines = "".join(json.dumps({"name": n, "value": v.decode()}) + "\n" for n, v in values.items())
    watch = Stopwatch()
    device.ok("put-many", input=lines.encode(), timeout=120)
    print(f"put-many of {MANY}: {watch.seconds:.1f} s")
    watch = Stopwatch()
    assert device.names() == sorted(values), "ls has all of them"
    print(f"ls of {MANY}: {watch.seconds:.1f} s")
    watch = Stopwatch()
    device.ok("sync", timeout=120)
    print(f"sync of {MANY}: {watch.seconds:.1f} s")
    phone = world.device("phone", "vaultd")
    watch = Stopwatch()
    phone.join(timeout=120)
    print(f"join of {MANY}: {watch.seconds:.1f} s")
    mine = listing(device)
    assert len(mine) == MANY and mine == listing(phone)
    chosen = sorted(values) if SOAK else random.Random(3).sample(sorted(values), 2000)
    with device.rpc() as here, phone.rpc() as there:
        assert digest({n: here.get(n) for n in chosen}) == digest({n: there.get(n) for n in chosen})
        assert all(there.get(n) == values[n] for n in chosen[:200])


if __name__ == "__main__":
    main()

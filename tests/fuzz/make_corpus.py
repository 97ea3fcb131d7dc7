#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the doors that it has a function for: good inputs of each decoder, and shapes that decoders get wrong.

Commits and keyrings come from tests/vectors. Running it again gives the same files.
"""

import hashlib
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
HASH, ID, SEED = b"\x11" * 32, b"\x22" * 16, b"\x33" * 32
ACCOUNT = b"\x04anna"


def vectors(file, key):
    """The values of `key = hex` in a file of vectors."""
    lines = (HERE.parent / "vectors" / file).read_text().splitlines()
    return [bytes.fromhex(line.partition(" = ")[2]) for line in lines if line.startswith(f"{key} = ")]


def var32(data):
    return struct.pack(">I", len(data)) + data


def listed(items):
    return struct.pack(">H", len(items)) + b"".join(map(var32, items))


def wire_seeds():
    """By the number with which tests/fuzz/wire.cpp chooses the decoder."""
    commits, keyrings = vectors("commit.vec", "commit"), vectors("keyring.vec", "object")
    head = struct.pack(">I", 3) + HASH
    chain_head = struct.pack(">Q", 7) + HASH
    authorization = b"Vaultd " + b"ab" * 16 + b",18446744073709551615," + b"cd" * 64
    return {
        0: [ACCOUNT, b"\x80" + b"a" * 128, b"\0"],
        1: [b"\xfe" + ID + SEED],
        2: [ACCOUNT + ID + ID],
        3: [ID + SEED],
        4: [ACCOUNT + b"\0" + var32(keyrings[0]), ACCOUNT + b"\x05token" + var32(keyrings[0])],
        5: [head + listed(keyrings[:3]), head + listed([])],
        6: [head + struct.pack(">H", 2) + ID + chain_head + b"\x23" * 16 + chain_head, head + b"\0\0"],
        7: [listed(commits[:3]), listed([]), b"\xff\xff" + var32(b""), b"\0\x01\xff\xff\xff\xff"],
        8: [struct.pack(">Q", 7) + var32(commits[0])],
        9: [head],
        10: [chain_head],
        11: [authorization, authorization.replace(b"18446744073709551615", b"0"), b"Vaultd ,,"],
        12: commits,
        13: keyrings,
        14: [struct.pack(">Q", 2) + HASH + bytes(32), struct.pack(">Q", 1 << 59), struct.pack(">Q", 0)],
        15: [chunk(), chunk(count=1), chunk(plain=16385), chunk(index=2), chunk()[:-1], commits[0]],
        16: [b"/v1/blob/" + b"ab" * 16 + rest for rest in (b"", b"/0", b"/65535", b"/65536", b"/00", b"/")],
    }


def chunk(index=1, count=2, plain=256, vault=ID, device=b"\x24" * 16, blob=ID):
    """A chunk of a large value whose clear header is as its numbers say, and whose rest is zeros."""
    segments = -(-plain // 16384)
    total = 88 + 64 + plain + 16 * segments
    place = struct.pack(">QQ", index, count)
    return (b"VLTD\2\1\x14\0" + vault + device + struct.pack(">QII", index, segments, total) + blob + place).ljust(total, b"\0")


def store_seeds():
    """By the number with which tests/fuzz/store_value.cpp chooses the type: each with lengths at and beside its own."""
    return {kind: [bytes(range(size)) for size in (0, 3, 4, 5, 16, 24, 28, 40, 41, 200)] for kind in range(6)}


def answer(*lines, body=b""):
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines]) + b"\r\n\r\n" + body


def frame(first, payload, mask=b""):
    """A WebSocket frame by a server, or one that is wrong."""
    size = len(payload)
    head = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
    return bytes([first]) + bytes([head[0] | (0x80 if mask else 0)]) + head[1:] + mask + payload


def answer_seeds():
    """0: an answer to a request; 1: what comes on a WebSocket."""
    chunked = answer(b"Transfer-Encoding: chunked", body=b"5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n")
    return {
        0: [answer(b"Content-Length: 5", body=b"hello"), chunked, answer(body=b"until the end"),
            b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(b"Content-Length: 0"), b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 409 X\r\nVaultd-Error: E_CONFLICT\r\nContent-Length: 1\r\n\r\nx",
            answer(b"Content-Encoding: gzip", b"Content-Length: 3", body=b"\x1f\x8b\x08"),
            answer(b"Content-Length: 18446744073709551616"), answer(b"Content-Length: 99999999999"),
            answer(b"Content-Length: 1", b"Content-Length: 2", body=b"xx"), b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, answer(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n")],
        1: [frame(0x82, HASH[:16]) * 3, frame(0x82, HASH[:17]), frame(0x81, b"text"), frame(0x89, b"ping") + frame(0x82, b"x"),
            frame(0x88, b"\x03\xe8"), frame(0x02, b"ab") + frame(0x80, b"cd"), frame(0x82, b"x" * 300),
            frame(0x82, b"masked", b"mask"), frame(0xF2, b"reserved"), b"\x82\x7f" + b"\xff" * 8, frame(0x88, b"\x01")],
    }


def request(line, *headers, body=b""):
    return b"\r\n".join([line, *headers]) + b"\r\n\r\n" + body


def request_seeds():
    get, host = b"GET /v1/heads HTTP/1.1", b"Host: x"
    return [request(get, host) * 2, request(b"POST /v1/session HTTP/1.1", host, b"Content-Length: 5", body=b"hello"),
            request(b"POST / HTTP/1.1", host, b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), request(get),
            request(get, host, host), request(b"GET http://x/ HTTP/1.1", host), request(b"BREW / HTTP/1.1", host),
            request(b"GET / HTTP/1.0", host), request(b"PUT / HTTP/1.1", host, b"Expect: 100-continue", b"Content-Length: 1"),
            request(b"POST / HTTP/1.1", host, b"Content-Length: 99999999"), request(b"HEAD / HTTP/1.1", host),
            request(get, host, b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), request(get, b"X: " + b"x" * 17_000),
            request(b"POST / HTTP/1.1", host, b"Content-Length: 5, 5", body=b"hello"), b"\x16\x03\x01 a TLS hello", b"\r\n\r\n"]


def api_seeds():
    """The first byte is four times the endpoint, and the signer: none, the password, a device."""
    endpoints = ["prelogin", "session", "account", "keyring", "put keyring", "heads", "chain", "post chain", "path", "blob", "put blob"]
    at = {name: 4 * number for number, name in enumerate(endpoints)}
    commits, keyrings, own = vectors("commit.vec", "commit"), vectors("keyring.vec", "object"), b"01" * 16
    ours = chunk(vault=hashlib.sha256(b"ann").digest()[:16], device=b"\1" * 16, blob=b"\1" * 16)
    plain = [(at["prelogin"], b"", ACCOUNT), (at["prelogin"], b"", b"\x03ann"), (at["session"], b"", b"\x03ann" + ID + bytes(16)),
             (at["account"], b"", ACCOUNT + b"\0" + var32(keyrings[0])), (at["path"], b"/v1/nowhere?x=1", b"")]
    signed = [(at["keyring"], b"?from=1", b""), (at["keyring"], b"?from=4294967296", b""), (at["heads"], b"", b""),
              (at["heads"], b"?wait=1&known=" + b"0" * 32, b""), (at["put keyring"], b"", keyrings[0]),
              (at["chain"], own + b"?from=1", b""), (at["chain"], b"zz" * 16 + b"?from=1", b""),
              (at["post chain"], own, listed(commits[:1])), (at["post chain"], own, listed([])), (at["post chain"], b"?", b"x"),
              *((at["blob"], own + end, b"") for end in (b"", b"/0", b"/1?x=1", b"/65536", b"/")),
              *((at["put blob"], own + end, body) for end, body in ((b"/1", chunk()), (b"/1", ours),
                                                                 (b"/0", chunk()), (b"", b""), (b"/0", commits[0])))]
    seeds = plain + [(number + signer, end, body) for number, end, body in signed for signer in (1, 2)]
    return [bytes([number]) + end + b"\0" + body for number, end, body in seeds]


def slot(serial, payload, magic=b"vanc", length=None):
    head = magic + struct.pack(">QH", serial, len(payload) if length is None else length)
    return (head + payload).ljust(512, b"\0")


def anchor_seeds():
    def file(even, odd):
        return even.ljust(4096, b"\0") + odd

    good = slot(2, b"payload"), slot(3, b"x" * 480)
    return [file(*good), file(good[0], b""), file(b"", good[1]), file(good[0], slot(3, b"", length=481)), b"", good[0][:100],
            file(good[0], slot(5, b"x", magic=b"vanC")), file(slot(3, b"odd in the even place"), good[1][:200]), bytes(5000)]


def page_seeds():
    """Pages of the index: a name with one head, one with two and a version that was replaced, and shapes that are wrong."""
    def version(seq, flags=b"\0", more=b""):
        return flags + b"\0" + bytes([seq]) + b"\0" + b"checksum" + more + bytes(8) + b"\0\x05"

    def entry(shared, rest, body):
        return bytes([shared, len(rest)]) + rest + bytes([len(body)]) + body

    one, two = b"\0\1" + version(1) + b"\0\0", b"\0\2" + version(2) + version(3) + b"\0\1"
    past = b"\1\0\4\0checksum" + version(4)
    typed = b"\0\1" + version(1, b"\4") + b"\x0atext/plain" + b"\0\0"
    return [entry(0, b"note", one), entry(0, b"note", one) + entry(3, b"hing", two) + entry(7, b"", past),
            entry(0, b"typed", typed), entry(9, b"note", one), entry(0, b"b", one) + entry(0, b"a", one), entry(0, b"x", one) + b"\xff",
            entry(0, b"x", b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), b"\0\xff\xff\xff\xff\x0f", entry(0, b"x", b"\2")]


def stored_seeds():
    """0: a profile; 1: the cursor of an export."""
    def text(data):
        return struct.pack(">H", len(data)) + data

    whole = text(b"anna") + text(b"http://127.0.0.1:8470") + text(b"") + ID + ID + text(SEED)
    chain = b"chains/" + b"0" * 32
    return {0: [whole, whole + b"x", whole[:-1], b""],
            1: [b"", b"keyring/1@0", b"keyring/2@1001", b"keyring/0@0", chain + b"/1@0", chain + b"/2@262144", chain + b"/9@0",
                chain + b"/18446744073709551615@18446744073709551615", b"keyring/4294967296@0", b"chains/zz/1@0", b"@"]}


def text_seeds():
    return [b"00ff", b"0", b"0G", b"AAAA", b"AA==", b"AB==", b"AA=", b"A A=", b"////", b"____", b"AA==AA==", b"\xff" * 8]


def merge_seeds():
    """An ancestor and two heads, with zeros between: JSON that merges, that clashes, and that is none."""
    trios = [
        (b'{"a":1,"b":2}', b'{"a":3,"b":2}', b'{"a":1,"b":4}'),
        (b'{"a":1}', b'{"a":2}', b'{"a":3}'),
        (b"", b'{"a":{"x":1}}', b'{ "a" : {"y" : [1,2] } }'),
        (b'{"a":{"b":{"c":1}},"d":"\\u00e9"}', b'{"a":{"b":{"c":2}}}', '{"a":{"b":{"c":1,"e":1e400}},"d":"é"}'.encode()),
        (b'{"l":[1]}', b'{"l":[1,{}]}', b'{"l":[1]}\n'),
        (b'{"~/":1}', b"{}", b'{"~/":2}'),
        (b"[]", b"[" * 32 + b"]" * 32, b"[" * 33 + b"]" * 33),
        (b'{"a":1}', b'{"a":1,"\\u0061":2}', b'"\\ud800"'),
        (b"1", b"-0", b"1.0E+2"),
        (b"{}", b'\t{ "b" : "\\ud83d\\ude00" , "a":true }', b'{"c":null}'),
    ]
    return [b"\0".join(trio) for trio in trios]


def write(door, seeds):
    folder = HERE / "corpus" / door
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(seeds, list):
        for number, data in enumerate(seeds):
            (folder / f"seed-{number}").write_bytes(data)
        return
    for kind, inputs in seeds.items():
        for number, data in enumerate(inputs):
            (folder / f"seed-{kind}-{number}").write_bytes(bytes([kind]) + data)


if __name__ == "__main__":
    write("wire", wire_seeds())
    write("store_value", store_seeds())
    write("store_anchor", anchor_seeds())
    write("http_answer", answer_seeds())
    write("http_request", request_seeds())
    write("server_api", api_seeds())
    write("daemon_page", page_seeds())
    write("daemon_stored", stored_seeds())
    write("base_text", text_seeds())
    write("daemon_merge", merge_seeds())

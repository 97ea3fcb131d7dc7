# SPDX-License-Identifier: Apache-2.0
"""content.vec: padding, frames, seen vectors, records and contents (FORMAT 5, 6)."""

from vaultformat.commit import Blob, Record, check_key, data_body, make_record, seen_bytes
from vaultformat.cursor import u16, u32, u64
from vaultformat.primitives import hmac256
from vaultformat.seal import frame, padded

from .blocks import Blocks, fixed, flipped, whole

NK, VAULT = fixed("content nk"), fixed("content vault", 16)
OWN, OTHER, THIRD, NOBODY = b"\x10" * 16, b"\x20" * 16, b"\x30" * 16, b"\x99" * 16
CHECK = check_key(NK, VAULT)
PLAIN = Record(b"", 1, b"work/db", b"text/plain", (), (), (1 << 16) * 1700000000000, 1700000000000, b"secret")
OLD, OLD2 = fixed("old version", 36), fixed("old version 2", 36)


def records():
    pair = tuple(sorted((OLD, OLD2)))
    yield "put", PLAIN
    yield "put-empty-value", PLAIN._replace(value=b"", content_type=b"")
    yield "put-attributes", PLAIN._replace(attributes=((b"a", b""), (b"ab", "\u00e9".encode()), (b"b", b"x" * 300)))
    yield "put-replaces", PLAIN._replace(replaces=pair, name="caf\u00e9/\u2603".encode())
    yield "put-blob", PLAIN._replace(value=Blob(fixed("blob id", 16), fixed("blob key"), 65537, fixed("blob root")))
    yield "put-blob-longest", PLAIN._replace(value=Blob(fixed("blob id", 16), fixed("blob key"), 983040 * 65536, fixed("blob root")))
    yield "put-latest", PLAIN._replace(wall=2**48 - 1, clock=2**64 - 1)
    yield "put-65536", PLAIN._replace(value=b"\x5a" * 65536)
    yield "remove", PLAIN._replace(operation=2, content_type=b"", value=None, replaces=(OLD,))
    yield "name-1024", PLAIN._replace(name=b"n" * 1024)


def add_record(out, name, r, device=OWN, seq=7, index=3):
    made, raw = make_record(CHECK, device, seq, index, r)
    values = {f"attribute{i}": key.hex() + " " + value.hex() for i, (key, value) in enumerate(r.attributes)}
    values |= {f"replaces{i}": v for i, v in enumerate(r.replaces)}
    if isinstance(r.value, Blob):
        values |= {"form": 2, "blob_id": r.value.blob_id, "blob_key": r.value.key, "blob_length": r.value.length,
                   "blob_root": r.value.root}
    elif r.value is None:
        values |= {"form": 0}
    else:
        short = len(r.value) <= 1000
        values |= {"form": 1} | ({"value": r.value} if short else {"fill": "5a", "length": len(r.value)})
    out.add("record-" + name, what="record", nk=NK, vault_id=VAULT, device_id=device, seq=seq, index=index,
            operation=r.operation, record_name=r.name, content_type=r.content_type, clock=r.clock, wall=r.wall,
            **values, check=made.version_id[28:], version_id=made.version_id, **whole("bytes", raw))


def rechecked(raw):
    """A record's bytes with the check of what they now are."""
    return raw[:28] + hmac256(CHECK, raw[:28] + raw[36:])[:8] + raw[36:]


def record(**changes):
    return make_record(CHECK, OWN, 7, 0, PLAIN._replace(**changes))[1]


def replaced(n):
    return tuple(sorted(fixed(f"old {i}", 36) for i in range(n)))


def bad_records():
    good = record()
    yield "check", flipped(good, 28), "check wrong"
    plain = record(content_type=b"")
    yield "operation-0", rechecked(flipped(plain, 36)), "operation unknown"
    yield "operation-3", rechecked(plain[:36] + b"\3" + plain[37:]), "operation unknown"
    yield "name-empty", record(name=b""), "name is not 1 to 1024 bytes"
    yield "name-1025", record(name=b"n" * 1025), "name is not 1 to 1024 bytes"
    yield "name-newline", record(name=b"a\nb"), "control character"
    yield "name-del", record(name=b"a\x7f"), "control character"
    yield "name-u0085", record(name=b"a\xc2\x85"), "control character"
    yield "name-not-utf8", record(name=b"\xff"), "not UTF-8"
    yield "name-surrogate", record(name=b"\xed\xa0\x80"), "not UTF-8"
    yield "type-128", record(content_type=b"t" * 128), "content type wrong"
    yield "type-tab", record(content_type=b"a\tb"), "content type wrong"
    yield "attributes-descending", record(attributes=((b"b", b""), (b"a", b""))), "order"
    yield "attributes-equal", record(attributes=((b"a", b""), (b"a", b"1"))), "order"
    yield "attributes-65", record(attributes=tuple((b"%02d" % i, b"") for i in range(65))), "above 64"
    yield "attribute-key-empty", record(attributes=((b"", b"1"),)), "length"
    yield "attribute-key-129", record(attributes=((b"k" * 129, b"1"),)), "length"
    yield "attribute-value-4097", record(attributes=((b"k", b"v" * 4097),)), "length"
    yield "attribute-control", record(attributes=((b"k", b"\0"),)), "control character"
    yield "replaces-equal", record(replaces=(OLD, OLD)), "order"
    yield "replaces-descending", record(replaces=tuple(sorted((OLD, OLD2))[::-1])), "order"
    yield "replaces-1025", record(replaces=replaced(1025)), "above 1024 versions"
    yield "put-without-value", record(value=None), "form"
    yield "remove-with-value", record(operation=2, content_type=b""), "form"
    yield "remove-with-type", record(operation=2, value=None), "remove with content type"
    yield "remove-with-attribute", record(operation=2, content_type=b"", value=None, attributes=((b"a", b""),)), \
        "remove with attributes"
    yield "form-3", rechecked(good[:-11] + b"\3" + good[-10:]), "form unknown"
    yield "blob-65536", record(value=Blob(bytes(16), bytes(32), 65536, bytes(32))), "blob of a short value"
    yield "blob-too-long", record(value=Blob(bytes(16), bytes(32), 983040 * 65536 + 1, bytes(32))), "blob of more than 65536 chunks"
    yield "blob-2-63", record(value=Blob(bytes(16), bytes(32), 2**63, bytes(32))), "blob of more than 65536 chunks"
    yield "wall-2-48", record(wall=2**48), "wall time above 2^48"
    yield "cut", good[:-1], "a field goes past the end"


def bad_contents(good):
    body = data_body([good])
    two = ((OTHER, 1, fixed("h1")), (THIRD, 2, fixed("h2")))
    empty = seen_bytes(())
    yield 1, "left-over", empty + body + b"\0", "bytes left over"
    yield 1, "no-records", empty + u32(0), "no records"
    yield 1, "count-too-great", empty + u32(2) + good, "past the end"
    yield 1, "seen-descending", seen_bytes(two[::-1]) + body, "order"
    yield 1, "seen-twice", seen_bytes((two[0], two[0])) + body, "order"
    yield 1, "seen-own", seen_bytes(((OWN, 1, fixed("h1")),)) + body, "own device"
    yield 1, "seen-seq-0", seen_bytes(((OTHER, 0, fixed("h1")),)) + body, "seq 0"
    yield 1, "empty", b"", "past the end"
    yield 2, "dk-short", empty + bytes(31), "past the end"
    yield 2, "dk-long", empty + bytes(33), "left over"
    yield 3, "ack-body", empty + b"\0", "left over"
    yield 4, "checkpoint-body", empty + bytes(36), "left over"
    yield 5, "base-short", empty + bytes(39), "past the end"
    yield 5, "base-long", empty + bytes(41), "left over"


def add_contents(out):
    two = ((OTHER, 1, fixed("h1")), (THIRD, 2**64 - 1, fixed("h2")))
    body = data_body([record()])
    sealed_again = data_body([make_record(CHECK, NOBODY, 0, 2**32 - 1, PLAIN)[1], make_record(CHECK, OWN, 2**64 - 1, 0, PLAIN)[1]])
    dk = fixed("content dk")
    for name, kind, content in (("data", 1, seen_bytes(()) + body), ("data-seen", 1, seen_bytes(two) + body),
                                ("epoch", 2, seen_bytes(two[:1]) + dk), ("ack", 3, seen_bytes(two)),
                                ("ack-empty", 3, seen_bytes(())), ("checkpoint", 4, seen_bytes(two)),
                                ("sealed-again", 1, seen_bytes(()) + sealed_again),
                                ("replaces-1024", 1, seen_bytes(()) + data_body([record(replaces=replaced(1024))])),
                                ("base", 5, seen_bytes(two) + u64(9) + fixed("h8"))):
        out.add("content-" + name, what="content", kind=kind, device_id=OWN, nk=NK, vault_id=VAULT, content=content)
    for name, raw, reason in bad_records():
        out.add("record-" + name, "error", what="content", reason=reason, kind=1, device_id=OWN, nk=NK,
                vault_id=VAULT, content=u16(0) + u32(1) + raw)
    for kind, name, content, reason in bad_contents(record(value=b"")):
        out.add("content-" + name, "error", what="content", reason=reason, kind=kind, device_id=OWN, nk=NK,
                vault_id=VAULT, content=content)
    too_many(out, record(value=b""), record(value=bytes(65537)))


def too_many(out, small, large):
    """Long contents: `content`, then `repeat_unit` for `repeat_count` times."""
    for name, content, unit, count, reason in (
            ("content-1001-records", u16(0) + u32(1001), small, 1001, "above 1000 records"),
            ("record-value-65537", u16(0) + u32(1) + large[:-65537], b"\0", 65537, "value above 65536 bytes")):
        out.add(name, "error", what="content", reason=reason, kind=1, device_id=OWN, nk=NK, vault_id=VAULT,
                content=content, repeat_unit=unit, repeat_count=count)


def add_frames(out):
    lengths = [0, 1, 2, 251, 252, 253, 268, 269, 508, 509, 1000, 16380, 16381, 65537, 262144, 983036, 983037, 1048572, 1048576]
    for length in lengths:
        framed = frame(b"\x5a" * length)
        out.add(f"frame-{length}", what="frame", fill="5a", length=length, framed_length=len(framed),
                **({"frame": framed} if len(framed) <= 512 else {}))
    good = frame(b"\x5a" * 10)
    for name, raw, reason in (
            ("last-byte", good[:-1] + b"\1", "padding not zero"), ("first-byte", flipped(good, 14), "padding not zero"),
            ("short", good[:-1], "length not the padded one"), ("long", good + b"\0", "length not the padded one"),
            ("twice", good + bytes(256), "length not the padded one"), ("no-length", b"\0\0\0", "no length"),
            ("past-end", b"\0\0\1\0" + bytes(252), "content goes past the end"),
            ("too-padded", frame(b"\x5a" * 300)[:4] + b"\x5a" * 300 + bytes(400), "length not the padded one")):
        out.add("frame-" + name, "error", what="frame", reason=reason, frame=raw)


def make():
    out = Blocks(__doc__)
    table = [1, 4, 255, 256, 257, 272, 273, 288, 289, 511, 512, 513, 544, 545, 1000, 1024, 1025, 4095, 4096, 4097,
             16384, 16385, 65536, 65537, 100000, 131073, 983039, 983040, 983041, 1048575, 1048576, 1048577, 1048580]
    for length in table:
        out.add(f"padded-{length}", what="padded", length=length, padded=padded(length))
    add_frames(out)
    for name, r in records():
        add_record(out, name, r)
    add_record(out, "of-nobody", PLAIN, NOBODY, 0, 2**32 - 1)
    add_record(out, "of-a-later-seq", PLAIN, OWN, 2**64 - 1, 0)
    add_contents(out)
    return out

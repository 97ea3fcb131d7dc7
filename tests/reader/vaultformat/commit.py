# SPDX-License-Identifier: Apache-2.0
"""Commits, their content and records, version ids (FORMAT 6) and the state code (FORMAT 8)."""

import struct
from typing import NamedTuple

from .cursor import Cursor, ascending, text, u8, u16, u32, u64, var8, var16, var32
from .primitives import derive, ed25519_sign, hmac256, label, need, sha256
from .seal import check_common, common, frame, seal, sized, unframe, unseal

DATA, EPOCH, ACK, CHECKPOINT, BASE, JUMP = 1, 2, 3, 4, 5, 6
KINDS = (DATA, EPOCH, ACK, CHECKPOINT, BASE, JUMP)
OPENS = (EPOCH, JUMP)              # hold the key of an epoch
NAMES_ALL = (CHECKPOINT, BASE, JUMP)
HEADER, JUMP_HEADER, TRAILER = 136, 176, 64
MOST, MOST_VALUE, MOST_BLOB, WALL_END = 984264, 65536, 983040 * 65536, 2**48
REST, AFTER = struct.Struct(">IQI32s32s"), struct.Struct(">Q32s")
PUT, REMOVE = 1, 2
MOST_REPLACED = 1024


class Header(NamedTuple):
    """hdr0 of a commit; the last two are a jump's, and no bytes of another kind."""
    suite: int
    kind: int
    vault_id: bytes
    device_id: bytes
    ctr: int
    n: int
    epoch: int
    seq: int
    version: int
    version_hash: bytes
    prev: bytes
    after: int = 0
    after_hash: bytes = bytes(32)


class Record(NamedTuple):
    """One write. value is bytes, None for a remove, or Blob."""
    version_id: bytes
    operation: int
    name: bytes
    content_type: bytes
    attributes: tuple
    replaces: tuple
    clock: int
    wall: int
    value: object


class Blob(NamedTuple):
    """Where a long value is."""
    blob_id: bytes
    key: bytes
    length: int
    root: bytes


class Content(NamedTuple):
    """seen: (device_id, seq, hash)…; body: records, DK, (N, hash) or None."""
    seen: tuple
    body: object


def header_bytes(h):
    return (common(h.suite, h.kind, h.vault_id, h.device_id, h.ctr)
            + REST.pack(h.epoch, h.seq, h.version, h.version_hash, h.prev)
            + (AFTER.pack(h.after, h.after_hash) if h.kind == JUMP else b""))


def header_size(raw):
    """Of hdr0, by the kind that the bytes say."""
    return JUMP_HEADER if raw[6:7] == u8(JUMP) else HEADER


def parse_header(raw, suite):
    need(len(raw) <= MOST, "commit above 984,264 bytes")
    f = check_common(raw, suite, KINDS, header_size(raw), TRAILER)
    after = AFTER.unpack_from(raw, HEADER) if f[3] == JUMP else ()
    return Header(f[2], f[3], f[5], f[6], f[7], f[8], *REST.unpack_from(raw, 56), *after)


def dk_wrap(vk, vault_id, device_id, epoch):
    return derive(vk, "dk-wrap", vault_id + device_id + u32(epoch))


def signed_part(raw):
    return label("commit") + sha256(raw[:-64])


def build_commit(key, header, content, sig_seed, r):
    """header is a Header whose n is ignored; content is bytes."""
    return build_framed(key, header_bytes(header), frame(content), sig_seed, r)


def build_framed(key, hdr0, framed, sig_seed, r):
    sealed = seal(key, sized(hdr0, len(framed), TRAILER), r, framed)
    return sealed + ed25519_sign(sig_seed, label("commit") + sha256(sealed))


def open_commit(key, raw):
    """(content bytes, ek)"""
    framed, ek = unseal(key, raw, header_size(raw), TRAILER)
    return unframe(framed), ek


def seen_bytes(seen):
    return u16(len(seen)) + b"".join(device + u64(seq) + digest for device, seq, digest in seen)


def check_key(nk, vault_id):
    return derive(nk, "version-check", vault_id)


def value_bytes(value):
    if value is None:
        return u8(0)
    if isinstance(value, Blob):
        return u8(2) + value.blob_id + value.key + u64(value.length) + value.root
    return u8(1) + var32(value)


def rest_bytes(r):
    return (u8(r.operation) + var16(r.name) + var8(r.content_type)
            + u16(len(r.attributes)) + b"".join(var8(k) + var16(v) for k, v in r.attributes)
            + u16(len(r.replaces)) + b"".join(r.replaces)
            + u64(r.clock) + u64(r.wall) + value_bytes(r.value))


def make_record(checking, device_id, seq, index, record):
    """The record with its version id and its bytes."""
    rest, where = rest_bytes(record), device_id + u64(seq) + u32(index)
    version_id = where + hmac256(checking, where + rest)[:8]
    return record._replace(version_id=version_id), version_id + rest


def data_body(records):
    return u32(len(records)) + b"".join(records)


def parse_value(c, operation):
    form = c.uint(1)
    need(form <= 2 and (form == 0) == (operation == REMOVE), "record: form of the value wrong")
    if form == 0:
        return None
    if form == 1:
        value = c.var(4)
        need(len(value) <= MOST_VALUE, "record: value above 65536 bytes")
        return value
    blob = Blob(c.take(16), c.take(32), c.uint(8), c.take(32))
    need(blob.length > MOST_VALUE, "record: blob of a value that is not above 65536 bytes")
    need(blob.length <= MOST_BLOB, "record: blob of more than 65536 chunks")
    return blob


def parse_attributes(c):
    found = tuple((c.var(1), c.var(2)) for _ in range(c.uint(2)))
    need(len(found) <= 64, "record: above 64 attributes")
    for key, value in found:
        need(1 <= len(key) <= 128 and len(value) <= 4096, "record: length of an attribute wrong")
        text(key, "record: attribute")
        text(value, "record: attribute")
    ascending([key for key, _ in found], "record: attributes")
    return found


def parse_replaces(c):
    joined = c.take(36 * c.uint(2))
    found = tuple(joined[at:at + 36] for at in range(0, len(joined), 36))
    need(len(found) <= MOST_REPLACED, "record: above 1,024 versions replaced")
    ascending(found, "record: versions replaced")
    return found


def parse_name(c):
    name = c.var(2)
    need(1 <= len(name) <= 1024, "record: name is not 1 to 1024 bytes")
    text(name, "record: name")
    return name


def parse_record(c, checking):
    version_id, start = c.take(36), c.at
    operation, name, kind = c.uint(1), parse_name(c), c.var(1)
    need(operation in (PUT, REMOVE), "record: operation unknown")
    need(len(kind) <= 127 and (not kind or 0x20 <= min(kind) and max(kind) <= 0x7E), "record: content type wrong")
    attributes, replaces = parse_attributes(c), parse_replaces(c)
    need(operation == PUT or not kind and not attributes, "record: remove with content type or attributes")
    clock, wall = c.uint(8), c.uint(8)
    need(wall < WALL_END, "record: wall time above 2^48")
    value = parse_value(c, operation)
    check = hmac256(checking, version_id[:28] + c.data[start:c.at])[:8]
    need(check == version_id[28:], "record: check of the version id wrong")
    return Record(version_id, operation, name, kind, attributes, replaces, clock, wall, value)


def parse_seen(c, own):
    joined = c.take(56 * c.uint(2))
    found = tuple(struct.iter_unpack(">16sQ32s", joined))
    ascending([device for device, _, _ in found], "seen")
    need(all(device != own and seq for device, seq, _ in found), "seen: own device or seq 0")
    return found


def parse_records(c, checking):
    count = c.uint(4)
    need(1 <= count <= 1000, "data: not 1 to 1000 records")
    return tuple(parse_record(c, checking) for _ in range(count))


def parse_content(kind, own, content, checking):
    """Content of a commit of that kind by the device `own`; checking is check_key(NK)."""
    c, body = Cursor(content), None
    seen = parse_seen(c, own)
    if kind == DATA:
        body = parse_records(c, checking)
    elif kind in OPENS:
        body = c.take(32)
    elif kind == BASE:
        body = (c.uint(8), c.take(32))
    c.end()
    return Content(seen, body)


def winner_key(record):
    """The winner among heads is the one for which this is greatest."""
    return (record.operation == PUT, record.clock, sha256(record.version_id))


def heads(versions):
    """The versions of one name that no other version of it replaces."""
    replaced = {old for v in versions for old in v.replaces if old != v.version_id}
    return [v for v in versions if v.version_id not in replaced]


def state_code(vault_id, commit_hash):
    number = int.from_bytes(sha256(label("state", vault_id + commit_hash))[:9], "big") >> 6
    digits = f"{number:020d}"
    return " ".join(digits[at:at + 5] for at in range(0, 20, 5))

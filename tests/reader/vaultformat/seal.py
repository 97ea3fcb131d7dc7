# SPDX-License-Identifier: Apache-2.0
"""The seal and the frame (FORMAT 4, 5)."""

import hmac
import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .cursor import u32, u64
from .primitives import hkdf, hmac256, label, need, Refused, sha256

FORMAT = 2
SEGMENT = 16384
COMMON = struct.Struct(">4sBBBB16s16sQII")
NOT_OPEN = "does not open: key, commitment or tag is wrong"


def common(suite, kind, vault_id, device_id, ctr=0, n=0, total=0):
    return COMMON.pack(b"VLTD", FORMAT, suite, kind, 0, vault_id, device_id, ctr, n, total)


def segments(length):
    return -(-length // SEGMENT)


def sized(hdr0, length, trailer=0):
    """hdr0 with n and total for a plaintext of that length."""
    n = segments(length)
    return hdr0[:48] + u32(n) + u32(len(hdr0) + 64 + length + 16 * n + trailer) + hdr0[56:]


def seal_keys(key, salt, hdr0):
    both = hkdf(key, label("seal", sha256(hdr0)), 64, salt)
    return both[:32], both[32:]


def pairs(ek, hdr0):
    """(ek, iv) for each segment."""
    ctr, n = struct.unpack_from(">QI", hdr0, 40)
    return [ek + hdr0[24:28] + u64(ctr + i) for i in range(n)]


class Sealing(NamedTuple):
    """One invocation of AES-GCM that an object tells of: its pair (ek, iv), its ciphertext with the tag, its place."""
    pair: bytes
    text: bytes
    device_id: bytes
    ctr: int
    kind: int

    def line(self):
        """In hashes, as an auditor merges it with others'."""
        return f"{sha256(self.pair).hex()} {sha256(self.text).hex()} {self.device_id.hex()} {self.ctr} {self.kind}"


def sealings(ek, sealed, header, trailer=0):
    """Those of an object, in the order of its segments."""
    kind, device_id, ctr = sealed[6], sealed[24:40], int.from_bytes(sealed[40:48], "big")
    end, step = len(sealed) - trailer, SEGMENT + 16
    return [Sealing(pair, sealed[at:min(at + step, end)], device_id, ctr + i, kind)
            for i, (pair, at) in enumerate(zip(pairs(ek, sealed), range(header + 64, end, step)))]


def seal(key, hdr0, r, plaintext):
    """hdr0, already sized, up to the last segment; a trailer is the caller's."""
    salt = hmac256(hkdf(key, label("hedge")), r + hdr0 + plaintext)
    return seal_with_salt(key, hdr0, salt, plaintext)


def seal_with_salt(key, hdr0, salt, plaintext):
    ek, ck = seal_keys(key, salt, hdr0)
    header, gcm = hdr0 + salt + ck, AESGCM(ek)
    parts = [plaintext[at:at + SEGMENT] for at in range(0, len(plaintext), SEGMENT)]
    ivs = [pair[32:] for pair in pairs(ek, hdr0)]
    return header + b"".join(gcm.encrypt(iv, part, header + u32(i))
                             for i, (iv, part) in enumerate(zip(ivs, parts)))


def check_common(sealed, suite, kinds, header, trailer):
    """What can be said before a key is derived; returns the common fields."""
    need(len(sealed) >= header + 64 + 17 + trailer, "too short")
    fields = magic, form, its_suite, kind, zero, _, _, _, n, total = COMMON.unpack_from(sealed)
    need(magic == b"VLTD", "magic unknown")
    need(form != 1, "made by an older, unreleased version, in format 1, which only that version reads")
    need(form == FORMAT, f"format {form} unknown")
    need(its_suite == suite, "suite is not the vault's")
    need(kind in kinds and zero == 0, "kind or zero byte wrong")
    need(total == len(sealed), "total is not its length")
    length = total - header - 64 - trailer - 16 * n
    need(length >= 1 and n == segments(length), "number of segments wrong")
    return fields


def unseal(key, sealed, header, trailer=0):
    """(plaintext, ek) of an object that check_common has passed."""
    hdr0, salt, ck = sealed[:header], sealed[header:header + 32], sealed[header + 32:header + 64]
    ek, expected = seal_keys(key, salt, hdr0)
    need(hmac.compare_digest(ck, expected), NOT_OPEN)
    aad, gcm = sealed[:header + 64], AESGCM(ek)
    end, step = len(sealed) - trailer, SEGMENT + 16
    try:
        parts = [gcm.decrypt(pair[32:], sealed[at:min(at + step, end)], aad + u32(i))
                 for i, (pair, at) in enumerate(zip(pairs(ek, hdr0), range(header + 64, end, step)))]
    except InvalidTag:
        raise Refused(NOT_OPEN) from None
    return b"".join(parts), ek


def padded(length):
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    low = exponent - exponent.bit_length()
    return (length + (1 << low) - 1) >> low << low


def frame(content):
    start = u32(len(content)) + content
    return start + bytes(padded(len(start)) - len(start))


def unframe(framed):
    need(len(framed) >= 4, "frame: too short")
    end = 4 + int.from_bytes(framed[:4], "big")
    need(end <= len(framed) and len(framed) == padded(end), "frame: length is not the padded one")
    need(framed.count(0, end) == len(framed) - end, "frame: padding is not zero")
    return framed[4:end]

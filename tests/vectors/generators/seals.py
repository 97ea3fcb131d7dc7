# SPDX-License-Identifier: Apache-2.0
"""seal.vec: whole sealed objects under a key, and objects that must not open (FORMAT 4).
They are of kind 21 with g = 1, purpose = 1, serial = 7, and have the plaintext as it is, without a frame;
the kinds with a trailer are in commit.vec and keyring.vec."""

import hashlib
import struct

from vaultformat.primitives import derive, hmac256
from vaultformat.seal import common, pairs, seal, seal_keys, seal_with_salt, sized

from .blocks import Blocks, fixed, flipped, whole

K, R = fixed("seal key"), fixed("seal r")
VAULT, DEVICE = fixed("seal vault", 16), fixed("seal device", 16)
HEADER = 70


def draft(ctr=0):
    return common(0xFE, 21, VAULT, DEVICE, ctr) + struct.pack(">IHQ", 1, 1, 7)


def good(out, name, fill, length, ctr):
    plain = bytes([fill]) * length
    hdr0 = sized(draft(ctr), length)
    sealed = seal(K, hdr0, R, plain)
    hedge = derive(K, "hedge")
    salt = hmac256(hedge, R + hdr0 + plain)
    ek, ck = seal_keys(K, salt, hdr0)
    out.add(name, k=K, r=R, hdr0=hdr0, fill=f"{fill:02x}", length=length, ctr=ctr, n=int.from_bytes(hdr0[48:52], "big"),
            total=len(sealed), hedge=hedge, salt=salt, ek=ek, ck=ck, iv0=pairs(ek, hdr0)[0][32:],
            **whole("object", sealed))


def bad(out, name, reason, sealed, key=K):
    out.add(name, "error", reason=reason, k=key, header=HEADER, trailer=0, object=sealed)


def changed_headers():
    """Objects whose author knew the key and sealed a header that may not be."""
    hdr0, plain = sized(draft(), 32), bytes(32)
    changes = {"magic": (0, 1), "format-1": (4, 3), "format-3": (4, 1), "suite-unknown": (5, 0xFC), "kind-unknown": (6, 0xFF),
               "zero-byte": (7, 1), "n-2": (51, 3), "n-0": (51, 1), "total-more": (55, 2), "n-huge": (48, 0x80)}
    for name, (at, mask) in changes.items():
        made = flipped(hdr0, at, mask)
        salt = hmac256(derive(K, "hedge"), R + made + plain)
        ek, ck = seal_keys(K, salt, made)
        yield name, made + salt + ck + one_segment(ek, made + salt + ck, plain)


def one_segment(ek, header, plain):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    iv = header[24:28] + header[40:48]
    return AESGCM(ek).encrypt(iv, plain, header + bytes(4))


def mutated(out):
    sealed = seal(K, sized(draft(), 32), R, bytes(range(32)))
    places = {"vault": 8, "device": 24, "ctr": 47, "rest-of-hdr0": 69, "salt": 70, "ck": 102, "ck-last": 133,
              "ciphertext": 134, "tag": len(sealed) - 1}
    for name, at in places.items():
        bad(out, "flip-" + name, f"byte {at} flipped", flipped(sealed, at))
    bad(out, "other-key", "another key", sealed, fixed("seal other key"))
    bad(out, "short", "last byte missing", sealed[:-1])
    bad(out, "long", "one byte more", sealed + b"\0")
    bad(out, "empty", "no bytes", b"")
    bad(out, "common-only", "ends after 56 bytes", sealed[:56])


def segments_moved(out):
    plain = b"\x11" * 16384 + b"\x22" * 16384
    sealed = seal(K, sized(draft(), len(plain)), R, plain)
    start, step = HEADER + 64, 16400
    first, second = sealed[start:start + step], sealed[start + step:]
    bad(out, "segments-swapped", "segments 0 and 1 change places", sealed[:start] + second + first)
    bad(out, "segment-twice", "segment 0 in place of segment 1", sealed[:start] + first + first)


def other_commitment(out):
    hdr0, plain = sized(draft(), 32), bytes(32)
    sealed = seal_with_salt(K, hdr0, bytes(32), plain)
    out.add("any-salt-opens", k=K, header=HEADER, trailer=0, plaintext=plain, object=sealed)
    ek, _ = seal_keys(K, bytes(32), hdr0)
    header = hdr0 + bytes(32) + hashlib.sha256(b"another").digest()
    bad(out, "ck-wrong-tag-right", "the tag verifies, the commitment does not",
        header + one_segment(ek, header, plain))


def make():
    out = Blocks(__doc__)
    for name, fill, length, ctr in (("1", 0x5A, 1, 0), ("32", 0x00, 32, 0), ("32-ctr", 0x00, 32, 2**48 - 2),
                                    ("1000", 0xFF, 1000, 1), ("16384", 0x5A, 16384, 3), ("16385", 0x5A, 16385, 4),
                                    ("32768", 0x5A, 32768, 5), ("40000", 0x5A, 40000, 6)):
        good(out, "size-" + name, fill, length, ctr)
    mutated(out)
    for name, sealed in changed_headers():
        bad(out, "header-" + name, "a header that may not be, sealed with the key", sealed)
    segments_moved(out)
    other_commitment(out)
    return out

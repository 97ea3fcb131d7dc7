# SPDX-License-Identifier: Apache-2.0
"""ed25519.vec: which signatures verify, strictly (FORMAT 10)."""

from vaultformat.primitives import L, P, TORSION_YS, ed25519_public, ed25519_sign, ed25519_valid

from .blocks import Blocks, fixed, flipped
from .edwards import BASE, add, challenge, encode, multiply, point, scalar, sign

SEED, MESSAGE = fixed("ed25519 seed"), b"vaultd"
PUBLIC = ed25519_public(SEED)
GOOD = ed25519_sign(SEED, MESSAGE)
SECRET, NONCE = scalar(SEED), 123456789


def le(number):
    return number.to_bytes(32, "little")


def torsion():
    """The eight canonical encodings, by name."""
    ys = sorted(TORSION_YS)
    order8 = [y for y in ys if y not in (0, 1, P - 1)]
    return {"order-1": le(1), "order-2": le(P - 1), "order-4a": le(0), "order-4b": le(1 << 255),
            **{f"order-8{'abcd'[2 * i + odd]}": le(y | odd << 255) for i, y in enumerate(order8) for odd in (0, 1)}}


def not_canonical():
    """Other encodings of small-order points: y not reduced, or x = 0 with a sign."""
    return {"y-is-p": le(P), "y-is-p-sign": le(P | 1 << 255), "y-is-p-plus-1": le(P + 1),
            "y-is-p-plus-1-sign": le(P + 1 | 1 << 255), "x-0-sign": le(1 | 1 << 255),
            "minus-1-sign": le(P - 1 | 1 << 255)}


def small_key(encoded):
    """A signature that a lax verifier takes under a key of order 1, 2, 4 or 8: h is a multiple of 8."""
    r = encode(multiply(NONCE, BASE))
    message = next(m for m in (MESSAGE + bytes([i]) for i in range(256)) if challenge(r, encoded, m) % 8 == 0)
    return message, r + le(NONCE)


def small_nonce(encoded):
    """R of small order: S·B − h·A is the neutral element, so R = order-1 alone is laxly valid."""
    return encoded + le(challenge(encoded, PUBLIC, MESSAGE) * SECRET % L)


def mixed(out):
    order8 = point(sorted(TORSION_YS)[2], 0)
    r = add(multiply(NONCE, BASE), order8)
    out("mixed-r-cofactor-only", PUBLIC, MESSAGE, sign(SECRET, PUBLIC, r, NONCE, MESSAGE),
        "verifies only with the cofactor")
    key = encode(add(multiply(SECRET, BASE), order8))
    nonce = multiply(NONCE, BASE)
    for want, name, note in ((True, "mixed-a-valid", "A has a part of order 8, h is a multiple of 8: valid"),
                             (False, "mixed-a-cofactor-only", "A has a part of order 8, h is odd")):
        message = next(m for m in (MESSAGE + bytes([i]) for i in range(256))
                       if challenge(encode(nonce), key, m) % 8 == (0 if want else 1))
        out(name, key, message, sign(SECRET, key, nonce, NONCE, message), note)


def make():
    blocks = Blocks(__doc__)

    def out(name, public, message, signature, note):
        valid = ed25519_valid(public, message, signature)
        blocks.add(name, "ok" if valid else "error", note=note, public=public, message=message, signature=signature)

    out("valid", PUBLIC, MESSAGE, GOOD, "made by RFC 8032")
    out("valid-empty-message", PUBLIC, b"", ed25519_sign(SEED, b""), "made by RFC 8032")
    out("other-message", PUBLIC, b"Vaultd", GOOD, "another message")
    out("other-key", ed25519_public(fixed("ed25519 other")), MESSAGE, GOOD, "another key")
    for at in (0, 31, 32, 63):
        out(f"flip-{at}", PUBLIC, MESSAGE, flipped(GOOD, at), f"byte {at} flipped")
    s = int.from_bytes(GOOD[32:], "little")
    out("s-plus-l", PUBLIC, MESSAGE, GOOD[:32] + le(s + L), "S + L")
    out("s-is-l", PUBLIC, MESSAGE, GOOD[:32] + le(L), "S = L")
    out("s-all-ones", PUBLIC, MESSAGE, GOOD[:32] + b"\xff" * 32, "S = 2^256 - 1")
    for name, encoded in {**torsion(), **not_canonical()}.items():
        message, signature = small_key(encoded)
        out("a-" + name, encoded, message, signature, "A of small order or not canonical")
        out("r-" + name, PUBLIC, MESSAGE, small_nonce(encoded), "R of small order or not canonical")
    out("both-order-1", le(1), MESSAGE, le(1) + bytes(32), "A and R neutral, S = 0: laxly valid for any message")
    not_points(out)
    mixed(out)
    return blocks


def not_points(out):
    out("a-not-a-point", le(2), MESSAGE, GOOD, "y = 2 is on no point")
    out("r-not-a-point", PUBLIC, MESSAGE, le(2) + GOOD[32:], "y = 2 is on no point")
    out("a-y-is-p-plus-3", le(P + 3), MESSAGE, GOOD, "y = p + 3: not canonical")
    out("r-y-is-p-plus-3", PUBLIC, MESSAGE, le(P + 3) + GOOD[32:], "y = p + 3: not canonical")
    out("a-all-ones", b"\xff" * 32, MESSAGE, GOOD, "y = p + 18 with a sign: not canonical")

# SPDX-License-Identifier: Apache-2.0
"""Just enough arithmetic on edwards25519 to make signatures that are nearly valid."""

import hashlib

from vaultformat.primitives import D, L, P

ROOT = pow(2, (P - 1) // 4, P)


def invert(a):
    return pow(a, P - 2, P)


def add(p, q):
    (x1, y1), (x2, y2) = p, q
    t = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * invert(1 + t) % P, (y1 * y2 + x1 * x2) * invert(1 - t) % P)


def multiply(k, p):
    out = (0, 1)
    while k:
        out, p, k = (add(out, p) if k & 1 else out), add(p, p), k >> 1
    return out


def point(y, odd):
    square = (y * y - 1) * invert(D * y * y + 1) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    assert (x * x - square) % P == 0
    return (x if x % 2 == odd else P - x, y)


BASE = point(4 * invert(5) % P, 0)


def encode(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def scalar(seed):
    h = bytearray(hashlib.sha512(seed).digest()[:32])
    h[0] &= 248
    h[31] = h[31] & 63 | 64
    return int.from_bytes(h, "little")


def challenge(r, a, message):
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def sign(secret, a, nonce_point, nonce, message):
    """(R, S) for R = nonce_point, whose part in the prime-order group is nonce·B."""
    r = encode(nonce_point)
    return r + ((nonce + challenge(r, a, message) * secret) % L).to_bytes(32, "little")

# SPDX-License-Identifier: Apache-2.0
"""One AES-256-GCM message that opens under many keys: "Partitioning Oracle Attacks" (Len, Grubbs, Ristenpart, USENIX 2021).

GHASH is linear in the blocks of the message, over GF(2^128): with as many blocks free to choose as there are keys, and the tag
one of them, the tag's equation holds for all keys at once.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from vaultformat.cursor import u64

R = 0xE1 << 120


def multiply(x, y):
    """In GF(2^128) as SP 800-38D has it: the first bit is the most significant."""
    z = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            z ^= y
        y = (y >> 1) ^ (R if y & 1 else 0)
    return z


ONE = 1 << 127


def power(x, exponent):
    out = ONE
    while exponent:
        if exponent & 1:
            out = multiply(out, x)
        x, exponent = multiply(x, x), exponent >> 1
    return out


def inverse(x):
    return power(x, (1 << 128) - 2)


def solve(rows):
    """The x of A x = b over the field; rows are those of A with b behind."""
    rows = [list(row) for row in rows]
    for i in range(len(rows)):
        pivot = next(j for j in range(i, len(rows)) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        scale = inverse(rows[i][i])
        rows[i] = [multiply(scale, value) for value in rows[i]]
        for j, row in enumerate(rows):
            if j != i and row[i]:
                rows[j] = [a ^ multiply(row[i], b) for a, b in zip(row, rows[i])]
    return [row[-1] for row in rows]


def block(key, data):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(data) + encryptor.finalize(), "big")


def blocks_of(data):
    data += bytes(-len(data) % 16)
    return [int.from_bytes(data[at:at + 16], "big") for at in range(0, len(data), 16)]


def collide(keys, iv, aad, length, free_aad=()):
    """(aad, ciphertext, tag) that open under all keys: as many as there are blocks of the ciphertext, and the tag, and the blocks
    of aad that are free, by their number. Fewer keys leave some of them zero."""
    in_aad, in_text = blocks_of(aad), [0] * (length // 16)
    blocks = in_aad + in_text + [len(aad) * 8 << 64 | length * 8]
    places = [len(in_aad) + i for i in range(len(in_text))] + list(free_aad)
    places = places[:len(keys) - 1]
    for place in places:
        blocks[place] = 0
    rows = []
    for key in keys:
        h, pad, total = block(key, bytes(16)), block(key, iv + b"\0\0\0\1"), 0
        for value in blocks:
            total = multiply(total ^ value, h)
        rows.append([power(h, len(blocks) - place) for place in places] + [ONE, total ^ pad])
    *found, tag = solve(rows)
    for place, value in zip(places, found):
        blocks[place] = value
    raw = b"".join(value.to_bytes(16, "big") for value in blocks)
    start = len(in_aad) * 16
    return raw[:len(aad)], raw[start:start + length], tag.to_bytes(16, "big")


def iv_of(hdr0, segment=0):
    return hdr0[24:28] + u64(int.from_bytes(hdr0[40:48], "big") + segment)

# SPDX-License-Identifier: Apache-2.0
"""Blocks of `key = value` lines, and bytes that are fixed by a name."""

import hashlib

LONG = 4096


def fixed(name, n=32):
    """n bytes that depend on the name alone."""
    return hashlib.shake_256(b"vaultd vectors " + name.encode()).digest(n)


def shown(value):
    return value.hex() if isinstance(value, (bytes, bytearray)) else str(value)


class Blocks:
    """The text of one file."""

    def __init__(self, comment):
        self.parts = ["".join(f"# {line}\n" for line in comment.strip().splitlines())]

    def add(self, name, expect="ok", **values):
        lines = [f"name = {name}", f"expect = {expect}"]
        lines += [f"{key} = {shown(value)}".rstrip() for key, value in values.items()]
        self.parts.append("\n".join(lines) + "\n")

    def text(self):
        return "\n".join(self.parts)


def whole(key, data):
    """A long value stands there as its length and SHA-256."""
    if len(data) <= LONG:
        return {key: data}
    return {key + "_length": len(data), key + "_sha256": hashlib.sha256(data).digest()}


def flipped(data, at, mask=1):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]

# SPDX-License-Identifier: Apache-2.0
"""Reading and writing of the integers and byte strings of FORMAT 1."""

from .primitives import Refused, need


class Cursor:
    """Takes fields from the front of some bytes; refuses to go past their end."""

    __slots__ = ("data", "at")

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        start, self.at = self.at, self.at + n
        if self.at > len(self.data):
            raise Refused("malformed: a field goes past the end")
        return self.data[start:self.at]

    def uint(self, n):
        return int.from_bytes(self.take(n), "big")

    def var(self, n):
        return self.take(self.uint(n))

    def end(self):
        need(self.at == len(self.data), "malformed: bytes left over")


def u8(value):
    return value.to_bytes(1, "big")


def u16(value):
    return value.to_bytes(2, "big")


def u32(value):
    return value.to_bytes(4, "big")


def u64(value):
    return value.to_bytes(8, "big")


def var8(data):
    return u8(len(data)) + data


def var16(data):
    return u16(len(data)) + data


def var32(data):
    return u32(len(data)) + data


def ascending(ids, what):
    need(all(a < b for a, b in zip(ids, ids[1:])), what + ": not in ascending order")


def text(raw, what):
    """UTF-8 without a character of category Cc, which is U+0000 to U+001F and U+007F to U+009F."""
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(what + ": not UTF-8") from None
    need(decoded.isprintable() or not any(c < " " or "\x7f" <= c <= "\x9f" for c in decoded),
         what + ": holds a control character")
    return decoded

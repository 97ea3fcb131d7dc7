# SPDX-License-Identifier: Apache-2.0
"""Ways to change bytes, by dice: changed(dice, data) is something else than data."""


def flip(dice, data):
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1:]


def scatter(dice, data):
    for _ in range(dice.randrange(2, 9)):
        data = flip(dice, data)
    return data


def overwrite(dice, data):
    at, size = dice.randrange(len(data)), dice.choice([1, 2, 4, 8, 16, 32])
    filler = dice.choice([bytes(size), b"\xff" * size, dice.randbytes(size)])
    return (data[:at] + filler)[:len(data)] + data[at + size:]


def cut(dice, data):
    return data[:dice.randrange(len(data))]


def extend(dice, data):
    return data + dice.randbytes(dice.randrange(1, 64))


def drop(dice, data):
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice([1, 4, 16, 32]):]


def noise(dice, data):
    return dice.randbytes(len(data))


def number(dice, data):
    """A number somewhere becomes one beside it, or the greatest."""
    at, width = dice.randrange(max(1, len(data) - 8)), dice.choice([1, 2, 4, 8])
    old = int.from_bytes(data[at:at + width], "big")
    new = dice.choice([old + 1, old - 1, 0, (1 << 8 * width) - 1, 1 << (8 * width - 1)]) % (1 << 8 * width)
    return data[:at] + new.to_bytes(width, "big") + data[at + width:]


CHANGES = [flip, flip, flip, scatter, overwrite, cut, extend, drop, noise, number]
def changed(dice, data):
    while True:
        new = dice.choice(CHANGES)(dice, data)
        if new != data:
            return new

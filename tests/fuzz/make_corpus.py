#!/usr/bin/python3
"""Writes the seeds of the doors `wire` and `store_value`: good inputs of each decoder, and shapes that decoders get
wrong.

Commits and keyrings come from tests/vectors. Running it again gives the same files.
"""

import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
HASH, ID, SEED = b"\x11" * 32, b"\x22" * 16, b"\x33" * 32
ACCOUNT = b"\x04anna"


def vectors(file, key):
    """The values of `key = hex` in a file of vectors."""
    lines = (HERE.parent / "vectors" / file).read_text().splitlines()
    return [bytes.fromhex(line.partition(" = ")[2]) for line in lines if line.startswith(f"{key} = ")]


def var32(data):
    return struct.pack(">I", len(data)) + data


def listed(items):
    return struct.pack(">H", len(items)) + b"".join(map(var32, items))


def wire_seeds():
    """By the number with which tests/fuzz/wire.cpp chooses the decoder."""
    commits, keyrings = vectors("commit.vec", "commit"), vectors("keyring.vec", "object")
    head = struct.pack(">I", 3) + HASH
    chain_head = struct.pack(">Q", 7) + HASH
    authorization = b"Vaultd " + b"ab" * 16 + b",18446744073709551615," + b"cd" * 64
    return {
        0: [ACCOUNT, b"\x80" + b"a" * 128, b"\0"],
        1: [b"\xfe" + ID + SEED],
        2: [ACCOUNT + ID + ID],
        3: [ID + SEED],
        4: [ACCOUNT + b"\0" + var32(keyrings[0]), ACCOUNT + b"\x05token" + var32(keyrings[0])],
        5: [head + listed(keyrings[:3]), head + listed([])],
        6: [head + struct.pack(">H", 2) + ID + chain_head + b"\x23" * 16 + chain_head, head + b"\0\0"],
        7: [listed(commits[:3]), listed([]), b"\xff\xff" + var32(b""), b"\0\x01\xff\xff\xff\xff"],
        8: [struct.pack(">Q", 7) + var32(commits[0])],
        9: [head],
        10: [chain_head],
        11: [authorization, authorization.replace(b"18446744073709551615", b"0"), b"Vaultd ,,"],
        12: commits,
        13: keyrings,
    }


def store_seeds():
    """By the number with which tests/fuzz/store_value.cpp chooses the type: each with lengths at and beside its own."""
    return {kind: [bytes(range(size)) for size in (0, 3, 4, 5, 16, 24, 28, 40, 41, 200)] for kind in range(6)}


def write(door, seeds):
    folder = HERE / "corpus" / door
    folder.mkdir(parents=True, exist_ok=True)
    for kind, inputs in seeds.items():
        for number, data in enumerate(inputs):
            (folder / f"seed-{kind}-{number}").write_bytes(bytes([kind]) + data)


if __name__ == "__main__":
    write("wire", wire_seeds())
    write("store_value", store_seeds())

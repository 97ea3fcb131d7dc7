# SPDX-License-Identifier: Apache-2.0
"""What a running process has in its memory, and the search in it for what must not be there."""

import base64
import os

from harness import Skip

PAGE = 4096
ZERO = bytes(PAGE)
PIECE = 12  # bytes of a secret that are too many to be there by chance


def dump(pid):
    """{what: bytes} of all memory that the process can write to: where a secret can be. Pages of zeros are left out, and
    so are the database's, which are its file's."""
    found = {}
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    except PermissionError:
        raise Skip("reads another process's memory: needs root") from None
    try:
        with open(f"/proc/{pid}/maps") as maps:
            for line in maps:
                place, modes, _, _, _, *name = line.split(None, 5)
                name = name[0].strip() if name else "anonymous"
                if "w" not in modes or "r" not in modes or name.endswith("data.mdb"):
                    continue
                begin, end = (int(at, 16) for at in place.split("-"))
                pages = written(memory, begin, end)
                if pages:
                    found[f"{name} {begin:x}"] = pages
    finally:
        os.close(memory)
    return found


def written(memory, begin, end):
    step, out = 1 << 22, []
    for at in range(begin, end, step):
        try:
            data = os.pread(memory, min(step, end - at), at)
        except OSError:  # a part of a mapping that has nothing behind it
            continue
        out += [data[i : i + PAGE] for i in range(0, len(data), PAGE) if data[i : i + PAGE] != ZERO[: len(data) - i]]
    return b"".join(out)


def pieces(secret):
    """So that PIECE + 3 bytes of it in a row, wherever they begin, hold one of them."""
    last = max(len(secret) - PIECE, 0)
    return [secret[i : i + PIECE] for i in [*range(0, last, 4), last]]


def of_text(secret):
    """The bytes as they are, and as base64 at its three offsets."""
    found = {"itself": secret}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + secret)
        found[f"base64 at {shift}"] = coded[(0, 2, 3)[shift] : len(coded) // 4 * 4 - 4]
    return found


def of_key(secret):
    """The bytes as they are, and as code that thinks in words of 32 bits may keep them."""
    return {"itself": secret, "words": b"".join(secret[i : i + 4][::-1] for i in range(0, len(secret), 4))}


def look_for(secrets, seen, forms=of_text):
    """Which of {name: bytes} are in a dump, even a piece: {name: "itself in [heap] 55…"}."""
    found = {}
    for name, secret in secrets.items():
        for form, raw in forms(secret).items():
            where = {region for region, data in seen.items() for piece in pieces(raw) if piece in data}
            if where:
                found[name] = f"{form} in {', '.join(sorted(where))}"
    return found

# SPDX-License-Identifier: Apache-2.0
"""The recovery sheet and its code as text, and the keys derived from it (FORMAT 2, 3)."""

import re
from typing import NamedTuple

from .primitives import derive, label, need, sha256

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LIKE = str.maketrans("OIL", "011", "- ")
LINE = re.compile(r"vaultd-recovery:1:([^:\s]{36}):([0-9]{20}):([!-9;-~]+):([!-~]+)", re.ASCII)
LABELLED = re.compile(r"^[\s\u2502]*(account|code|state code)\s\s+(.*?)[\s\u2502]*$", re.MULTILINE)


def number_of(code):
    """Code and check as one number of 180 bits."""
    check = int.from_bytes(sha256(label("recovery-check") + code)[:3], "big") >> 4
    return int.from_bytes(code, "big") << 20 | check


def code_text(code):
    number = number_of(code)
    digits = "".join(DIGITS[number >> shift & 31] for shift in range(175, -1, -5))
    return "-".join(digits[at:at + 4] for at in range(0, 36, 4))


def parse_code(text):
    digits = text.upper().translate(LIKE)
    need(text.isascii() and len(digits) == 36 and set(digits) <= set(DIGITS), "recovery code: not 36 of its characters")
    number = 0
    for digit in digits:
        number = number << 5 | DIGITS.index(digit)
    code = (number >> 20).to_bytes(20, "big")
    need(number_of(code) == number, "recovery code: check wrong")
    return code


class Sheet(NamedTuple):
    """What a sheet says; None where only its code was given."""
    code: bytes
    state_code: str = None
    account: str = None


def parse_sheet(text):
    """Of the whole sheet as it is printed, or of the line in its QR code."""
    line = LINE.search(text)
    said = dict(zip(("code", "state code", "account"), line.groups())) if line else dict(LABELLED.findall(text))
    for word in ("code", "state code", "account"):
        need(word in said, f"sheet: it has no {word}")
    need(not line or len(line[0]) <= 1024, "sheet: a line above 1024 bytes")
    return Sheet(parse_code(said["code"]), parse_state_code(said["state code"]), said["account"])


def parse_state_code(text):
    """Four groups of five digits, however they are spaced."""
    digits = "".join(text.split())
    need(re.fullmatch(r"[0-9]{20}", digits), "state code: not twenty digits")
    return " ".join(digits[at:at + 5] for at in range(0, 20, 5))


def recovery_keys(code, vault_id):
    """(RBOX, RAUTH, RPSK)"""
    return tuple(derive(code, "recovery-" + name, vault_id) for name in ("box", "auth", "psk"))

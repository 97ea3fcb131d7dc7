# SPDX-License-Identifier: Apache-2.0
"""The recovery code as text, and the keys derived from it (FORMAT 2, 3)."""

from .primitives import derive, label, need, sha256

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LIKE = str.maketrans("OIL", "011", "- ")


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


def recovery_keys(code, vault_id):
    """(RBOX, RAUTH, RPSK)"""
    return tuple(derive(code, "recovery-" + name, vault_id) for name in ("box", "auth", "psk"))

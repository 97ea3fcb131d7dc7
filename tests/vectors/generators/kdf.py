# SPDX-License-Identifier: Apache-2.0
"""kdf.vec: from the password to AUTH and PWK (FORMAT 3)."""

from vaultformat.primitives import derive, ed25519_public, normal_password, password_root, password_salt

from .blocks import Blocks, fixed

VAULT, SEED = fixed("kdf vault", 16), fixed("kdf seed")
GOOD = [
    ("ascii", b"correct horse battery staple", "alice@example.org", 0xFE),
    ("one-byte", b"x", "a", 0xFE),
    ("spaces-stay", b"  two  ", "bob", 0xFE),
    ("nfc-composed", "Zo\u00eb \u212b".encode(), "zoe", 0xFE),
    ("nfc-decomposed", "Zoe\u0308 A\u030a".encode(), "zoe", 0xFE),
    ("nfc-order-of-marks", "q\u0323\u0307".encode(), "zoe", 0xFE),
    ("nfc-order-of-marks-other", "q\u0307\u0323".encode(), "zoe", 0xFE),
    ("hangul", "\u1100\u1161".encode(), "han", 0xFE),
    ("1024-bytes", b"p" * 1024, "a" * 128, 0xFE),
    ("shrinks-to-1024", "e\u0301".encode() * 512, "carol", 0xFE),
    ("release", b"correct horse battery staple", "alice@example.org", 0x01),
]
BAD = [
    ("empty", b"", 0xFE, "not 1 to 1024 bytes"),
    ("1025-bytes", b"p" * 1025, 0xFE, "not 1 to 1024 bytes"),
    ("grows-to-1026", "\u0958".encode() * 171, 0xFE, "1026 bytes after NFC, 513 before"),
    ("nul", b"a\0b", 0xFE, "holds a NUL"),
    ("not-utf8", b"\xff\xfe", 0xFE, "not UTF-8"),
    ("overlong", b"\xc0\x80", 0xFE, "not UTF-8"),
    ("surrogate", b"\xed\xa0\x80", 0xFE, "not UTF-8"),
    ("unknown-suite-2", b"x", 0x02, "suite unknown"),
    ("unknown-suite-0", b"x", 0x00, "suite unknown"),
]


def make():
    out = Blocks(__doc__)
    for name, password, account, suite in GOOD:
        good(out, name, password, account, suite)
    for name, password, suite, reason in BAD:
        out.add(name, "error", reason=reason, suite=suite, password=password, account="alice", vault_id=VAULT,
                seed=SEED)
    return out


def good(out, name, password, account, suite):
    root = password_root(password, suite, account, VAULT, SEED)
    auth = derive(root, "auth", VAULT)
    out.add(name, suite=suite, password=password, account=account, vault_id=VAULT, seed=SEED,
            normal=normal_password(password), salt=password_salt(suite, account, VAULT, SEED), root=root,
            auth_seed=auth, auth_pk=ed25519_public(auth), pwk=derive(root, "password-slot", VAULT))

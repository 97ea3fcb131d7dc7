# SPDX-License-Identifier: Apache-2.0
"""Hashes, HKDF, labels, the password's derivation and strict Ed25519 (FORMAT 1, 2, 3, 10)."""

import hashlib
import hmac
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SUITES = {0x01: (262144, 3, 4), 0xFE: (64, 1, 1)}
TEST_SUITE = 0xFE


class Refused(Exception):
    """An object that the format does not allow; the text says which rule."""


def need(condition, rule):
    if not condition:
        raise Refused(rule)


def sha256(data):
    return hashlib.sha256(data).digest()


def hmac256(key, data):
    return hmac.digest(key, data, "sha256")


def label(name, context=b""):
    return b"vaultd/v1/" + name.encode() + b"\0" + context


def hkdf(ikm, info, n=32, salt=bytes(32)):
    prk = hmac256(salt, ikm)
    out = block = b""
    while len(out) < n:
        block = hmac256(prk, block + info + bytes([len(out) // 32 + 1]))
        out += block
    return out[:n]


def derive(ikm, name, context=b"", n=32):
    return hkdf(ikm, label(name, context), n)


def normal_password(raw):
    """The password's bytes as Argon2 takes them: NFC, and refused when they are no password."""
    try:
        text = unicodedata.normalize("NFC", raw.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        raise Refused("password: not UTF-8") from None
    need(1 <= len(text) <= 1024, "password: not 1 to 1024 bytes")
    need(0 not in text, "password: holds a NUL")
    return text


def password_salt(suite, account, vault_id, seed):
    name = account.encode()
    return sha256(label("kdf", bytes([suite]) + len(name).to_bytes(2, "big") + name + vault_id + seed))


def password_root(password, suite, account, vault_id, seed):
    need(suite in SUITES, "suite unknown")
    memory, passes, lanes = SUITES[suite]
    return hash_secret_raw(normal_password(password), password_salt(suite, account, vault_id, seed),
                           time_cost=passes, memory_cost=memory, parallelism=lanes, hash_len=64,
                           type=Type.ID, version=0x13)


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def small_order_ys():
    """y of the eight torsion points: 1, -1, 0 and the two of order eight (d y^4 + 2 y^2 - 1 = 0)."""
    root = pow(1 + D, (P + 3) // 8, P)
    if (root * root - 1 - D) % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    squares = [(sign * root - 1) * pow(D, P - 2, P) % P for sign in (1, -1)]
    found = [y for s in squares for y in square_roots(s)]
    return frozenset([0, 1, P - 1] + found)


def square_roots(a):
    root = pow(a, (P + 3) // 8, P)
    if (root * root - a) % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    return [root, P - root] if (root * root - a) % P == 0 else []


TORSION_YS = small_order_ys()


def good_point(encoded):
    """Canonical and not of small order. x = 0 only where y is 1 or -1, so the torsion test covers its sign bit."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y < P and y not in TORSION_YS


def ed25519_valid(public, message, signature):
    """FORMAT 10; OpenSSL then compares R with S·B − H·A as encoded, without the cofactor."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    if not (good_point(public) and good_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ed25519_sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_public(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519_public(private):
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519(private, public):
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused("X25519: shared secret is zero") from None

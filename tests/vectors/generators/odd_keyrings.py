# SPDX-License-Identifier: Apache-2.0
"""Versions for keyring.vec that are allowed, though few vaults have one (FORMAT 7): thirty devices with a recovery slot and a
sibling; siblings and sealers that nobody can check; a new AUTH under the old seed; a code that ended and comes again."""

from vaultformat.primitives import derive, ed25519_public, password_root

from .blocks import fixed
from .keyrings import (ACCOUNT, IDS, SUITE, VAULT, VKS, Password, after, build, device, with_code, with_device_slots,
                       with_devices, with_password)

SIBLING = fixed("keyring sibling")
NOBODY, ZERO = b"\x99" * 16, bytes(32)


class NoCode:
    """In place of a recovery code."""
    code = rbox = rauth = b""


class OldSeed(Password):
    """Another password under the seed of the one before."""

    def __init__(self, before):
        root = password_root(b"under the old seed", SUITE, ACCOUNT, VAULT, before.seed)
        self.seed, self.password = before.seed, b"under the old seed"
        self.auth, self.pwk = derive(root, "auth", VAULT), derive(root, "password-slot", VAULT)
        self.auth_pk = ed25519_public(self.auth)


def thirty_devices(s):
    """Follows v2 with g = 2. Twelve of the devices have joined in a sibling of v2, sixteen in this version."""
    draft = after(s.v2, g=2, sealer=IDS[0], old_vks=(VKS[0],), siblings=(SIBLING,))
    late = [device(i, 2 if i < 14 else 3) for i in range(2, 30)]
    draft = with_devices(draft, [device(0, 1), device(1, 2), *late])
    draft = with_device_slots(with_code(with_password(draft, s.p6), s.code))
    return build(draft, [(1, s.p6.auth), (2, s.p1.auth)])


def odd_versions(s):
    """(name, version, follows, password, code, signers)"""
    s.p6 = Password(6)
    yield "thirty-devices", thirty_devices(s), "v2", s.p6, s.code, [(1, s.p6.auth), (2, s.p1.auth)]
    one = [(1, s.p1.auth)]
    zeros = build(after(s.v2, sealer=NOBODY, siblings=(ZERO,)), one)
    yield "sibling-of-zeros-by-nobody", zeros, "v2", s.p1, s.code, one
    yield "sibling-again", build(after(zeros, siblings=(ZERO,)), one), "sibling-of-zeros-by-nobody", s.p1, s.code, one
    p7 = OldSeed(s.p1)
    draft = with_device_slots(with_code(with_password(after(s.v2, g=2, sealer=IDS[0], old_vks=(VKS[0],)), p7), s.code))
    both = [(1, p7.auth), (2, s.p1.auth)]
    yield "old-seed", build(draft, both), "v2", p7, s.code, both
    ended = build(after(s.v2, rauth_pk=ZERO, rbox_pk=ZERO, rpsk=ZERO, recovery_slot=b""), one)
    yield "code-ended", ended, "v2", s.p1, NoCode, one
    back = build(with_code(after(ended), Again(s.code)), one)
    yield "code-again", back, "code-ended", s.p1, Again(s.code), one


class Again:
    """The code as before, with another RPSK."""

    def __init__(self, code):
        self.code, self.rauth, self.rauth_pk, self.rbox, self.rbox_pk = code.code, code.rauth, code.rauth_pk, code.rbox, code.rbox_pk
        self.rpsk = fixed("keyring another rpsk")

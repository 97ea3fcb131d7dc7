# SPDX-License-Identifier: Apache-2.0
"""keyring.vec: a keyring's versions with all that they are made of, and versions that must not follow (FORMAT 7).
v1 made with a recovery code; v2 a device joins; v3 the password changes, g = 2; v4 a device is revoked, g = 3;
v5 from v2 with the recovery code, other seed, AUTH, g and RAUTH. Then what odd_keyrings.py has."""

import dataclasses

from vaultformat.keyring import (ACTIVE, REVOKED, Device, Keyring, body_bytes, build_keyring, check_follows, listed,
                                 open_body, parse_public)
from vaultformat.primitives import Refused, derive, ed25519_public, password_root, x25519_public
from vaultformat.recovery import recovery_keys
from vaultformat.slots import device_slot, password_slot, recovery_slot

from .blocks import Blocks, fixed

SUITE, VAULT, ACCOUNT = 0xFE, fixed("keyring vault", 16), "alice@example.org"
PASSWORDS = {1: b"first password", 3: b"second password", 5: b"after recovery", 6: b"thirty devices"}
VKS = [fixed(f"keyring vk {g}") for g in (1, 2, 3)]
NK = fixed("keyring nk")
IDS = [b"\x11" * 16, b"\x22" * 16, b"\x33" * 16, *(bytes([0x40 + i]) * 16 for i in range(3, 30))]
HEAD1, HEAD1B, HEAD2 = (fixed("keyring head " + n) for n in ("1", "1b", "2"))


class Password:
    """What one password gives."""

    def __init__(self, v):
        self.seed = fixed(f"keyring seed {v}")
        root = password_root(PASSWORDS[v], SUITE, ACCOUNT, VAULT, self.seed)
        self.auth, self.pwk = derive(root, "auth", VAULT), derive(root, "password-slot", VAULT)
        self.auth_pk, self.password = ed25519_public(self.auth), PASSWORDS[v]


class Code:
    """What one recovery code gives."""

    def __init__(self, name):
        self.code = fixed("keyring recovery code " + name, 20)
        self.rbox, self.rauth, self.rpsk = recovery_keys(self.code, VAULT)
        self.rbox_pk, self.rauth_pk = x25519_public(self.rbox), ed25519_public(self.rauth)


def box(i):
    return fixed(f"keyring box {i}")


def device(i, joined_version, **changes):
    d = Device(IDS[i], f"device {i}".encode(), ed25519_public(fixed(f"keyring sig {i}")), x25519_public(box(i)),
               ed25519_public(fixed(f"keyring net {i}")), ACTIVE, 1700000000000 + i, joined_version)
    return d._replace(**changes)


def eph(v, what):
    return fixed(f"keyring eph {v} {what}")


def r_of(v, what):
    return fixed(f"keyring r {v} {what}")


def with_password(k, p):
    slot = password_slot(p.pwk, SUITE, VAULT, k.sealer, k.v, k.g, VKS[k.g - 1], r_of(k.v, "password"))
    return dataclasses.replace(k, seed=p.seed, auth_pk=p.auth_pk, password_slot=slot)


def with_code(k, c):
    slot = recovery_slot(eph(k.v, "recovery"), c.rbox_pk, c.rpsk, SUITE, VAULT, k.sealer, k.v, k.g, VKS[k.g - 1],
                         r_of(k.v, "recovery"))
    return dataclasses.replace(k, rauth_pk=c.rauth_pk, rbox_pk=c.rbox_pk, rpsk=c.rpsk, recovery_slot=slot)


def with_devices(k, devices):
    return dataclasses.replace(k, devices=tuple(devices), listed=listed(devices))


def with_device_slots(k):
    slots = tuple((d.device_id, device_slot(eph(k.v, d.device_id.hex()), d.box_pk, VKS[k.g - 2], SUITE, VAULT,
                                            k.sealer, d.device_id, k.v, k.g, VKS[k.g - 1],
                                            r_of(k.v, d.device_id.hex())))
                  for d in k.devices if d.status == ACTIVE)
    return dataclasses.replace(k, device_slots=slots)


def build(k, signers, vk_before=None, repeated=None):
    before = vk_before or VKS[max(0, k.g - 2 if k.device_slots else k.g - 1)]
    build_keyring(k, VKS[k.g - 1], before, signers, r_of(k.v, "body"), repeated)
    return k


def after(k, **changes):
    same = {"v": k.v + 1, "prev": k.hash(), "device_slots": (), "raw": b""}
    return dataclasses.replace(k, **(same | changes))


class Story:
    """The five versions, as drafts and built."""

    def __init__(self):
        self.p1, self.p3, self.p5, self.code, self.code5 = Password(1), Password(3), Password(5), Code("1"), Code("5")
        first = Keyring(SUITE, VAULT, IDS[0], 1, 1, account=ACCOUNT, nk=NK)
        first = with_code(with_password(with_devices(first, [device(0, 1)]), self.p1), self.code)
        self.v1 = build(first, [(1, self.p1.auth)])
        self.draft2 = with_devices(after(self.v1, sealer=IDS[1], heads=((IDS[0], 3, HEAD1),)),
                                   [device(0, 1), device(1, 2)])
        self.v2 = build(dataclasses.replace(self.draft2), [(1, self.p1.auth)])
        self.password_change()
        self.revocation()
        self.recovery()

    def password_change(self):
        draft = after(self.v2, g=2, sealer=IDS[0], old_vks=(VKS[0],),
                      heads=((IDS[0], 5, HEAD1B), (IDS[1], 2, HEAD2)))
        self.draft3 = with_device_slots(with_code(with_password(draft, self.p3), self.code))
        self.v3 = build(dataclasses.replace(self.draft3), [(1, self.p3.auth), (2, self.p1.auth)])

    def revocation(self):
        draft = after(self.v3, g=3, sealer=IDS[0], old_vks=(VKS[0], VKS[1]))
        draft = with_devices(draft, [device(0, 1), device(1, 2, status=REVOKED, cut_seq=2, cut_hash=HEAD2)])
        self.draft4 = with_device_slots(with_code(with_password(draft, self.p3), self.code))
        self.v4 = build(dataclasses.replace(self.draft4), [(1, self.p3.auth)])

    def recovery(self):
        draft = after(self.v2, g=2, sealer=IDS[2], old_vks=(VKS[0],))
        draft = with_devices(draft, [device(0, 1), device(1, 2), device(2, 3)])
        self.draft5 = with_device_slots(with_code(with_password(draft, self.p5), self.code5))
        self.v5 = build(dataclasses.replace(self.draft5), [(1, self.p5.auth), (3, self.code.rauth)])


def device_lines(k):
    """device<i>, head<i>, device_slot<i>: fields in the order of the format, joined by spaces."""
    lines = {f"device{i}": " ".join([d.device_id.hex(), d.name.hex(), d.sig_pk.hex(), d.box_pk.hex(), d.net_pk.hex(),
                                     str(d.status), str(d.joined), str(d.joined_version), str(d.cut_seq),
                                     d.cut_hash.hex()]) for i, d in enumerate(k.devices)}
    lines |= {f"head{i}": f"{h[0].hex()} {h[1]} {h[2].hex()}" for i, h in enumerate(k.heads)}
    for i, (device_id, slot) in enumerate(k.device_slots):
        lines |= {f"device_slot{i}": device_id, f"device_slot{i}_eph": eph(k.v, device_id.hex()),
                  f"device_slot{i}_r": r_of(k.v, device_id.hex()), f"device_slot{i}_bytes": slot}
    return lines


def fresh(k):
    """The inputs of the password and the recovery slot, where this version has made them."""
    lines = {}
    if k.password_slot[56:60] == k.v.to_bytes(4, "big"):
        lines |= {"password_slot_r": r_of(k.v, "password")}
    if k.recovery_slot[56:60] == k.v.to_bytes(4, "big"):
        lines |= {"recovery_slot_eph": eph(k.v, "recovery"), "recovery_slot_r": r_of(k.v, "recovery")}
    return lines


def show(out, name, k, follows, password, code, signers):
    out.add(name, what="version", follows=follows, suite=k.suite, vault_id=VAULT, device_id=k.sealer, v=k.v, g=k.g,
            prev=k.prev, seed=k.seed, password=password.password, pwk=password.pwk, auth_seed=password.auth,
            auth_pk=k.auth_pk, recovery_code=code.code, rbox=code.rbox, rauth_seed=code.rauth, rauth_pk=k.rauth_pk,
            account=ACCOUNT, **fresh(k), password_slot=k.password_slot, recovery_slot=k.recovery_slot, nk=NK,
            rbox_pk=k.rbox_pk, rpsk=k.rpsk, **{f"vk{g + 1}": VKS[g] for g in range(k.g)}, **device_lines(k),
            minimum_format=k.min_format, r=r_of(k.v, "body"), signers=",".join(f"{role} {seed.hex()}" for role, seed in signers),
            hdr0=k.raw[:k.header], content=body_bytes(k, k.raw[:k.header]), object=k.raw, object_hash=k.hash())


def reparsed(k):
    new = parse_public(k.raw, (SUITE,))
    open_body(new, VKS[new.g - 1])
    return new


def make():
    from .odd_keyrings import odd_versions
    out, s = Blocks(__doc__), Story()
    versions = (("v1", s.v1, "none", s.p1, s.code, [(1, s.p1.auth)]),
                ("v2", s.v2, "v1", s.p1, s.code, [(1, s.p1.auth)]),
                ("v3", s.v3, "v2", s.p3, s.code, [(1, s.p3.auth), (2, s.p1.auth)]),
                ("v4", s.v4, "v3", s.p3, s.code, [(1, s.p3.auth)]),
                ("v5", s.v5, "v2", s.p5, s.code5, [(1, s.p5.auth), (3, s.code.rauth)]),
                *odd_versions(s))
    parsed = {"none": None} | {name: reparsed(k) for name, k, *_ in versions}
    for name, k, follows, password, code, signers in versions:
        check_follows(parsed[follows], parsed[name], VKS)
        show(out, name, parsed[name], follows, password, code, signers)
    refused(out, s, parsed)
    return out


def refused(out, s, parsed):
    from .bad_keyrings import bad_versions
    for name, follows, reason, raw in bad_versions(s):
        try:
            k = parse_public(raw, (SUITE,))
            open_body(k, VKS[k.g - 1] if k.g <= 3 else VKS[2])
            check_follows(parsed[follows], k, VKS)
        except Refused as why:
            out.add("bad-" + name, "error", what="version", follows=follows, reason=reason, rule=why,
                    **{f"vk{i + 1}": vk for i, vk in enumerate(VKS)}, object=raw)
        else:
            raise AssertionError(name + " is accepted")

# SPDX-License-Identifier: Apache-2.0
"""Keyring versions: their bytes, and the rules by which one follows another (FORMAT 7)."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from .cursor import Cursor, ascending, text, u8, u16, u32, u64, var8, var16
from .primitives import derive, ed25519_sign, ed25519_valid, hmac256, label, need, sha256
from .seal import FORMAT, check_common, common, frame, seal, sized, unframe, unseal
from .slots import DEVICE, PASSWORD, RECOVERY, check_slot

KIND, MOST, ZERO = 16, 262144, bytes(32)
MOST_DEVICES, MOST_GENERATIONS, MOST_NAME = 256, 4096, 64
ACTIVE, REVOKED = 1, 2
BY_AUTH, BY_OLD_AUTH, BY_RECOVERY = 1, 2, 3
ACCOUNT = re.compile(r"[a-z0-9._@-]{1,128}")


class Device(NamedTuple):
    """One entry of the body's list."""
    device_id: bytes
    name: bytes
    sig_pk: bytes
    box_pk: bytes
    net_pk: bytes
    status: int = ACTIVE
    joined: int = 0
    joined_version: int = 1
    cut_seq: int = 0
    cut_hash: bytes = ZERO


@dataclass
class Keyring:
    """A version of the keyring: public part, body, and once it is built or parsed its bytes."""
    suite: int = 0
    vault_id: bytes = b""
    sealer: bytes = b""
    v: int = 1
    g: int = 1
    prev: bytes = ZERO
    siblings: tuple = ()
    seed: bytes = b""
    auth_pk: bytes = b""
    rauth_pk: bytes = ZERO
    account: str = ""
    password_slot: bytes = b""
    recovery_slot: bytes = b""
    device_slots: tuple = ()
    listed: tuple = ()
    nk: bytes = b""
    rbox_pk: bytes = ZERO
    rpsk: bytes = ZERO
    old_vks: tuple = ()
    devices: tuple = ()
    heads: tuple = ()
    min_format: int = FORMAT
    raw: bytes = field(default=b"", repr=False)
    header: int = 0
    trailer: int = 0
    link: bytes = b""
    signatures: tuple = ()
    ctr: int = 0

    def hash(self):
        return sha256(self.raw)


def listed(devices):
    return tuple((d.device_id, d.net_pk, d.sig_pk, int(d.status == ACTIVE)) for d in devices)


def public_bytes(k):
    return (common(k.suite, KIND, k.vault_id, k.sealer, k.ctr) + u32(k.v) + u32(k.g) + k.prev
            + u8(len(k.siblings)) + b"".join(k.siblings) + k.seed + k.auth_pk + k.rauth_pk
            + var8(k.account.encode()) + var16(k.password_slot) + var16(k.recovery_slot)
            + u16(len(k.device_slots)) + b"".join(i + var16(s) for i, s in k.device_slots)
            + u16(len(k.listed)) + b"".join(i + net + sig + u8(w) for i, net, sig, w in k.listed))


def device_bytes(d):
    return (d.device_id + var8(d.name) + d.sig_pk + d.box_pk + d.net_pk + u8(d.status) + u64(d.joined)
            + u32(d.joined_version) + u64(d.cut_seq) + d.cut_hash)


def body_bytes(k, hdr0):
    return (k.nk + k.rbox_pk + k.rpsk + u32(len(k.old_vks)) + b"".join(k.old_vks)
            + u16(len(k.devices)) + b"".join(map(device_bytes, k.devices))
            + u16(len(k.heads)) + b"".join(i + u64(seq) + digest for i, seq, digest in k.heads)
            + u8(k.min_format) + sha256(hdr0))


def body_key(vk, vault_id, v):
    return derive(vk, "keyring-body", vault_id + u32(v))


def link_of(vk_before, vault_id, before):
    return hmac256(derive(vk_before, "keyring-link", vault_id), sha256(before))


def build_keyring(k, vk, vk_before, signers, r, repeated=None):
    """The version's bytes, also put into k.raw. signers: (role, seed) in order; repeated: hdr0, but for tests."""
    draft = public_bytes(k)
    trailer = 32 + 1 + 65 * len(signers)
    hdr0 = sized(draft, len(frame(body_bytes(k, draft))), trailer)
    sealed = seal(body_key(vk, k.vault_id, k.v), hdr0, r, frame(body_bytes(k, repeated or hdr0)))
    linked = sealed + link_of(vk_before, k.vault_id, sealed)
    message = label("keyring") + sha256(linked)
    k.raw = linked + u8(len(signers)) + b"".join(u8(role) + ed25519_sign(seed, message) for role, seed in signers)
    return k.raw


def parse_public(raw, suites):
    """A Keyring with its public part, link and signatures; suites are those that may be."""
    need(len(raw) <= MOST, "above 262,144 bytes")
    c = Cursor(raw)
    k = Keyring(raw=raw, suite=c.take(56)[5])
    need(k.suite in suites, f"suite 0x{k.suite:02x} is unknown or not allowed")
    k.v, k.g, k.prev = c.uint(4), c.uint(4), c.take(32)
    k.siblings = tuple(c.take(32) for _ in range(c.uint(1)))
    k.seed, k.auth_pk, k.rauth_pk = c.take(32), c.take(32), c.take(32)
    account = c.var(1)
    k.password_slot, k.recovery_slot = c.var(2), c.var(2)
    k.device_slots = tuple((c.take(16), c.var(2)) for _ in range(c.uint(2)))
    k.listed = tuple((c.take(16), c.take(32), c.take(32), c.uint(1)) for _ in range(c.uint(2)))
    k.header = c.at
    parse_trailer(k)
    k.account = text(account, "account")
    check_public(k)
    return k


def parse_trailer(k):
    """One or two signatures: a frame's length is a multiple of 16, so total tells which."""
    count = 1 if (len(k.raw) - k.header - 33 - 65) % 16 == 0 else 2
    k.trailer = 33 + 65 * count
    fields = check_common(k.raw, k.suite, (KIND,), k.header, k.trailer)
    k.vault_id, k.sealer = fields[5], fields[6]
    need(fields[7] == 0, "ctr is not 0")
    c = Cursor(k.raw, len(k.raw) - k.trailer)
    k.link = c.take(32)
    need(c.uint(1) == count, "number of signatures wrong")
    k.signatures = tuple((c.uint(1), c.take(64)) for _ in range(count))


def check_public(k):
    need(ACCOUNT.fullmatch(k.account), "account is no account name")
    need(k.v >= 1 and k.g >= 1 and len(k.siblings) <= 1, "v, g or number of siblings wrong")
    need(k.g <= MOST_GENERATIONS, "above 4,096 generations")
    need(k.v > 1 or (k.g == 1 and k.prev == ZERO and not k.siblings), "version 1 has another g, prev or sibling")
    need((k.recovery_slot == b"") == (k.rauth_pk == ZERO), "recovery slot without RAUTH, or RAUTH without slot")
    ascending([i for i, _ in k.device_slots], "device slots")
    ascending([i for i, *_ in k.listed], "public list")
    need(len(k.listed) <= MOST_DEVICES, "above 256 devices")
    check_slots(k)


def check_slots(k):
    v, g, _ = check_slot(k.password_slot, PASSWORD, k.suite, k.vault_id)
    need(v <= k.v and g == k.g, "password slot of another generation or a later version")
    if k.recovery_slot:
        v, g, _ = check_slot(k.recovery_slot, RECOVERY, k.suite, k.vault_id)
        need(v <= k.v and g == k.g, "recovery slot of another generation or a later version")
    for recipient, slot in k.device_slots:
        v, g, rest = check_slot(slot, DEVICE, k.suite, k.vault_id)
        need((v, g) == (k.v, k.g) and rest[:16] == recipient, "device slot of another version or device")


def open_body(k, vk):
    """Reads the body into k; returns ek."""
    framed, ek = unseal(body_key(vk, k.vault_id, k.v), k.raw, k.header, k.trailer)
    c = Cursor(unframe(framed))
    k.nk, k.rbox_pk, k.rpsk = c.take(32), c.take(32), c.take(32)
    k.old_vks = tuple(c.take(32) for _ in range(c.uint(4)))
    k.devices = tuple(parse_device(c) for _ in range(c.uint(2)))
    k.heads = tuple((c.take(16), c.uint(8), c.take(32)) for _ in range(c.uint(2)))
    k.min_format, repeated = c.uint(1), c.take(32)
    c.end()
    need(repeated == sha256(k.raw[:k.header]), "body repeats another public part")
    check_body(k)
    return ek


def parse_device(c):
    return Device(c.take(16), c.var(1), c.take(32), c.take(32), c.take(32), c.uint(1), c.uint(8), c.uint(4),
                  c.uint(8), c.take(32))


def check_body(k):
    need(len(k.old_vks) == k.g - 1, "number of earlier vault keys is not g - 1")
    need(k.min_format == FORMAT, f"minimum format is not {FORMAT}")
    ascending([d.device_id for d in k.devices], "device list")
    ascending([i for i, _, _ in k.heads], "heads")
    need(k.listed == listed(k.devices), "public list differs from the device list")
    absent = [key == ZERO for key in (k.rauth_pk, k.rbox_pk, k.rpsk)]
    need(all(absent) or not any(absent), "recovery keys are there in part")
    for d in k.devices:
        check_device(k, d)
    check_heads(k)


def check_device(k, d):
    text(d.name, "device name")
    need(1 <= len(d.name) <= MOST_NAME, "device name is not 1 to 64 bytes")
    need(d.status in (ACTIVE, REVOKED), "status of a device unknown")
    need(d.status == REVOKED or (d.cut_seq, d.cut_hash) == (0, ZERO), "active device with a cut")
    need((d.cut_seq == 0) == (d.cut_hash == ZERO), "cut with seq or hash alone")
    need(1 <= d.joined_version <= k.v, "device has joined in a later version")


def check_heads(k):
    known, heads_of = {d.device_id: d for d in k.devices}, {i: (seq, h) for i, seq, h in k.heads}
    need(all(i in known for i in heads_of), "head of an unknown device")
    need(all(seq for seq, _ in heads_of.values()), "head with seq 0")
    for d in k.devices:
        need(d.status == ACTIVE or heads_of.get(d.device_id, (0, ZERO)) == (d.cut_seq, d.cut_hash),
             "head of a revoked device is not its cut")


def vault_key(k, vks, g):
    """VK_g from the list VK_1, VK_2 …"""
    need(1 <= g <= len(vks), "no vault key of that generation")
    return vks[g - 1]


def check_follows(old, new, vks):
    """FORMAT 7, accepting a keyring, 3 and 4, for two opened versions; old is None for version 1."""
    first = old is None
    need(new.v == (1 if first else old.v + 1), "v is not one more")
    vk_before = vks[0] if first else vault_key(new, vks, old.g)
    before = new.raw[:len(new.raw) - new.trailer]
    need(new.link == link_of(vk_before, new.vault_id, before), "link does not verify")
    check_signatures(old, new)
    if first:
        need(not new.device_slots, "device slots where g is not raised")
        need(all(d.status == ACTIVE for d in new.devices), "new device is revoked already")
        return
    need(new.prev == old.hash(), "prev is not the hash of the version before")
    need((new.vault_id, new.account, new.suite) == (old.vault_id, old.account, old.suite),
         "vault_id, account or suite differs")
    check_generation(old, new, vks)
    check_recovery(old, new)
    check_devices(old, new)
    check_old_heads(old, new)


def check_signatures(old, new):
    message = label("keyring") + sha256(new.raw[:len(new.raw) - new.trailer + 32])
    roles = [role for role, _ in new.signatures]
    changed = old is not None and new.auth_pk != old.auth_pk
    need(roles in ([[BY_AUTH, BY_OLD_AUTH], [BY_AUTH, BY_RECOVERY]] if changed else [[BY_AUTH]]),
         "roles of the signatures wrong")
    if roles[-1] == BY_RECOVERY:
        need(new.seed != old.seed and new.g != old.g and new.rauth_pk != old.rauth_pk,
             "role 3 without another seed, g or RAUTH")
    for role, signature in new.signatures:
        key = {BY_AUTH: new.auth_pk, BY_OLD_AUTH: old and old.auth_pk, BY_RECOVERY: old and old.rauth_pk}[role]
        need(ed25519_valid(key, message, signature), f"signature of role {role} does not verify")


def check_generation(old, new, vks):
    raised = new.g - old.g
    need(raised in (0, 1), "g does not grow by 0 or 1")
    need(new.nk == old.nk, "NK differs")
    kept = old.old_vks + ((vks[old.g - 1],) if raised else ())
    need(new.old_vks == kept, "earlier vault keys differ")
    need(new.min_format >= old.min_format, "minimum format falls")
    due = [d.device_id for d in new.devices if raised and d.status == ACTIVE]
    need([i for i, _ in new.device_slots] == due, "device slots are not those of the active devices")
    if raised:
        need(new.password_slot[56:60] == u32(new.v), "password slot was not made for this version")
    else:
        need((new.seed, new.auth_pk) == (old.seed, old.auth_pk), "seed or AUTH differs with g unchanged")
        need(new.password_slot == old.password_slot, "password slot differs with g unchanged")


def check_recovery(old, new):
    same = new.rauth_pk == old.rauth_pk
    need(not same or (new.rbox_pk, new.rpsk) == (old.rbox_pk, old.rpsk), "recovery keys differ under one RAUTH")
    if same and new.g == old.g:
        need(new.recovery_slot == old.recovery_slot, "recovery slot differs with g and code unchanged")
    elif new.recovery_slot:
        need(new.recovery_slot[56:60] == u32(new.v), "recovery slot was not made for this version")


def check_devices(old, new):
    before = {d.device_id: d for d in old.devices}
    need(before.keys() <= {d.device_id for d in new.devices}, "a device has disappeared")
    for d in new.devices:
        was = before.get(d.device_id)
        if was is None:
            need(d.joined_version == new.v or (new.siblings and 1 < d.joined_version < new.v),
                 "new device has joined in another version, and in no sibling")
            need(d.status == ACTIVE, "new device is revoked already")
            continue
        need((d.sig_pk, d.box_pk, d.net_pk, d.joined, d.joined_version)
             == (was.sig_pk, was.box_pk, was.net_pk, was.joined, was.joined_version),
             "a device's keys or joined differ")
        need(was.status == ACTIVE or (d.status, d.cut_seq, d.cut_hash) == (REVOKED, was.cut_seq, was.cut_hash),
             "revoked device is active again or has another cut")
        need(d.status == was.status or new.g > old.g, "a device is revoked and keeps the vault key")


def check_old_heads(old, new):
    now = {i: (seq, digest) for i, seq, digest in new.heads}
    for i, seq, digest in old.heads:
        its = now.get(i, (0, ZERO))
        need(its[0] > seq or its == (seq, digest), "a head is below or beside that of the version before")

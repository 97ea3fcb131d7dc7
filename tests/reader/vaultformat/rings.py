# SPDX-License-Identifier: Apache-2.0
"""All keyring versions of an export, accepted with the password or the recovery code (FORMAT 7, 11.1)."""

from .keyring import check_follows, open_body, parse_public, vault_key
from .primitives import Refused, derive, ed25519_public, need, password_root
from .primitives import x25519_public
from .recovery import recovery_keys
from .seal import sealings
from .slots import HEADERS, PASSWORD, RECOVERY, open_password_slot, open_recovery_slot


def at(where, act, *arguments):
    """act(*arguments), with the object's name before the rule in what it raises."""
    try:
        return act(*arguments)
    except Refused as why:
        raise Refused(f"{where}: {why}") from None


def name_of(v):
    return f"keyring/{v}.bin"


class Rings:
    """versions[v], its hash, the vault keys, and the sealings that they tell of."""

    def __init__(self, export, password, suites, sheet=None):
        self.versions = {v: at(name_of(v), parse_public, export.read("keyring", f"{v}.bin"), suites)
                         for v in export.versions()}
        for v, k in self.versions.items():
            need(k.v == v, f"{name_of(v)}: is version {k.v}")
        self.newest = self.versions[max(self.versions)]
        self.sealings, self.vks = [], ()
        self.replaced, self.enrolled = set(), {}
        opens = self.open_by_sheet if sheet else self.open_newest
        at(name_of(self.newest.v), opens, sheet or password)
        self.open_all()
        self.hashes = {v: k.hash() for v, k in self.versions.items()}
        self.devices = {d.device_id: d for d in self.newest.devices}

    def open_newest(self, password):
        k = self.newest
        root = password_root(password, k.suite, k.account, k.vault_id, k.seed)
        auth = derive(root, "auth", k.vault_id)
        need(ed25519_public(auth) == k.auth_pk, "wrong password, or another account, vault or seed")
        vk, ek = open_password_slot(derive(root, "password-slot", k.vault_id), k.password_slot)
        self.sealings += sealings(ek, k.password_slot, HEADERS[PASSWORD])
        open_body(k, vk)
        self.vks = k.old_vks + (vk,)

    def open_by_sheet(self, sheet):
        """Instead of the password: what the code gives must be what header and body say."""
        k = self.newest
        need(sheet.account in (None, k.account), f"the sheet is of the account {sheet.account}, and this of {k.account}")
        rbox, rauth, rpsk = recovery_keys(sheet.code, k.vault_id)
        need(ed25519_public(rauth) == k.rauth_pk, "wrong recovery code, or another vault")
        vk, ek = open_recovery_slot(rbox, rpsk, k.recovery_slot)
        self.sealings += sealings(ek, k.recovery_slot, HEADERS[RECOVERY])
        open_body(k, vk)
        need(x25519_public(rbox) == k.rbox_pk and rpsk == k.rpsk, "the body has another code's keys")
        self.vks = k.old_vks + (vk,)

    def open_all(self):
        before = None
        for v in sorted(self.versions):
            at(name_of(v), self.open_one, before, self.versions[v])
            before = self.versions[v]

    def open_one(self, before, k):
        self.sealings += sealings(open_body(k, vault_key(k, self.vks, k.g)), k.raw, k.header, k.trailer)
        check_follows(before, k, self.vks)
        need(not set(k.siblings) & {one.hash() for one in self.versions.values()}, "a sibling is a version that is here")
        self.replaced |= set(k.siblings)
        known = {d.device_id for d in before.devices} if before else set()
        for d in k.devices:
            adopted = d.device_id not in known and d.joined_version < k.v
            self.enrolled.setdefault(d.device_id, k.siblings[0] if adopted else k.hash())

    def has(self, v, digest):
        """Whether that version is there with that hash, or was, and another one replaces it."""
        return v in self.hashes and (self.hashes[v] == digest or digest in self.replaced)

    def heads(self):
        """(where, device_id, seq, hash) of every head that a version names."""
        for v, k in self.versions.items():
            for device_id, seq, digest in k.heads:
                yield name_of(v), device_id, seq, digest

# SPDX-License-Identifier: Apache-2.0
"""Whoever has some of a vault's keys and every byte of its server: all that opens with them, and with what that gives,
until nothing more does. It keeps to no rule of a reader's; that a seal opens is all it asks for."""

import lmdb

from vaultformat.commit import OPENS, TRAILER, dk_wrap, header_size, parse_header
from vaultformat.export import Export
from vaultformat.keyring import open_body, parse_public
from vaultformat.primitives import SUITES, Refused, derive, password_root, x25519_public
from vaultformat.recovery import parse_code, recovery_keys
from vaultformat.seal import unframe, unseal
from vaultformat.slots import open_device_slot, open_password_slot, open_recovery_slot

LOCAL_HEADER, SEEN_NOBODY = 70, 2  # bytes


def opened(act, *arguments):
    """What it gives; None where that does not open."""
    try:
        return act(*arguments)
    except (Refused, ValueError):
        return None


class Thief:
    """`folder` is a sealed export: a superset of what a server has."""

    def __init__(self, folder):
        export = Export(folder)
        self.rings = {v: parse_public(export.read("keyring", f"{v}.bin"), set(SUITES)) for v in export.versions()}
        self.newest = self.rings[max(self.rings)]
        self.commits = {(device, seq): export.read("chains", device.hex(), f"{seq}.bin") for device in export.devices()
                        for seq in export.numbers("chains", device.hex())}
        self.headers = {place: parse_header(raw, self.newest.suite) for place, raw in self.commits.items()}
        self.passwords, self.codes, self.locals = [], [], []
        self.vks, self.boxes, self.dks = set(), set(), set()
        self.rings_open, self.commits_open = set(), set()

    def has_password(self, password):
        for seed in {k.seed for k in self.rings.values()}:
            root = password_root(password.encode(), self.newest.suite, self.newest.account, self.newest.vault_id, seed)
            self.passwords.append(derive(root, "password-slot", self.newest.vault_id))
        return self

    def has_code(self, text):
        self.codes.append(recovery_keys(parse_code(text), self.newest.vault_id))
        return self

    def has_device(self, database):
        """A database of a stopped device: its private keys, once a vault key of its time opens them."""
        with lmdb.open(str(database), subdir=False, max_dbs=32, map_size=1 << 40, readonly=True, lock=False) as env:
            with env.begin() as tx:
                self.locals.append(tx.get(b"identity", db=env.open_db(b"local", txn=tx, create=False)))
        return self

    def opens_all_it_can(self):
        """Vault keys give keys of devices, which give commits; private keys and codes give the next vault keys."""
        knew = None
        while knew != (knew := (len(self.vks), len(self.boxes), len(self.dks), len(self.rings_open))):
            for v, ring in self.rings.items():
                self.tries_slots(ring)
                self.tries_body(v, ring)
            for sealed in self.locals:
                self.tries_local(sealed)
            self.tries_commits()
        return self

    def tries_slots(self, ring):
        found = [opened(open_password_slot, key, ring.password_slot) for key in self.passwords]
        if ring.recovery_slot:
            found += [opened(open_recovery_slot, box, psk, ring.recovery_slot) for box, _, psk in self.codes]
        for _, slot in ring.device_slots:
            found += [opened(open_device_slot, box, vk, slot) for box in self.boxes for vk in self.vks]
        self.vks |= {vk for vk, _ in filter(None, found)}

    def tries_body(self, v, ring):
        if v not in self.rings_open and any(opened(open_body, ring, vk) for vk in self.vks):
            self.rings_open.add(v)
            self.vks |= set(ring.old_vks)

    def tries_local(self, sealed):
        for vk in self.vks:
            there = opened(unseal, derive(vk, "local", self.newest.vault_id), sealed, LOCAL_HEADER)
            if there:
                content = unframe(there[0])
                self.dks.add(content[4:36])
                self.boxes.add(content[68:100])

    def tries_commits(self):
        for (device, seq), raw in self.commits.items():
            h = self.headers[device, seq]
            if (device, seq) in self.commits_open:
                continue
            keys = [dk_wrap(vk, h.vault_id, device, h.epoch) for vk in self.vks] if h.kind in OPENS else self.dks
            there = next(filter(None, (opened(unseal, key, raw, header_size(raw), TRAILER) for key in keys)), None)
            if there:
                self.commits_open.add((device, seq))
                if h.kind in OPENS:
                    self.dks.add(unframe(there[0])[-32:])

    def boxes_listed(self):
        """Whose private keys it has, by the newest list that it has read."""
        ring = self.rings[max(self.rings_open)]
        mine = {x25519_public(box) for box in self.boxes}
        return {d.name.decode() for d in ring.devices if d.box_pk in mine}

    def versions_of(self, places):
        return sorted({self.headers[place].version for place in places})

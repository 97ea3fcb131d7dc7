# SPDX-License-Identifier: Apache-2.0
"""A small writer of sealed exports for the tests: one vault, its devices, and every object it has sealed."""

import hashlib
import itertools
import os
from dataclasses import replace
from types import SimpleNamespace

from vaultformat.commit import (ACK, BASE, CHECKPOINT, DATA, EPOCH, JUMP, Header, Record, build_framed, check_key,
                                data_body, dk_wrap, header_bytes, make_record, seen_bytes)
from vaultformat.cursor import u64
from vaultformat.keyring import REVOKED, Device, Keyring, build_keyring, listed
from vaultformat.manifest import Manifest, build_manifest
from vaultformat.primitives import derive, ed25519_public, password_root, sha256, x25519_public
from vaultformat.seal import frame
from vaultformat.recovery import recovery_keys
from vaultformat.slots import device_slot, password_slot, recovery_slot

SUITE, ACCOUNT = 0xFE, "alice"
WALL = 1700000000000


class Writer:
    """rings: the keyring's versions; devices: by name; each with its chain of raw commits."""

    def __init__(self, password=b"password"):
        self.count = itertools.count()
        self.vault_id, self.nk, self.vks = self.fresh(16), self.fresh(), [self.fresh()]
        self.checking = check_key(self.nk, self.vault_id)
        self.rings, self.devices, self.clock, self.blobs = [], {}, WALL << 16, {}
        self.choose(password)
        self.add_device("a", 1)
        self.ring(self.first())
        self.enrol("a")

    def fresh(self, n=32):
        return hashlib.shake_256(b"writer" + next(self.count).to_bytes(4, "big")).digest(n)

    # Keyring

    def choose(self, password):
        self.seed = self.fresh()
        root = password_root(password, SUITE, ACCOUNT, self.vault_id, self.seed)
        self.auth, self.pwk = derive(root, "auth", self.vault_id), derive(root, "password-slot", self.vault_id)

    def add_device(self, name, version):
        device_id = hashlib.shake_256(name.encode()).digest(16)
        sig, box, net = self.fresh(), self.fresh(), self.fresh()
        public = Device(device_id, name.encode(), ed25519_public(sig), x25519_public(box),
                        ed25519_public(net), joined=WALL, joined_version=version)
        self.devices[name] = SimpleNamespace(id=device_id, sig=sig, net=net, public=public, chain=[], epoch=0, ctr=0, dk=None,
                                             seen={}, version=0, shown=None)

    def listed_devices(self):
        return tuple(sorted(d.public for d in self.devices.values()))

    def first(self):
        devices = self.listed_devices()
        return self.slotted(Keyring(SUITE, self.vault_id, devices[0].device_id, 1, 1, account=ACCOUNT, nk=self.nk,
                                    devices=devices, listed=listed(devices)))

    def slotted(self, k):
        slot = password_slot(self.pwk, SUITE, self.vault_id, k.sealer, k.v, k.g, self.vks[-1], self.fresh())
        return replace(k, seed=self.seed, auth_pk=ed25519_public(self.auth), password_slot=slot)

    def next(self, siblings=(), **changes):
        """A draft of the next version; g is raised when there is a new vault key."""
        old, devices = self.rings[-1], self.listed_devices()
        k = replace(old, v=old.v + 1, prev=old.hash(), g=len(self.vks), old_vks=tuple(self.vks[:-1]), raw=b"",
                    device_slots=(), devices=devices, listed=listed(devices), heads=self.heads(), siblings=siblings, **changes)
        return self.slotted_all(k) if k.g > old.g else k

    def slotted_all(self, k):
        slots = tuple((d.device_id, device_slot(self.fresh(), d.box_pk, self.vks[-2], SUITE, self.vault_id, k.sealer,
                                                d.device_id, k.v, k.g, self.vks[-1], self.fresh()))
                      for d in k.devices if d.status != REVOKED)
        return self.slotted(replace(k, device_slots=slots))

    def heads(self):
        return tuple(sorted(self.head_of(d) for d in self.devices.values() if self.limit(d)))

    def limit(self, d):
        """What of its chain the others have: up to the cut, or as far as `shown` says."""
        end = len(d.chain) if d.shown is None else d.shown
        return d.public.cut_seq if d.public.status == REVOKED else end

    def head_of(self, d):
        return self.head_at(d.public.name.decode(), self.limit(d))

    def head_at(self, name, seq):
        d = self.devices[name]
        return d.id, seq, sha256(d.chain[seq - 1])

    def ring(self, k, signers=None):
        before = self.vks[max(0, (self.rings[-1].g if self.rings else 1) - 1)]
        build_keyring(k, self.vks[k.g - 1], before, signers or [(1, self.auth)], self.fresh())
        self.rings.append(k)
        return k

    def join(self, name):
        self.add_device(name, len(self.rings) + 1)
        self.ring(self.next())
        self.enrol(name)

    def revoke(self, name, seq):
        d = self.devices[name]
        digest = sha256(d.chain[seq - 1]) if seq else bytes(32)
        d.public = d.public._replace(status=REVOKED, cut_seq=seq, cut_hash=digest)
        self.vks.append(self.fresh())
        self.ring(self.next())

    def change_password(self, password):
        before = self.auth
        self.choose(password)
        self.vks.append(self.fresh())
        self.ring(self.next(), [(1, self.auth), (2, before)])

    def print_sheet(self):
        """The next version has a recovery code, which is given."""
        code = self.fresh(20)
        rbox, rauth, rpsk = recovery_keys(code, self.vault_id)
        k = self.next(rauth_pk=ed25519_public(rauth), rbox_pk=x25519_public(rbox), rpsk=rpsk)
        k.recovery_slot = recovery_slot(self.fresh(), k.rbox_pk, rpsk, SUITE, self.vault_id, k.sealer, k.v, k.g, self.vks[-1],
                                        self.fresh())
        self.ring(k)
        return code

    # Chains

    def enrol(self, name):
        self.epoch(name)

    def epoch(self, name):
        return self.open_epoch(name, EPOCH)

    def open_epoch(self, name, kind, seen=(), **header):
        d = self.devices[name]
        d.epoch, d.version, d.dk = header.pop("epoch", d.epoch + 1), len(self.rings), self.fresh()
        key = dk_wrap(self.vks[-1], self.vault_id, d.id, d.epoch)
        return self.commit(name, kind, d.dk, seen, key=key, **header)

    def jump(self, name, end, *others, **header):
        """What lies between the commit `end` and this one becomes void; it stays in the chain here."""
        d = self.devices[name]
        digest = sha256(d.chain[end - 1]) if end else self.rings[d.public.joined_version - 1].hash()
        return self.open_epoch(name, JUMP, self.seen(*others), **{"after": end, "after_hash": digest} | header)

    def commit(self, name, kind, body, seen=(), key=None, framed=None, **header):
        d = self.devices[name]
        content = seen_bytes(seen) + body
        framed = framed or frame(content)
        k = self.rings[d.version - 1]
        prev = sha256(d.chain[-1]) if d.chain else self.rings[d.public.joined_version - 1].hash()
        h = Header(SUITE, kind, self.vault_id, d.id, d.ctr, 0, d.epoch, len(d.chain) + 1, k.v, k.hash(), prev)
        h = h._replace(**header)
        raw = build_framed(key or d.dk, header_bytes(h), framed, d.sig, self.fresh())
        d.chain.append(raw)
        d.ctr += int.from_bytes(raw[48:52], "big")
        return raw

    def record(self, name, item, value, replaces=(), **changes):
        self.clock += 1
        draft = Record(b"", 1, item.encode(), b"text/plain", ((b"k", b"v"),), tuple(sorted(replaces)), self.clock,
                       WALL, value)
        if value is None:
            draft = draft._replace(operation=2, content_type=b"", attributes=())
        d = self.devices[name]
        return make_record(self.checking, d.id, len(d.chain) + 1, 0, draft._replace(**changes))

    def put(self, name, item, value, replaces=(), seen=(), **changes):
        """Writes an item; returns its version id."""
        made, raw = self.record(name, item, value, replaces, **changes)
        self.commit(name, DATA, data_body([raw]), seen)
        return made.version_id

    def seen(self, *names):
        return tuple(sorted(self.head_of(self.devices[n]) for n in names))

    def ack(self, name, *others):
        self.commit(name, ACK, b"", self.seen(*others))

    def checkpoint(self, name, *others):
        self.commit(name, CHECKPOINT, b"", self.seen(*others))

    def base(self, name, n, *others, digest=None):
        d = self.devices[name]
        before = sha256(d.chain[n - 2]) if n > 1 else self.rings[d.public.joined_version - 1].hash()
        self.commit(name, BASE, u64(n) + (digest or before), self.seen(*others))

    # Files

    def without(self, name, *seqs):
        """All files but these commits."""
        gone = [self.path(name, seq) for seq in seqs]
        return {path: raw for path, raw in self.files().items() if path not in gone}

    def files(self):
        found = {f"keyring/{k.v}.bin": k.raw for k in self.rings} | self.blobs
        for d in self.devices.values():
            found |= {f"chains/{d.id.hex()}/{i}.bin": raw for i, raw in enumerate(d.chain, 1)}
        return found

    def manifest(self, by="a", **changes):
        """{path: manifest} of all files; by nobody it is a server's."""
        d, k = self.devices.get(by), self.rings[-1]
        m = Manifest(self.vault_id, d.id if d else bytes(16), WALL, k.v, k.hash(),
                     sum(len(d.chain) for d in self.devices.values()), self.heads())
        return {"manifest.bin": build_manifest(m._replace(**changes), d and d.net)}

    def path(self, name, seq):
        return f"chains/{self.devices[name].id.hex()}/{seq}.bin"


def write_files(folder, files):
    for name, raw in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(raw)

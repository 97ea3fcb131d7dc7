# SPDX-License-Identifier: Apache-2.0
"""Who makes a lie, and what they know. A server alone has only bytes; Member has a device's keys, as a stolen unlocked
laptop or a member who turned has them: all vault keys, NK, the keys of all chains, its own SIG; Insider has the password
too. None of them has the SIG of another device."""

import hashlib
import os
import struct
import time
from dataclasses import replace
from types import SimpleNamespace

from history import SUITES, History, place_of, seqs_of
from vaultformat.commit import (ACK, CHECKPOINT, DATA, EPOCH, JUMP, TRAILER, Header, Record, check_key, data_body, dk_wrap,
                                header_bytes, make_record, open_commit, parse_content, parse_header, seen_bytes, state_code)
from vaultformat.keyring import Device, build_keyring, listed, open_body, parse_public
from vaultformat.primitives import derive, ed25519_public, ed25519_sign, label, password_root, sha256, x25519_public
from vaultformat.rings import Rings
from vaultformat.seal import frame, seal, sized
from vaultformat.slots import password_slot, recovery_slot


class Stored:
    """A History as the reader's Export."""

    def __init__(self, history):
        self.history = history

    def read(self, kind, *where):
        number = int(where[-1].partition(".")[0])
        if kind == "keyring":
            return self.history.rings[number - 1]
        chain = self.history.chains[bytes.fromhex(where[0])]
        return chain[place_of(chain, number)]

    def numbers(self, _, folder):
        return seqs_of(self.history.chains.get(bytes.fromhex(folder), []))

    def versions(self):
        return list(range(1, len(self.history.rings) + 1))


class Insider:
    """Who has the password."""

    def __init__(self, history, password):
        self.rings = Rings(Stored(history), password, SUITES)
        newest = self.rings.newest
        root = password_root(password, newest.suite, newest.account, newest.vault_id, newest.seed)
        self.auth = derive(root, "auth", newest.vault_id)

    def next_ring(self, history, signers=None, **changes):
        """The bytes of the version after the newest, with what is changed in it."""
        old = self.rings.newest
        devices = tuple(sorted(changes.pop("devices", old.devices)))
        heads = changes.pop("heads", tuple(history.heads()))
        k = replace(old, v=old.v + 1, prev=old.hash(), raw=b"", siblings=(), device_slots=(), devices=devices,
                    listed=listed(devices), heads=heads)
        k = replace(k, **changes)
        return build_keyring(k, self.rings.vks[-1], self.rings.vks[-1], signers or [(1, self.auth)], os.urandom(32))


class Member:
    """A device of the vault, all of it in Python."""

    def __init__(self, history, password, name):
        insider = Insider(history, password)
        newest = insider.rings.newest
        self.id = hashlib.sha256(name.encode() + newest.vault_id).digest()[:16]
        self.sig, self.box, self.net, self.dk = (os.urandom(32) for _ in range(4))
        self.device = Device(self.id, name.encode(), ed25519_public(self.sig), x25519_public(self.box),
                             ed25519_public(self.net), joined=int(time.time() * 1000), joined_version=newest.v + 1)
        history.put_ring(insider.next_ring(history, devices=(*newest.devices, self.device)))
        self.learn(insider)
        self.epoch = 1
        self.append(history, EPOCH, self.dk, key=dk_wrap(self.vk, self.vault, self.id, 1))

    def learn(self, insider):
        self.suite, self.vault = insider.rings.newest.suite, insider.rings.newest.vault_id
        self.vk, self.nk = insider.rings.vks[-1], insider.rings.newest.nk
        self.checking, self.rings = check_key(self.nk, self.vault), insider.rings

    def rings_of(self, history):
        """The keyring versions, with the newest one opened by the vault key that the member has."""
        newest = parse_public(history.rings[-1], SUITES)
        open_body(newest, self.vk)
        return SimpleNamespace(newest=newest, vks=self.rings.vks)

    def recovery_slot(self, k):
        return recovery_slot(os.urandom(32), k.rbox_pk, k.rpsk, k.suite, k.vault_id, k.sealer, k.v, k.g, self.vk, os.urandom(32))

    def false_vault(self, history, value):
        """Of its own AUTH, with the true vault's id and recovery keys, and herself as the only device."""
        true, auth = parse_public(history.rings[-1], SUITES), os.urandom(32)
        open_body(true, self.vk)
        device = self.device._replace(joined_version=1)
        own = replace(true, v=1, g=1, prev=bytes(32), raw=b"", siblings=(), device_slots=(), heads=(), old_vks=(),
                      auth_pk=ed25519_public(auth), devices=(device,), listed=listed((device,)), sealer=self.id)
        own.password_slot = password_slot(os.urandom(32), own.suite, own.vault_id, self.id, 1, 1, self.vk, os.urandom(32))
        own.recovery_slot = self.recovery_slot(own)
        out = History()
        out.rings = [build_keyring(own, self.vk, self.vk, [(1, auth)], os.urandom(32))]
        self.append(out, EPOCH, self.dk, key=dk_wrap(self.vk, self.vault, self.id, 1))
        self.put(out, "notes/plan", value)
        return out

    # Chains

    def header(self, history, kind, **changes):
        chain = history.chains.get(self.id, [])
        version, digest = len(history.rings), sha256(history.rings[-1])
        prev = sha256(chain[-1]) if chain else digest
        ctr = sum(struct.unpack_from(">QI", chain[-1], 40)) if chain else 1
        return Header(self.suite, kind, self.vault, self.id, ctr, 0, self.epoch, history.head(self.id)[0] + 1, version, digest,
                      prev)._replace(**changes)

    def make(self, history, kind, body, seen=(), key=None, framed=None, spoil=None, **changes):
        """A commit; spoil(bytes before the signature) may change them: they are signed after that."""
        content = framed or frame(seen_bytes(sorted(seen)) + body)
        hdr0 = sized(header_bytes(self.header(history, kind, **changes)), len(content), TRAILER)
        sealed = seal(key or self.dk, hdr0, os.urandom(32), content)
        return self.signed(spoil(sealed) if spoil else sealed)

    def signed(self, sealed):
        return sealed + ed25519_sign(self.sig, label("commit") + sha256(sealed))

    def append(self, history, *arguments, **changes):
        raw = self.make(history, *arguments, **changes)
        history.chains.setdefault(self.id, []).append(raw)
        return raw

    def record(self, history, item, data, index=0, **changes):
        wall = int(time.time() * 1000)
        draft = Record(b"", 1, item.encode(), b"text/plain", (), (), wall << 16, wall, data)
        seq = history.head(self.id)[0] + 1
        return make_record(self.checking, self.id, seq, index, draft._replace(**changes))

    def others(self, history):
        return [head for head in history.heads() if head[0] != self.id]

    def jump(self, history, passes=2, after=None, seen=None, **changes):
        """A jump over as many seqs as that, of which nobody has a commit, after her newest one or one that is given: (seq, hash)."""
        seq, digest = after or history.head(self.id)
        changes = {"epoch": self.epoch + 1, "seq": history.head(self.id)[0] + 1 + passes, "after": seq, "after_hash": digest,
                   "prev": os.urandom(32) if passes else history.head(self.id)[1]} | changes
        return self.append(history, JUMP, self.dk, self.others(history) if seen is None else seen,
                           key=dk_wrap(self.vk, self.vault, self.id, changes["epoch"]), **changes)

    def put(self, history, name, value, seen=None, **changes):
        _, record = self.record(history, name, value)
        return self.append(history, DATA, data_body([record]), self.others(history) if seen is None else seen, **changes)

    def ack(self, history):
        return self.append(history, ACK, b"", self.others(history))

    def checkpoint(self, history):
        """Writes one, and gives its code."""
        return state_code(self.vault, sha256(self.append(history, CHECKPOINT, b"", self.others(history))))

    def key_of(self, history, device):
        """The device key of another device's first epoch: every member can open it."""
        raw = history.chains[device][0]
        h = parse_header(raw, self.suite)
        return parse_content(h.kind, device, open_commit(dk_wrap(self.vk, self.vault, device, h.epoch), raw)[0], b"").body

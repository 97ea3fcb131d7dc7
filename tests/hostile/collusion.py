# SPDX-License-Identifier: Apache-2.0
"""One verb per lie of a server that has more than bytes: the keys of a member's device, or the password."""

import os
from dataclasses import replace

from history import public_part
from lies import changed
from vaultformat.commit import ACK, BASE, Blob, CHECKPOINT, DATA, EPOCH, JUMP, data_body, dk_wrap, make_record, seen_bytes
from vaultformat.cursor import u32, u64
from vaultformat.keyring import build_keyring, listed
from vaultformat.primitives import L, ed25519_public, ed25519_sign, sha256, x25519_public
from vaultformat.seal import frame


def other(key):
    return sha256(b"another" + key)


def with_device(k, change, at=0):
    """The device list with one of them changed, and the public list to it."""
    devices = list(k.devices)
    devices[at] = devices[at]._replace(**change(devices[at]))
    return {"devices": tuple(devices), "listed": listed(devices)}


def with_head(k, device, change):
    return {"heads": tuple(filter(None, (change(h) if h[0] == device else h for h in k.heads)))}


class Collusion:
    # Keyrings

    def next_version(self, history):
        """A good next version as an object, before it is sealed and signed."""
        old = self.insider_rings.newest
        return replace(old, v=old.v + 1, prev=old.hash(), raw=b"", device_slots=(), siblings=(), heads=tuple(history.heads()))

    def tell_ring(self, k, signers):
        """Seals and signs it, on top of what is there."""
        vk = self.insider_rings.vks[-1]
        build_keyring(k, vk, vk, signers, os.urandom(32))
        self.view.rings.append(k.raw)

    def member_makes_ring(self, member, how):
        """All that is sealed is right; what lacks is AUTH."""
        mallory = self.members[member]
        self.insider_rings = mallory.rings_of(self.view)
        k, own = self.next_version(self.view), mallory.sig
        if how == "own AUTH":
            k.auth_pk = ed25519_public(own)
        if how == "own AUTH, both roles":
            k.auth_pk, k.seed = ed25519_public(own), os.urandom(32)
            return self.tell_ring(k, [(1, own), (2, own)])
        if how == "own recovery":
            k.rauth_pk, k.rbox_pk, k.rpsk = ed25519_public(own), x25519_public(own), os.urandom(32)
            k.recovery_slot = mallory.recovery_slot(k)
        return self.tell_ring(k, [(1, own)])

    def insider_makes_ring(self, password, how):
        """Signed by AUTH, and no version that may follow."""
        insider = self.insider(password)
        self.insider_rings = insider.rings
        k = self.next_version(self.view)
        for name, value in self.changes_of(k, how).items():
            setattr(k, name, value)
        self.tell_ring(k, [(1, insider.auth)])

    def changes_of(self, k, how):
        mallory = self.members["mallory"].id
        laptop = public_part(self.view.rings[0]).sealer
        at = next(i for i, d in enumerate(k.devices) if d.device_id == mallory)
        fewer = k.devices[:at] + k.devices[at + 1 :]
        return {
            "a device is gone": lambda: {"devices": fewer, "listed": listed(fewer), **with_head(k, mallory, lambda h: None)},
            "a device has another SIG": lambda: with_device(k, lambda d: {"sig_pk": ed25519_public(other(d.sig_pk))}, at),
            "a device has another NET": lambda: with_device(k, lambda d: {"net_pk": ed25519_public(other(d.net_pk))}, at),
            "a device joined at another time": lambda: with_device(k, lambda d: {"joined": d.joined + 1}, at),
            "a device joined in an older version": lambda: with_device(k, lambda d: {"joined_version": d.joined_version - 1}, at),
            "another NK": lambda: {"nk": other(k.nk)},
            "a head is lower": lambda: with_head(k, laptop, lambda h: (h[0], 1, sha256(self.view.chains[laptop][0]))),
            "a head is gone": lambda: with_head(k, laptop, lambda h: None),
            "a head is higher": lambda: with_head(k, mallory, lambda h: (h[0], h[1] + 5, other(h[2]))),
            "a head has another hash": lambda: with_head(k, mallory, lambda h: (h[0], h[1], other(h[2]))),
            "another account": lambda: {"account": "hanna"},
            "another vault": lambda: {"vault_id": other(k.vault_id)[:16]},
            "another seed": lambda: {"seed": other(k.seed)},
            "the public list has another NET": lambda: {"listed": (*k.listed[:-1], (k.listed[-1][0], other(b""), *k.listed[-1][2:]))},
            "the public list has another SIG": lambda: {"listed": (*k.listed[:-1], (*k.listed[-1][:2], other(b""), 1))},
            "the public list lacks a device": lambda: {"listed": k.listed[:-1]},
            "a revoked device keeps the vault key": lambda: with_device(
                k, lambda d: {"status": 2, "cut_seq": self.view.head(mallory)[0], "cut_hash": self.view.head(mallory)[1]}, at),
            "two versions at once": lambda: {"v": k.v + 1},
            "earlier vault keys": lambda: {"old_vks": (other(k.nk),)},
            "another minimum format": lambda: {"min_format": 3},
        }[how]()

    # Commits: Mallory writes, and the server shows what she wrote

    def member_writes(self, member, how):
        """A commit on her chain that is signed by her, and wrong."""
        MEMBER_LIES[how](self.members[member], self.view)

    def member_writes_with_a_wrong_tag(self, member, text):
        """A good item but for the last byte of its tag."""
        self.members[member].put(self.view, "news/tag", text, spoil=lambda sealed: changed(sealed, -1))

    def commit_that_names(self, member, device, seq, digest=None):
        """An ack which says that she has seen this."""
        mallory = self.members[member]
        seen = [head for head in mallory.others(self.view) if head[0] != device]
        mallory.append(self.view, ACK, b"", [*seen, (device, seq, digest or os.urandom(32))])

    def member_signs_two(self, account, member, *parties):
        """Two commits for one seq: these parties are shown the one, everybody else the other."""
        mallory, truth = self.members[member], self.truths[account]
        self.account_lied_about, other = account, truth.copy()
        mallory.put(other, "mallory/branch", b"what some are told")
        mallory.put(truth, "mallory/branch", b"what the others are told")
        self.views = {party: other for party in parties}

    def show_the_other_branch(self, member, namer):
        """Her newest commit is another than the one that the namer has named."""
        mallory, chain = self.members[member], self.view.chains[self.members[member].id]
        del chain[-2:]  # her last one is an ack that nobody has named
        mallory.put(self.view, "news/mallory", b"on the other branch", seen=())


def spoiled(at, bits=1):
    return lambda m, h: m.put(h, "news/spoiled", b"spoiled before it was signed", spoil=lambda sealed: changed(sealed, at, bits))


def labelled(**header):
    return lambda m, h: m.put(h, "news/labelled", b"a good item", **header)


def content(raw, kind=DATA):
    return lambda m, h: m.append(h, kind, raw)


def framed(change):
    def tell(m, h):
        _, record = m.record(h, "news/framed", b"a good item")
        m.append(h, DATA, b"", framed=change(frame(seen_bytes(()) + data_body([record]))))

    return tell


def recorded(**fields):
    def tell(m, h):
        _, raw = m.record(h, fields.get("its_name", "news/recorded"), b"an item",
                          **{name: value for name, value in fields.items() if name != "its_name"})
        m.append(h, DATA, data_body([raw]))

    return tell


def many_records(number):
    def tell(m, h):
        raws = [m.record(h, f"news/many/{i}", b"", index=i)[1] for i in range(number)]
        m.append(h, DATA, data_body(raws))

    return tell


def unsorted_replaces(m, h):
    """Built by hand: what makes records for her sorts them."""
    ids = [m.id + u64(1) + u32(i) + bytes(8) for i in (1, 0)]
    draft, _ = m.record(h, "news/replaces", b"x")
    _, raw = make_record(m.checking, m.id, h.head(m.id)[0] + 1, 0, draft._replace(replaces=tuple(ids)))
    m.append(h, DATA, data_body([raw]))


def wrong_check(m, h):
    _, raw = m.record(h, "news/check", b"an item")
    m.append(h, DATA, data_body([changed(raw, 30)]))


def seen_of(change):
    """An ack whose seen vector is a changed one."""

    def tell(m, h):
        m.append(h, ACK, b"", framed=frame(seen_bytes(change(sorted(m.others(h)), m, h))))

    return tell


def another_signature(change):
    def tell(m, h):
        raw = m.put(h, "news/signed", b"an item")
        h.chains[m.id][-1] = change(m, raw)

    return tell


def malleable(_, raw):
    """The same signature, S above the order of the group."""
    s = int.from_bytes(raw[-32:], "little") + L
    return raw[:-32] + s.to_bytes(32, "little")


def laptops_bytes(m, h):
    """What the laptop sealed, under Mallory's header and signature."""
    laptop = public_part(h.rings[0]).sealer

    def take(sealed):
        theirs = next(raw for raw in reversed(h.chains[laptop]) if len(raw) == len(sealed) + 64)
        return sealed[:136] + theirs[136:-64]

    m.put(h, "news/graft", b"x", seen=(), spoil=take)


def with_key_of_laptop(m, h):
    """Sealed with the laptop's device key, which every member can read."""
    m.put(h, "news/key", b"an item", key=m.key_of(h, public_part(h.rings[0]).sealer))


def epoch_again(m, h):
    m.append(h, EPOCH, m.dk, key=dk_wrap(m.vk, m.vault, m.id, 1))


def base_at(n):
    return lambda m, h: m.append(h, BASE, u64(n(m, h)) + sha256(h.chains[m.id][0]), m.others(h))


def jumping(**how):
    """A jump with what is wrong in it; a function is asked with her and the history."""
    return lambda m, h: m.jump(h, **{name: what(m, h) if callable(what) else what for name, what in how.items()})


def ctr_of(m, h):
    return int.from_bytes(h.chains[m.id][-1][40:48], "big")


def head_seq(m, h):
    return h.head(m.id)[0]


MEMBER_LIES = {
    # what is sealed
    "the commitment": spoiled(168), "the salt": spoiled(136), "the tag": spoiled(-1), "the ciphertext": spoiled(210),
    "the kind, after sealing": spoiled(6, 1 ^ 3), "the device, after sealing": spoiled(24), "the epoch, after sealing": spoiled(59),
    "the laptop's bytes": laptops_bytes, "the laptop's key": with_key_of_laptop,
    # whose signature
    "nobody's signature": another_signature(lambda m, raw: raw[:-64] + os.urandom(64)),
    "a malleable signature": another_signature(malleable),
    "a signature over another label": another_signature(lambda m, raw: raw[:-64] + ed25519_sign(m.sig, sha256(raw[:-64]))),
    "the signature of the commit before": another_signature(lambda m, raw: raw[:-64] + bytes(64)),
    # the header
    "the counter repeats": lambda m, h: m.put(h, "news/ctr", b"x", ctr=ctr_of(m, h)),
    "the counter falls": lambda m, h: m.put(h, "news/ctr", b"x", ctr=0),
    "the counter passes 2^48": labelled(ctr=2**48), "the counter at its very end": labelled(ctr=2**64 - 1),
    "an epoch without its commit": labelled(epoch=2), "epoch 0": labelled(epoch=0), "an epoch commit for the same epoch": epoch_again,
    "a keyring version before it had joined": lambda m, h: m.put(h, "news/v", b"x", version=1, version_hash=sha256(h.rings[0])),
    "keyring version 0": labelled(version=0),
    "another vault": labelled(vault_id=bytes(16)),
    # the frame
    "padding that is not zero": framed(lambda f: f[:-1] + b"\1"), "a longer frame": framed(lambda f: f + bytes(256)),
    "a frame that says it is longer": framed(lambda f: b"\xff\xff\xff\xff" + f[4:]),
    "bytes left over": content(u32(1) + bytes(100)), "no records": content(u32(0)), "no content": content(b""),
    "counts that are not there": content(u32(1000)), "1001 records": many_records(1001),
    "DK cut short": content(bytes(31), EPOCH), "an ack with a body": content(b"x", ACK),
    # records
    "a wrong check": wrong_check, "no operation": recorded(operation=0), "an unknown operation": recorded(operation=3),
    "an empty name": recorded(its_name=""), "a name too long": recorded(its_name="n" * 1025),
    "a name with a newline": recorded(its_name="news/a\nb"), "a name that is not UTF-8": recorded(name=b"\xff\xfe"),
    "a value too large": recorded(value=bytes(65537)), "a removal with a type": recorded(operation=2, value=None),
    "a put without a value": recorded(value=None), "a removal with a value": recorded(operation=2, content_type=b""),
    "a type with a newline": recorded(content_type=b"a\nb"), "attributes out of order": recorded(attributes=((b"b", b""), (b"a", b""))),
    "an attribute twice": recorded(attributes=((b"a", b""), (b"a", b""))),
    "65 attributes": recorded(attributes=tuple((b"%03d" % i, b"") for i in range(65))),
    "replaced versions out of order": unsorted_replaces,
    "a blob of 2^63 bytes": recorded(value=Blob(bytes(16), bytes(32), 2**63, bytes(32))),
    "a blob of one byte more than its chunks hold": recorded(value=Blob(bytes(16), bytes(32), 983040 * 65536 + 1, bytes(32))),
    "a time after the last one": recorded(wall=2**48),
    # the seen vector
    "seen out of order": seen_of(lambda seen, m, h: seen[::-1]), "seen twice": seen_of(lambda seen, m, h: [seen[0], *seen]),
    "seen itself": seen_of(lambda seen, m, h: sorted([*seen, (m.id, 1, sha256(h.chains[m.id][0]))])),
    "seen seq 0": seen_of(lambda seen, m, h: [(seen[0][0], 0, bytes(32)), *seen[1:]]),
    "seen a stranger": seen_of(lambda seen, m, h: sorted([*seen, (bytes(16), 1, bytes(32))])),
    "seen less than before": seen_of(lambda seen, m, h: [(d, 1, sha256(h.chains[d][0])) for d, _, _ in seen]),
    "a checkpoint that leaves a chain out": lambda m, h: m.append(h, CHECKPOINT, b"", m.others(h)[:1]),
    # jumps
    "a jump to no later epoch": jumping(epoch=1), "a jump to an epoch before": jumping(epoch=0),
    "a jump with a counter that falls": jumping(ctr=1), "a jump after itself": jumping(after=lambda m, h: (head_seq(m, h) + 3, bytes(32))),
    "a jump after one above it": jumping(after=(2**63, bytes(32))), "a jump after nothing, with another hash": jumping(after=(0, bytes(32))),
    "a jump that leaves a chain out": jumping(seen=lambda m, h: m.others(h)[:1]),
    "a jump over nothing to the epoch after the next": jumping(passes=0, epoch=3),
    "a jump over nothing with another prev": jumping(passes=0, prev=bytes(32)),
    "a jump before the keyring in which she joined": jumping(version=1, version_hash=lambda m, h: sha256(h.rings[0])),
    "DK of a jump cut short": lambda m, h: m.append(h, JUMP, bytes(31), m.others(h), key=dk_wrap(m.vk, m.vault, m.id, 2), epoch=2,
                                                    after=head_seq(m, h), after_hash=h.head(m.id)[1]),
    "a jump over what a keyring names": jumping(after=lambda m, h: (1, sha256(h.chains[m.id][0]))),
    "a jump after another commit than hers": jumping(after=lambda m, h: (head_seq(m, h), bytes(32))),
    "a jump after a commit that is not there": jumping(after=lambda m, h: (head_seq(m, h) + 1, bytes(32))),
    # bases
    "a base above itself": base_at(lambda m, h: head_seq(m, h) + 5), "a base at no epoch": base_at(lambda m, h: 2),
    "a base at 0": base_at(lambda m, h: 0),
}


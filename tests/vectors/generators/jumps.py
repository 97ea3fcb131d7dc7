# SPDX-License-Identifier: Apache-2.0
"""jump.vec: jumps, each the commit after a data commit, and ones that must be refused (FORMAT 6).
As in commit.vec; hdr0 has 40 bytes more."""

from vaultformat.commit import JUMP, JUMP_HEADER, Header, build_commit, dk_wrap, seen_bytes, signed_part
from vaultformat.primitives import ed25519_public, ed25519_sign, sha256

from .blocks import Blocks, fixed, flipped

VAULT, DEVICE, OTHER = fixed("jump vault", 16), fixed("jump device", 16), fixed("jump other", 16)
VK, DK, NK, SIG, RING = (fixed("jump " + name) for name in ("vk", "dk", "nk", "sig", "keyring hash"))
SEEN = seen_bytes(((OTHER, 4, fixed("jump other head")),))


def header(seq, after, after_hash):
    return Header(0xFE, JUMP, VAULT, DEVICE, 100, 0, 3, seq, 2, RING, fixed("jump prev"), after, after_hash)


def add(out, name, h, content):
    key, r = dk_wrap(VK, VAULT, DEVICE, h.epoch), fixed("jump r " + name)
    raw = build_commit(key, h, content, SIG, r)
    out.add(name, suite=h.suite, kind=h.kind, vault_id=VAULT, device_id=DEVICE, ctr=h.ctr, epoch=h.epoch, seq=h.seq,
            keyring_version=h.version, keyring_hash=RING, prev=h.prev, after=h.after, after_hash=h.after_hash, vk=VK, key=key,
            nk=NK, sig_seed=SIG, sig_pk=ed25519_public(SIG), r=r, content=content, hdr0=raw[:JUMP_HEADER], commit=raw,
            commit_hash=sha256(raw))
    return raw


def make():
    out = Blocks(__doc__)
    good = add(out, "jump", header(9, 6, fixed("jump after")), SEEN + DK)
    add(out, "jump-after-nothing", header(4, 0, RING), seen_bytes(()) + DK)
    add(out, "jump-of-great-numbers", header(2**64 - 1, 2**64 - 2, fixed("jump after")), SEEN + DK)
    refused(out, good)
    return out


def refused(out, good):
    key, h, r = dk_wrap(VK, VAULT, DEVICE, 3), header(9, 6, fixed("jump after")), fixed("jump r bad")

    def bad(name, reason, raw):
        out.add(name, "error", reason=reason, key=key, nk=NK, sig_pk=ed25519_public(SIG), commit=raw)

    for name, at in (("kind", 6), ("after", 143), ("after-hash", 144), ("salt", 176), ("ck", 208), ("segment", 240),
                     ("tag", len(good) - 65), ("signature-r", len(good) - 64), ("signature-s", len(good) - 1)):
        bad("flip-" + name, f"byte {at} flipped", flipped(good, at))
    for name, at in (("kind", 6), ("after", 143), ("after-hash", 175), ("segment", 240)):
        bad("resigned-" + name, f"byte {at} flipped and signed again: does not open", resigned(flipped(good, at)))
    bad("no-after", "an epoch commit's hdr0 with a jump's kind, sealed and signed", resigned(without_after(key, h, r)))
    bad("left-over", "content has a byte too many, sealed and signed", build_commit(key, h, SEEN + DK + b"\0", SIG, r))
    bad("no-key", "content has no DK, sealed and signed", build_commit(key, h, SEEN, SIG, r))
    bad("other-signer", "signed by another key", build_commit(key, h, SEEN + DK, fixed("other sig"), r))


def without_after(key, h, r):
    """Sealed as kind 2, whose hdr0 is shorter, and then called kind 6."""
    raw = build_commit(key, h._replace(kind=2), SEEN + DK, SIG, r)
    return raw[:6] + bytes([JUMP]) + raw[7:]


def resigned(raw):
    return raw[:-64] + ed25519_sign(SIG, signed_part(raw))

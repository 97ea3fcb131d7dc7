# SPDX-License-Identifier: Apache-2.0
"""commit.vec: whole commits of the five kinds, one chain, and ones that must be refused (FORMAT 6).
hdr0 is without n and total; the reader of the bytes fills them in."""

from vaultformat.commit import (ACK, BASE, CHECKPOINT, DATA, EPOCH, Header, Record, build_commit, build_framed,
                                check_key, data_body, dk_wrap, header_bytes, make_record, seen_bytes)
from vaultformat.cursor import u64
from vaultformat.primitives import ed25519_public, sha256
from vaultformat.seal import frame

from .blocks import Blocks, fixed, flipped, whole

VAULT, DEVICE, OTHER = fixed("commit vault", 16), fixed("commit device", 16), fixed("commit other", 16)
VK, DK, NK, SIG = (fixed("commit " + n) for n in ("vk", "dk", "nk", "sig"))
RING = fixed("commit keyring hash")
WRITE = Record(b"", 1, b"work/db", b"text/plain", (), (), 1700000000000 << 16, 1700000000000, b"")


def contents():
    """(name, kind, content) in their order in the chain; the base names commit 2, an epoch commit, as its N."""
    check, seen = check_key(NK, VAULT), ((OTHER, 4, fixed("other head")),)

    def data(seq, value, seen=()):
        raw = make_record(check, DEVICE, seq, 0, WRITE._replace(value=value))[1]
        return seen_bytes(seen) + data_body([raw])

    yield "epoch", EPOCH, seen_bytes(()) + DK
    yield "data", DATA, data(2, b"hunter2", seen)
    yield "ack", ACK, seen_bytes(((OTHER, 5, fixed("other head 5")),))
    yield "data-65536", DATA, data(4, b"\x5a" * 65536)
    yield "checkpoint", CHECKPOINT, seen_bytes(((OTHER, 5, fixed("other head 5")),))
    yield "epoch-2", EPOCH, seen_bytes(()) + fixed("commit dk 2")


def chain():
    prev, ctr, epoch, dk = RING, 100, 0, DK
    for seq, (name, kind, content) in enumerate(contents(), 1):
        epoch += kind == EPOCH
        header = Header(0xFE, kind, VAULT, DEVICE, ctr, 0, epoch, seq, 1, RING, prev)
        key = dk_wrap(VK, VAULT, DEVICE, epoch) if kind == EPOCH else dk
        r = fixed(f"commit r {seq}")
        raw = build_commit(key, header, content, SIG, r)
        yield name, header, key, content, r, raw
        prev, ctr = sha256(raw), ctr + int.from_bytes(raw[48:52], "big")
        dk = content[-32:] if kind == EPOCH else dk
    seq += 1
    header = Header(0xFE, BASE, VAULT, DEVICE, ctr, 0, epoch, seq, 1, RING, prev)
    content = seen_bytes(((OTHER, 5, fixed("other head 5")),)) + u64(seq - 1) + BEFORE_LAST[0]
    r = fixed(f"commit r {seq}")
    yield "base", header, dk, content, r, build_commit(dk, header, content, SIG, r)


BEFORE_LAST = [b""]


def fields(h):
    return {"suite": h.suite, "kind": h.kind, "vault_id": h.vault_id, "device_id": h.device_id, "ctr": h.ctr,
            "epoch": h.epoch, "seq": h.seq, "keyring_version": h.version, "keyring_hash": h.version_hash,
            "prev": h.prev}


def make():
    out, made = Blocks(__doc__), []
    for name, h, key, content, r, raw in chain():
        made.append(raw)
        BEFORE_LAST[0] = sha256(made[-2]) if len(made) > 1 else b""
        out.add(name, **fields(h), **({"vk": VK} if h.kind == EPOCH else {}), key=key, nk=NK, sig_seed=SIG,
                sig_pk=ed25519_public(SIG), r=r, **whole("content", content), hdr0=raw[:136], **whole("commit", raw),
                commit_hash=sha256(raw))
    refused(out, made[0])
    return out


def refused(out, good):
    key, h = dk_wrap(VK, VAULT, DEVICE, 1), Header(0xFE, EPOCH, VAULT, DEVICE, 100, 0, 1, 1, 1, RING, RING)
    framed, r = frame(seen_bytes(()) + DK), fixed("commit r bad")

    def bad(name, reason, raw):
        out.add(name, "error", reason=reason, key=key, nk=NK, sig_pk=ed25519_public(SIG), commit=raw)

    for name, at in (("hdr0", 60), ("salt", 136), ("ck", 168), ("segment", 200), ("signature-r", len(good) - 64),
                     ("signature-s", len(good) - 1)):
        bad("flip-" + name, f"byte {at} flipped", flipped(good, at))
    bad("resigned-segment", "the segment is changed and signed again: does not open",
        resigned(flipped(good, 210)))
    bad("padding", "padding not zero, sealed and signed",
        build_framed(key, header_bytes(h), framed[:-1] + b"\1", SIG, r))
    bad("padded-twice", "frame longer than padded, sealed and signed",
        build_framed(key, header_bytes(h), framed + bytes(16), SIG, r))
    bad("left-over", "content of the epoch has a byte too many, sealed and signed",
        build_commit(key, h, seen_bytes(()) + DK + b"\0", SIG, r))
    bad("kind-7", "kind unknown, sealed and signed",
        build_commit(key, h._replace(kind=7), seen_bytes(()) + DK, SIG, r))
    bad("other-signer", "signed by another key", build_commit(key, h, seen_bytes(()) + DK, fixed("other sig"), r))


def resigned(raw):
    from vaultformat.commit import signed_part
    from vaultformat.primitives import ed25519_sign
    return raw[:-64] + ed25519_sign(SIG, signed_part(raw))

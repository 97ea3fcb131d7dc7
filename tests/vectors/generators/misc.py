# SPDX-License-Identifier: Apache-2.0
"""misc.vec: every label, the other keyed hashes, state code, winner, Merkle root (FORMAT 2, 4, 6, 8, 9)."""

from vaultformat.blob import merkle_root, seal_chunk
from vaultformat.commit import Record, heads, make_record, state_code, winner_key
from vaultformat.cursor import u32
from vaultformat.primitives import derive, label, sha256
from vaultformat.recovery import code_text, parse_code, recovery_keys

from .blocks import Blocks, fixed, whole

IKM, VAULT, DEVICE = fixed("misc ikm"), fixed("misc vault", 16), fixed("misc device", 16)
ONE, TWO = fixed("misc pk 1"), fixed("misc pk 2")
V, G, E = u32(0x01020304), u32(0x05060708), u32(0x090A0B0C)


def labels():
    """(label, context, n) of every HKDF of §2 but the seal's, which is in seal.vec."""
    for name in ("auth", "password-slot", "keyring-link", "local", "anchor", "name-tag", "version-check", "slot-psk",
                 "recovery-box", "recovery-auth", "recovery-psk", "fresh-seed", "fresh-vault-key", "fresh-name-key",
                 "fresh-ephemeral", "identity-sig", "identity-box", "identity-net"):
        yield name, VAULT, 32
    yield "hedge", b"", 32
    yield "dk-wrap", VAULT + DEVICE + E, 32
    yield "keyring-body", VAULT + V, 32
    yield "device-slot", VAULT + ONE + TWO + DEVICE + V + G, 32
    yield "recovery-slot", VAULT + ONE + TWO + V + G, 32
    yield "fresh-vault-id", bytes(16), 16
    yield "fresh-recovery-code", VAULT, 20
    yield "identity-device-id", VAULT, 16
    yield "identity-dk", VAULT + E, 32


def make():
    out = Blocks(__doc__)
    for name, context, n in labels():
        out.add("label-" + name, what="hkdf", label="vaultd/v1/" + name, ikm=IKM, context=context,
                info=label(name, context), n=n, out=derive(IKM, name, context, n))
    for name in ("kdf", "commit", "keyring", "request", "state", "recovery-check"):
        out.add("prefix-" + name, what="prefix", label="vaultd/v1/" + name, prefix=label(name))
    for i in range(4):
        digest = fixed(f"misc commit {i}")
        out.add(f"state-code-{i}", what="state_code", vault_id=VAULT, commit_hash=digest,
                sha256=sha256(label("state", VAULT + digest)), code=state_code(VAULT, digest))
    small_code(out)
    recovery_codes(out)
    winners(out)
    merkle(out)
    return out


def recovery_codes(out):
    """Codes, the ways in which people type them, and wrong ones."""
    for name, code in (("zeros", bytes(20)), ("ones", b"\xff" * 20), ("a", fixed("code a", 20)),
                       ("b", fixed("code b", 20))):
        keys = zip(("rbox", "rauth_seed", "rpsk"), recovery_keys(code, VAULT))
        out.add("recovery-code-" + name, what="recovery_code", vault_id=VAULT, code=code, text=code_text(code),
                **dict(keys))
    code = bytes(16) + fixed("code a", 4)
    text = code_text(code)
    for name, typed in (("small", text.lower()), ("spaces", text.replace("-", " ")), ("bare", text.replace("-", "")),
                        ("o-for-0", text.replace("0", "O").lower()), ("i-for-1", code_text(b"\x08\x42" * 10).replace("1", "I")),
                        ("l-for-1", code_text(b"\x08\x42" * 10).replace("1", "l"))):
        out.add("recovery-typed-" + name, what="recovery_typed", text=typed, code=parse_code(typed))
    other = "1" if text[-1] != "1" else "2"
    for name, typed in (("check", text[:-1] + other), ("first", "1" + text[1:]), ("short", text[:-1]), ("long", text + "0"),
                        ("u", "U" + text[1:]), ("empty", ""), ("bang", text[:-1] + "!")):
        out.add("recovery-typed-" + name, "error", what="recovery_typed", text=typed)


def small_code(out):
    """A code whose number has leading zeros."""
    digest = next(d for d in (sha256(u32(i)) for i in range(100000)) if state_code(VAULT, d).startswith("000"))
    out.add("state-code-leading-zeros", what="state_code", vault_id=VAULT, commit_hash=digest,
            sha256=sha256(label("state", VAULT + digest)), code=state_code(VAULT, digest))


def version(i, operation, clock, replaces=()):
    value = None if operation == 2 else b"v"
    draft = Record(b"", operation, b"n", b"", (), tuple(sorted(replaces)), clock, 0, value)
    return make_record(IKM, DEVICE, i, 0, draft)[0]


def winners(out):
    a, b = version(1, 1, 5), version(2, 1, 5)
    removed, later = version(3, 2, 9), version(4, 1, 6)
    over = version(5, 1, 1, (a.version_id, b.version_id))
    for name, versions in (("tie", [a, b]), ("put-before-remove", [a, removed]), ("clock", [a, b, later]),
                           ("replaced", [a, b, over]), ("replaced-and-another", [a, over, later]),
                           ("all-removed", [version(6, 2, 3), removed])):
        order = sorted(heads(versions), key=winner_key, reverse=True)
        lines = {f"version{i}": f"{v.version_id.hex()} {v.operation} {v.clock} "
                                f"{','.join(x.hex() for x in v.replaces) or '-'}" for i, v in enumerate(versions)}
        out.add("winner-" + name, what="winner", **lines, heads=",".join(v.version_id.hex() for v in order),
                winner=order[0].version_id)


def merkle(out):
    key, blob = fixed("blob key"), fixed("blob id", 16)
    for count in (1, 2, 3, 4, 5, 8):
        chunks = [seal_chunk(key, 0xFE, VAULT, DEVICE, blob, i, count, bytes([i]) * 256, fixed(f"blob r {i}"))
                  for i in range(count)]
        more = {f"chunk{i}_sha256": sha256(c) for i, c in enumerate(chunks)}
        out.add(f"merkle-{count}", what="merkle", count=count, key=key, suite=0xFE, vault_id=VAULT, device_id=DEVICE,
                blob_id=blob, **{f"r{i}": fixed(f"blob r {i}") for i in range(count)},
                **(whole("chunk0", chunks[0])), **more, root=merkle_root(chunks))

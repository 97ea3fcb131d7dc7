# SPDX-License-Identifier: Apache-2.0
"""The manifest of an export: how much there should be, as a device has signed it, or a server has said (FORMAT 11)."""

from typing import NamedTuple

from .cursor import Cursor, ascending, u8, u16, u32, u64
from .primitives import Refused, ed25519_sign, ed25519_valid, label, need, sha256
from .rings import at, name_of
from .seal import FORMAT

NAME, MAGIC, NOBODY, ZERO = "manifest.bin", b"VLTM", bytes(16), bytes(32)


class Manifest(NamedTuple):
    """device_id is zeros where a server has made it; checkpoint is (seq, hash) of a commit of the device, or (0, zeros)."""
    vault_id: bytes
    device_id: bytes
    time: int
    version: int
    version_hash: bytes
    commits: int
    heads: tuple
    checkpoint: tuple = (0, ZERO)


def manifest_bytes(m):
    return (MAGIC + u8(FORMAT) + m.vault_id + m.device_id + u64(m.time) + u32(m.version) + m.version_hash + u64(m.commits)
            + u16(len(m.heads)) + b"".join(i + u64(seq) + digest for i, seq, digest in m.heads)
            + u64(m.checkpoint[0]) + m.checkpoint[1])


def build_manifest(m, net_seed=None):
    """The whole file; without a key as a server makes it."""
    prefix = manifest_bytes(m)
    return prefix + (u8(1) + ed25519_sign(net_seed, signed(prefix)) if net_seed else u8(0))


def signed(prefix):
    return label("export") + sha256(prefix)


def parse_manifest(raw, rings):
    c = Cursor(raw)
    need(c.take(5) == MAGIC + u8(FORMAT), "magic or format unknown")
    m = Manifest(c.take(16), c.take(16), c.uint(8), c.uint(4), c.take(32), c.uint(8),
                 tuple((c.take(16), c.uint(8), c.take(32)) for _ in range(c.uint(2))), (c.uint(8), c.take(32)))
    end, signatures = c.at, tuple(c.take(64) for _ in range(c.uint(1)))
    c.end()
    need(m.vault_id == rings.newest.vault_id, "is of another vault")
    ascending([device_id for device_id, *_ in m.heads], "heads")
    check_signature(m, raw[:end], signatures, rings)
    return m


def check_signature(m, prefix, signatures, rings):
    if m.device_id == NOBODY:
        need(not signatures, "has a signature, and names nobody")
        return
    device = rings.devices.get(m.device_id)
    need(device is not None, "is by a device that the keyring has not")
    need(len(signatures) == 1 and ed25519_valid(device.net_pk, signed(prefix), signatures[0]), "the signature is wrong")


def compare(vault):
    """(faults, notes): what the manifest names and the vault has not; what else a person should know."""
    if not vault.export.has(NAME):
        return [], [f"{NAME}: missing, so nothing says how many commits there should be"]
    try:
        m = at(NAME, parse_manifest, vault.export.read(NAME), vault.rings)
    except Refused as why:
        return [str(why)], []
    notes = [f"{NAME}: made by a server, and not signed"] if m.device_id == NOBODY else []
    return [str(why) for why in lacks(m, vault)], notes


def lacks(m, vault):
    """One Refused for each thing; names a commit for each head, not for all below."""
    for act, *what in ((check_version, m, vault.rings), *((vault.check_reference, *head) for head in m.heads),
                       (check_checkpoint, m, vault), (check_count, m, vault)):
        try:
            at(NAME, act, *what)
        except Refused as why:
            yield why


def check_version(m, rings):
    need(rings.hashes.get(m.version) == m.version_hash, f"names {name_of(m.version)}, which is missing or another")


def check_checkpoint(m, vault):
    if m.checkpoint[0]:
        vault.check_reference(m.device_id, *m.checkpoint)


def check_count(m, vault):
    there = sum(len(vault.export.numbers("chains", device_id.hex())) for device_id in vault.export.devices())
    need(there >= m.commits, f"names {m.commits} commits, and {there} are here")

# SPDX-License-Identifier: Apache-2.0
"""Proofs of a clone: two commits of one device for one seq, both signed by it (FORMAT 11)."""

import re

from .commit import parse_header, signed_part
from .export import DEVICE
from .primitives import ed25519_valid, need, sha256
from .rings import at

PROOF = re.compile(r"([1-9][0-9]*)-([0-9a-f]{64})\.bin")


def read_proofs(export, rings):
    """[(device_id, seq)] of what is proved; raises Refused for a file that proves nothing."""
    found = []
    for folder in export.names("proofs"):
        need(DEVICE.fullmatch(folder), f"proofs/{folder}: is no device_id")
        device = rings.devices.get(bytes.fromhex(folder))
        need(device is not None, f"proofs/{folder}: the keyring has no such device")
        seqs = {}
        for name in export.names("proofs", folder):
            seqs.setdefault(at(f"proofs/{folder}/{name}", check, export, rings, device, name), []).append(name)
        for seq, names in sorted(seqs.items()):
            need(len(names) > 1, f"proofs/{folder}/{names[0]}: one commit alone proves nothing")
            found.append((device.device_id, seq))
    return found


def check(export, rings, device, name):
    """The seq of which this is one of the commits."""
    named = PROOF.fullmatch(name)
    need(named, "is no object of an export")
    raw = export.read("proofs", device.device_id.hex(), name)
    header = parse_header(raw, rings.newest.suite)
    need(header.vault_id == rings.newest.vault_id and header.device_id == device.device_id,
         "is of another vault or device")
    need(header.seq == int(named[1]) and sha256(raw).hex() == named[2], "is not what its name says")
    need(ed25519_valid(device.sig_pk, signed_part(raw), raw[-64:]), "the signature is wrong")
    return header.seq

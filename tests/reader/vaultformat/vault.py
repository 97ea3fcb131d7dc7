# SPDX-License-Identifier: Apache-2.0
"""A whole export: opened, verified, and its items (FORMAT 11)."""

import hashlib
from typing import NamedTuple

from .blob import HEADER as CHUNK_HEADER
from .blob import MOST_CHUNKS, chunk_count, file_of, open_blob
from .chain import Chain, open_chains
from .commit import CHECKPOINT, DATA, PUT, TRAILER, Blob, header_size, heads, state_code, winner_key
from .export import Export
from .manifest import compare
from .proofs import read_proofs
from .primitives import SUITES, TEST_SUITE, Refused, need
from .rings import Rings, at
from .seal import sealings


class Large:
    """A value that is a blob, of which no more than a chunk is in memory. All of it was verified, and is again when read."""

    def __init__(self, vault, blob):
        self.vault, self.blob, self.length = vault, blob, blob.length
        digest = hashlib.sha256()
        for index, (part, ek, _) in enumerate(self.opened()):
            vault.use_key(file_of(blob, index), ek)
            digest.update(part)
        self.sha256 = digest.hexdigest()

    def opened(self):
        newest, export = self.vault.rings.newest, self.vault.export
        return open_blob(self.blob, lambda i: export.read(*file_of(self.blob, i).split("/")), newest.suite, newest.vault_id)

    def parts(self):
        return (part for part, _, _ in self.opened())

    def sealings(self):
        for _, ek, chunk in self.opened():
            yield from sealings(ek, chunk, CHUNK_HEADER)


class Vault:
    """Reads and verifies everything when it is made; raises Refused at the first thing that is wrong.

    What is wrong in a blob is in `damaged` instead, and its value is of class Damaged. With `lacking`, blobs of which the
    export has not all are listed in `missing`, and their values are of class Missing. `lost` is what the manifest names and
    is not here, `notes` what else it says, or that there is none. `sheet` is a recovery.Sheet, in the
    password's place; `state_code` some device's."""

    def __init__(self, folder, password, test_suite=False, lacking=False, sheet=None, state_code=None):
        self.lacking, self.missing, self.damaged = lacking, [], []
        self.export = Export(folder)
        suites = set(SUITES) if test_suite else set(SUITES) - {TEST_SUITE}
        self.rings = Rings(self.export, password, suites, sheet)
        self.chains = self.read_chains()
        self.check_state_code(state_code or sheet and sheet.state_code)
        self.check_references()
        self.used, self.keys, self.sealings, self.blobs = {}, {}, [], {}
        self.check_pairs()
        self.proofs = read_proofs(self.export, self.rings)
        self.names = self.apply()
        self.read_blobs()
        self.values = {name: self.value(winner(versions)) for name, versions in self.names.items()}
        self.lost, self.notes = compare(self)

    def read_chains(self):
        for device_id in self.export.devices():
            need(device_id in self.rings.devices, f"chains/{device_id.hex()}: the keyring has no such device")
        chains = [Chain(self.export, self.rings, d) for d in self.rings.devices.values()]
        open_chains(chains, self.rings.newest.nk, self.rings.newest.vault_id)
        return {c.device.device_id: c for c in chains}

    def check_state_code(self, code):
        """It must be of a checkpoint, by whichever device, under a version of this very history."""
        newest = self.rings.newest
        checkpoints = (digest for chain in self.chains.values() for h, digest in zip(chain.headers, chain.hashes)
                       if h.kind == CHECKPOINT and self.rings.hashes.get(h.version) == h.version_hash)
        need(code is None or code in (state_code(newest.vault_id, digest) for digest in checkpoints),
             "the state code is of no commit that is here: another vault, or less than there was")

    def check_references(self):
        for where, device_id, seq, digest in self.rings.heads():
            at(where, self.check_reference, device_id, seq, digest)
        for chain in self.chains.values():
            for seq, content in zip(chain.seqs, chain.contents):
                for reference in content.seen:
                    at(chain.where(seq), self.check_reference, *reference)

    def check_reference(self, device_id, seq, digest):
        chain = self.chains.get(device_id)
        need(chain is not None, f"names a commit of {device_id.hex()}, which the keyring has not")
        if chain.device.status != 1 and seq > chain.device.cut_seq:
            return
        there = chain.hash_of(seq)
        need(there is not None or seq < chain.base or chain.is_passed_over(seq), f"names {chain.where(seq)}, which is missing")
        need(there is None or there == digest, f"names {chain.where(seq)} with another hash")

    def check_pairs(self):
        self.use("keyring", self.rings.sealings)
        for chain in self.chains.values():
            for seq, ek, raw in zip(chain.seqs, chain.eks, chain.raws):
                self.use(chain.where(seq), sealings(ek, raw, header_size(raw), TRAILER))

    def use(self, where, some):
        for sealing in some:
            if sealing.pair in self.used:
                raise Refused(f"{where}: repeats the pair (ek, iv) of {self.used[sealing.pair]}")
            self.used[sealing.pair] = where
            self.keys[sealing.pair[:32]] = where
        self.sealings += some

    def use_key(self, where, ek):
        """Of a chunk, whose segments have an iv each: no other object may have its key."""
        if self.keys.get(ek, where) != where:
            raise Refused(f"{where}: repeats the key of {self.keys[ek]}")
        self.keys[ek] = where

    def apply(self):
        """{name: [record …]}, each version once."""
        names = {}
        for chain in self.chains.values():
            for h, content in zip(chain.headers, chain.contents):
                if h.kind == DATA:
                    for record in content.body:
                        at(chain.where(h.seq), add_version, names.setdefault(record.name, {}), record)
        return {name: list(names[name].values()) for name in sorted(names)}

    def value(self, record):
        """The bytes of a record's value; None for a remove; Large, or Missing, for a blob."""
        return self.blobs[record.value] if isinstance(record.value, Blob) else record.value

    def read_blobs(self):
        """Those of all versions, of which one may name what another one names."""
        blobs = {r.value: None for versions in self.names.values() for r in versions if isinstance(r.value, Blob)}
        for blob in blobs:
            self.blobs[blob] = self.read_blob(blob)
            self.missing += self.blobs[blob].files if isinstance(self.blobs[blob], Missing) else []

    def read_blob(self, blob):
        """Large, Missing or Damaged."""
        gone = self.lacks(blob)
        need(not gone or self.lacking, f"{(gone or [''])[0]}: missing (--lacking reads the rest)")
        if gone:
            return Missing(gone)
        try:
            return Large(self, blob)
        except Refused as why:
            self.damaged.append(str(why))
            return Damaged(str(why))

    def lacks(self, blob):
        """The files of a blob that the export has not."""
        names = [file_of(blob, i) for i in range(min(chunk_count(blob.length), MOST_CHUNKS))]
        return [name for name in names if not self.export.has(name)]

    def items(self):
        """(name, winner, heads) of the names that exist."""
        for name, versions in self.names.items():
            best = winner(versions)
            if best.operation == PUT:
                yield name, best, heads(versions)


class Missing(NamedTuple):
    """A blob that is not all there."""
    files: list


class Damaged(NamedTuple):
    """A blob that is not what its record says."""
    why: str


def winner(versions):
    return max(heads(versions), key=winner_key)


def add_version(versions, record):
    before = versions.setdefault(record.version_id, record)
    need(before == record, "a version id occurs with another record")

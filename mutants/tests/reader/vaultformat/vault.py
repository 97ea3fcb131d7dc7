"""A whole export: opened, verified, and its items (FORMAT 11)."""

from .blob import HEADER as CHUNK_HEADER
from .blob import chunk_count, open_blob
from .chain import Chain, open_chains
from .commit import DATA, HEADER, PUT, TRAILER, Blob, heads, winner_key
from .export import Export
from .proofs import read_proofs
from .primitives import SUITES, TEST_SUITE, Refused, need
from .rings import Rings, at
from .seal import sealings


class Vault:
    """Reads and verifies everything when it is made; raises Refused at the first thing that is wrong."""

    def __init__(self, folder, password, test_suite=False):
        self.export = Export(folder)
        suites = set(SUITES) if test_suite else set(SUITES) - {TEST_SUITE}
        self.rings = Rings(self.export, password, suites)
        self.chains = self.read_chains()
        self.check_references()
        self.used, self.sealings, self.blobs = {}, [], {}
        self.check_pairs()
        self.proofs = read_proofs(self.export, self.rings)
        self.names = self.apply()
        self.values = {name: self.value(winner(versions)) for name, versions in self.names.items()}

    def read_chains(self):
        for device_id in self.export.devices():
            need(device_id in self.rings.devices, f"chains/{device_id.hex()}: the keyring has no such device")
        chains = [Chain(self.export, self.rings, d) for d in self.rings.devices.values()]
        open_chains(chains, self.rings.newest.nk, self.rings.newest.vault_id)
        return {c.device.device_id: c for c in chains}

    def check_references(self):
        for where, device_id, seq, digest in self.rings.heads():
            at(where, self.check_reference, device_id, seq, digest)
        for chain in self.chains.values():
            for seq, content in enumerate(chain.contents, chain.first):
                for reference in content.seen:
                    at(chain.where(seq), self.check_reference, *reference)

    def check_reference(self, device_id, seq, digest):
        chain = self.chains.get(device_id)
        need(chain is not None, f"names a commit of {device_id.hex()}, which the keyring has not")
        if chain.device.status != 1 and seq > chain.device.cut_seq:
            return
        there = chain.hash_of(seq)
        need(there is not None or seq < chain.base, f"names {chain.where(seq)}, which is missing")
        need(there is None or there == digest, f"names {chain.where(seq)} with another hash")

    def check_pairs(self):
        self.use("keyring", self.rings.sealings)
        for chain in self.chains.values():
            for seq, (ek, raw) in enumerate(zip(chain.eks, chain.raws), chain.first):
                self.use(chain.where(seq), sealings(ek, raw, HEADER, TRAILER))

    def use(self, where, some):
        for sealing in some:
            if sealing.pair in self.used:
                raise Refused(f"{where}: repeats the pair (ek, iv) of {self.used[sealing.pair]}")
            self.used[sealing.pair] = where
        self.sealings += some

    def apply(self):
        """{name: [record …]}, each version once."""
        names = {}
        for chain in self.chains.values():
            for seq, content in enumerate(chain.contents, chain.first):
                if chain.headers[seq - chain.first].kind == DATA:
                    for record in content.body:
                        at(chain.where(seq), add_version, names.setdefault(record.name, {}), record)
        return {name: list(names[name].values()) for name in sorted(names)}

    def value(self, record):
        """The bytes of a record's value; None for a remove."""
        blob = record.value
        if not isinstance(blob, Blob):
            return blob
        if blob not in self.blobs:
            self.blobs[blob] = self.read_blob(blob)
        return self.blobs[blob]

    def read_blob(self, blob):
        folder = blob.blob_id.hex()
        chunks = [self.export.read("blobs", folder, f"{i}.bin") for i in range(chunk_count(blob.length))]
        newest = self.rings.newest
        value, used = at(f"blobs/{folder}", open_blob, blob, chunks, newest.suite, newest.vault_id)
        for i, (ek, chunk) in enumerate(used):
            self.use(f"blobs/{folder}/{i}.bin", sealings(ek, chunk, CHUNK_HEADER))
        return value

    def items(self):
        """(name, winner, heads) of the names that exist."""
        for name, versions in self.names.items():
            best = winner(versions)
            if best.operation == PUT:
                yield name, best, heads(versions)


def winner(versions):
    return max(heads(versions), key=winner_key)


def add_version(versions, record):
    before = versions.setdefault(record.version_id, record)
    need(before == record, "a version id occurs with another record")

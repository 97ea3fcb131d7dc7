"""One device's chain: links and epochs in order, then every commit opened on all processors (FORMAT 6, 11.2)."""

import multiprocessing
import os

from .commit import (BASE, CHECKPOINT, EPOCH, check_key, dk_wrap, open_commit, parse_content, parse_header,
                     signed_part)
from .primitives import Refused, ed25519_valid, need, sha256
from .rings import at

MOST_CTR = 2**48
SLICE = 1000


class Chain:
    """Commits first … of a device, up to its cut: headers, hashes, keys, and after open_chains contents and eks."""

    def __init__(self, export, rings, device):
        self.rings, self.device, self.folder = rings, device, device.device_id.hex()
        self.first, self.base, self.before_first = 1, 0, None
        self.raws, self.headers, self.hashes, self.keys = [], [], [], []
        self.contents, self.eks, self.dk = [], [], None
        self.read(export)

    def where(self, seq):
        return f"chains/{self.folder}/{seq}.bin"

    def read(self, export):
        there = self.within_cut(export.numbers("chains", self.folder))
        if not there:
            return
        need(there[0] >= 1, f"{self.where(0)}: there is no commit 0")
        raws = [export.read("chains", self.folder, f"{seq}.bin") for seq in there]
        if there[0] > 1:
            self.first = there[0]
            at(self.where(there[0] - 1), self.start_at_base, raws)
            raws = raws[self.first - there[0]:]
        for seq, raw in enumerate(raws, self.first):
            at(self.where(seq), self.link, seq, raw)

    def within_cut(self, there):
        """What a revoked device wrote beyond its cut is not looked at."""
        if self.device.status == 1:
            return there
        cut = self.device.cut_seq
        kept = [seq for seq in there if seq <= cut]
        need(cut == 0 or kept and kept[-1] == cut, f"{self.where(cut)}: missing, and the keyring names it as the cut")
        return kept

    def start_at_base(self, raws):
        """Commits before `first` are not there: the newest base must say so."""
        suite = self.rings.newest.suite
        headers = [parse_header(raw, suite) for raw in raws]
        bases = [i for i, h in enumerate(headers) if h.kind == BASE]
        need(bases, "missing, and no base stands for it")
        epochs = [i for i in range(bases[-1]) if headers[i].kind == EPOCH]
        need(epochs, "missing, and the base has no epoch commit before it")
        dk = self.open_epoch(headers[epochs[-1]], raws[epochs[-1]])
        content = open_commit(dk, raws[bases[-1]])[0]
        n, digest = parse_content(BASE, self.device.device_id, content, b"").body
        need(self.first <= n < headers[bases[-1]].seq, "missing, and the newest base begins elsewhere")
        self.first, self.before_first = n, digest

    def open_epoch(self, h, raw):
        content = open_commit(self.epoch_key(h), raw)[0]
        return parse_content(EPOCH, self.device.device_id, content, b"").body

    def epoch_key(self, h):
        k = self.rings.versions.get(h.version)
        need(k is not None, f"names keyring version {h.version}, which is not there")
        return dk_wrap(self.rings.vks[k.g - 1], h.vault_id, h.device_id, h.epoch)

    def link(self, seq, raw):
        """Rules 1 to 4; an epoch commit is opened for its key."""
        h = parse_header(raw, self.rings.newest.suite)
        need(h.vault_id == self.rings.newest.vault_id and h.device_id == self.device.device_id,
             "is of another vault or device")
        need(h.seq == seq, f"has seq {h.seq}")
        self.check_prev(h)
        self.check_epoch(h)
        self.check_version(h)
        self.check_ctr(h)
        key = self.dk
        if h.kind == EPOCH:
            key, self.dk = self.epoch_key(h), self.open_epoch(h, raw)
        self.raws.append(raw)
        self.headers.append(h)
        self.hashes.append(sha256(raw))
        self.keys.append(key)

    def check_prev(self, h):
        if self.headers:
            expected = self.hashes[-1]
        else:
            expected = self.before_first or self.rings.enrolled[self.device.device_id]
        need(h.prev == expected, "prev is not the hash of the commit before, or of the keyring that enrolled")

    def check_epoch(self, h):
        if self.headers:
            expected = self.headers[-1].epoch + (h.kind == EPOCH)
        else:
            need(h.kind == EPOCH, "the first commit is no epoch commit")
            expected = 1 if h.seq == 1 else h.epoch
        need(h.epoch == expected, "epoch wrong")

    def check_version(self, h):
        before = self.headers[-1] if self.headers else None
        if before and (h.version, h.version_hash) == (before.version, before.version_hash) and h.kind != EPOCH:
            return
        need(self.rings.has(h.version, h.version_hash),
             f"names a keyring version {h.version} that is not there")
        need(h.version >= (before.version if before else self.device.joined_version), "keyring version falls")
        versions = self.rings.versions
        need(h.kind == EPOCH or versions[h.version].g == versions[before.version].g,
             "generation is not that of its epoch commit")

    def check_ctr(self, h):
        before = self.headers[-1] if self.headers else None
        need(not before or h.ctr >= before.ctr + before.n, "ctr falls or repeats")
        need(h.ctr + h.n <= MOST_CTR, "ctr above 2^48")

    def last(self):
        return self.first + len(self.headers) - 1

    def hash_of(self, seq):
        """None when it is not there."""
        if self.first <= seq <= self.last():
            return self.hashes[seq - self.first]
        return self.before_first if seq == self.first - 1 and self.before_first else None

    def check_contents(self):
        """Seen vectors do not go back, a checkpoint and a base name all, and bases fit."""
        named, own_start = {}, self.first > 1
        for seq, (h, content) in enumerate(zip(self.headers, self.contents), self.first):
            at(self.where(seq), check_seen, named, content.seen, h.kind, own_start)
            if h.kind == BASE:
                at(self.where(seq), self.check_base, seq, *content.body)

    def check_base(self, seq, n, digest):
        need(1 <= n < seq, "base begins at or above itself")
        if n >= self.first:
            start = self.headers[n - self.first]
            need(start.kind == EPOCH and start.prev == digest, "base does not begin at an epoch commit with that prev")
        self.base = n


def check_seen(named, seen, kind, own_start):
    need(kind not in (CHECKPOINT, BASE) or named.keys() <= {device for device, _, _ in seen},
         "seen vector of a checkpoint or base leaves out a chain")
    for device, seq, digest in seen:
        before = named.get(device)
        need(before is None or seq > before[0] or (seq, digest) == before, "seen vector goes back")
        named[device] = (seq, digest)


JOBS = []


def open_slice(start):
    """(error, None) or (None, [(ek, content)…]) of some jobs; runs in a process of its own."""
    done = []
    for where, kind, device_id, raw, key, sig_pk, checking in JOBS[start:start + SLICE]:
        try:
            done.append(open_one(kind, device_id, raw, key, sig_pk, checking))
        except Refused as why:
            return f"{where}: {why}", None
    return None, done


def open_one(kind, device_id, raw, key, sig_pk, checking):
    need(ed25519_valid(sig_pk, signed_part(raw), raw[-64:]), "signature does not verify")
    content, ek = open_commit(key, raw)
    return ek, parse_content(kind, device_id, content, checking)


def jobs_of(chains, checking):
    return [(chain.where(h.seq), h.kind, h.device_id, raw, key, chain.device.sig_pk, checking)
            for chain in chains for h, raw, key in zip(chain.headers, chain.raws, chain.keys)]


def results(starts):
    if len(starts) < 3:
        yield from map(open_slice, starts)
        return
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        yield from pool.imap(open_slice, starts)


def open_chains(chains, nk, vault_id):
    """Rules 5 and 6 for all commits of all chains, and the order of what they name."""
    JOBS[:] = jobs_of(chains, check_key(nk, vault_id))
    opened = []
    for error, done in results(range(0, len(JOBS), SLICE)):
        need(error is None, error)
        opened += done
    JOBS.clear()
    each = iter(opened)
    for chain in chains:
        for ek, content in (next(each) for _ in chain.headers):
            chain.eks.append(ek)
            chain.contents.append(content)
        chain.check_contents()

# SPDX-License-Identifier: Apache-2.0
"""One device's chain: links and epochs in order, then every commit opened on all processors (FORMAT 6, 11.2)."""

import multiprocessing
import os

from .commit import (BASE, JUMP, NAMES_ALL, OPENS, check_key, dk_wrap, open_commit, parse_content, parse_header,
                     signed_part)
from .primitives import Refused, ed25519_valid, need, sha256
from .rings import at, name_of

MOST_CTR = 2**48
SLICE = 1000


class Chain:
    """Commits of a device from `first` on, up to its cut: headers, hashes, keys, and after open_chains contents and eks.

    Where a jump passes over them, commits may lack; those that are there are kept, void or not."""

    def __init__(self, export, rings, device):
        self.rings, self.device, self.folder = rings, device, device.device_id.hex()
        self.first, self.base, self.before_first = 1, 0, None
        self.seqs, self.raws, self.headers, self.hashes, self.keys = [], [], [], [], []
        self.jumps, self.by_seq = [], {}
        self.contents, self.eks, self.dk = [], [], None
        self.read(export)

    def where(self, seq):
        return f"chains/{self.folder}/{seq}.bin"

    def read(self, export):
        numbers = export.numbers("chains", self.folder)
        there = [seq for seq in numbers if seq <= self.device.cut_seq] if self.revoked() else numbers
        if there:
            need(there[0] >= 1, f"{self.where(0)}: there is no commit 0")
            self.read_from(there, lambda seq: export.read("chains", self.folder, f"{seq}.bin"))
        if self.revoked() and self.device.cut_seq not in [0, *there]:
            self.end_at_a_void_cut(export, numbers)

    def revoked(self):
        """What a revoked device wrote beyond its cut is not looked at."""
        return self.device.status != 1

    def read_from(self, there, read):
        if there[0] > 1:
            self.start(there, read)
        for seq in there:
            if seq >= self.first:
                self.link(seq, read(seq))

    def start(self, there, read):
        """Commit 1 is not there: a jump over all that lacks, or the newest base, must say so. What lies below is not read."""
        lacks, base = self.where(there[0] - 1), None
        for h, raw in self.downwards(there, read):
            if base and h.kind in OPENS:
                dk = at(self.where(h.seq), self.open_epoch, h, raw)
                n, digest = at(base[0], self.open_base, dk, base[1])
                need(n in there and n <= h.seq, f"{lacks}: missing, and the newest base begins elsewhere")
                self.first, self.before_first = n, digest
                return
            if h.kind == BASE and not base:
                base = self.where(h.seq), raw
            if h.kind == JUMP and h.after == 0:
                self.first = h.seq
                return
        raise Refused(f"{lacks}: missing, and " + ("the base has no epoch commit before it" if base else "no base stands for it"))

    def downwards(self, there, read):
        """(header, bytes) of the commits from the end on, without those that a jump passes over."""
        end = there[-1]
        for seq in reversed(there):
            if seq <= end:
                raw = read(seq)
                h = at(self.where(seq), self.header, seq, raw)
                end = h.after if h.kind == JUMP else end
                yield h, raw

    def open_base(self, dk, raw):
        return parse_content(BASE, self.device.device_id, open_commit(dk, raw)[0], b"").body

    def end_at_a_void_cut(self, export, numbers):
        """The cut is not there: a jump beyond it must pass over it, of which nothing but header and signature is read."""
        for seq in (seq for seq in numbers if seq > self.device.cut_seq):
            try:
                raw = export.read("chains", self.folder, f"{seq}.bin")
                h = self.header(seq, raw)
                if h.kind == JUMP:
                    self.check_header(h)
                    need(ed25519_valid(self.device.sig_pk, signed_part(raw), raw[-64:]), "signature does not verify")
                    self.jumps.append(h)
                    return
            except Refused:
                pass
        raise Refused(f"{self.where(self.device.cut_seq)}: missing, and the keyring names it as the cut")

    def open_epoch(self, h, raw):
        content = open_commit(self.epoch_key(h), raw)[0]
        return parse_content(h.kind, self.device.device_id, content, b"").body

    def epoch_key(self, h):
        k = self.rings.versions.get(h.version)
        need(k is not None, f"names keyring version {h.version}, which is not there")
        return dk_wrap(self.rings.vks[k.g - 1], h.vault_id, h.device_id, h.epoch)

    def header(self, seq, raw):
        h = parse_header(raw, self.rings.newest.suite)
        need(h.vault_id == self.rings.newest.vault_id and h.device_id == self.device.device_id,
             "is of another vault or device")
        need(h.seq == seq, f"has seq {h.seq}")
        return h

    def link(self, seq, raw):
        """Rules 1 to 4; an epoch commit or a jump is opened for its key."""
        h = at(self.where(seq), self.header, seq, raw)
        need(h.kind == JUMP or seq == self.next_seq(), f"{self.where(self.next_seq())}: missing")
        at(self.where(seq), self.check_header, h)
        if h.kind in OPENS:
            self.dk = at(self.where(seq), self.open_epoch, h, raw)
        self.seqs.append(seq)
        self.raws.append(raw)
        self.headers.append(h)
        self.hashes.append(sha256(raw))
        self.keys.append(self.epoch_key(h) if h.kind in OPENS else self.dk)
        self.by_seq[seq] = h, self.hashes[-1]
        if h.kind == JUMP:
            self.jumps.append(h)

    def check_header(self, h):
        if h.kind == JUMP:
            self.check_jump(h)
        if h.seq == self.next_seq():
            self.check_prev(h)
        self.check_epoch(h)
        self.check_version(h)
        self.check_ctr(h)

    def check_jump(self, h):
        """What a jump passes over may lack; what it goes on after may not."""
        need(h.after < h.seq, "jumps to itself, or back")
        need(h.seq == self.next_seq() or h.after <= self.last(), f"goes on after {self.where(h.after)}, which is missing")
        there = self.rings.enrolled[self.device.device_id] if h.after == 0 else self.hash_of(h.after)
        need(there in (None, h.after_hash), f"goes on after another commit than {self.where(h.after)}")
        for v, k in self.rings.versions.items():
            heads = [seq for device_id, seq, _ in k.heads if device_id == self.device.device_id]
            need(v > h.version or not any(h.after < seq < h.seq for seq in heads),
                 f"passes over a commit that {name_of(v)} names")

    def check_prev(self, h):
        if self.headers:
            expected = self.hashes[-1]
        else:
            expected = self.before_first or self.rings.enrolled[self.device.device_id]
        need(h.prev == expected, "prev is not the hash of the commit before, or of the keyring that enrolled")

    def check_epoch(self, h):
        before = self.headers[-1].epoch if self.headers else 0
        need(self.headers or h.kind in OPENS, "the first commit is no epoch commit")
        if not self.headers and self.before_first:
            return
        passes = h.seq != self.next_seq()
        need(h.epoch > before if passes else h.epoch == before + (h.kind in OPENS), "epoch wrong")

    def check_version(self, h):
        before = self.headers[-1] if self.headers else None
        if before and (h.version, h.version_hash) == (before.version, before.version_hash) and h.kind not in OPENS:
            return
        need(self.rings.has(h.version, h.version_hash),
             f"names a keyring version {h.version} that is not there")
        need(h.version >= (before.version if before else self.device.joined_version), "keyring version falls")
        versions = self.rings.versions
        need(h.kind in OPENS or versions[h.version].g == versions[before.version].g,
             "generation is not that of its epoch commit")

    def check_ctr(self, h):
        before = self.headers[-1] if self.headers else None
        need(not before or h.ctr >= before.ctr + before.n, "ctr falls or repeats")
        need(h.ctr + h.n <= MOST_CTR, "ctr above 2^48")

    def last(self):
        """The seq where the chain ends, as far as it is read."""
        return self.seqs[-1] if self.seqs else self.first - 1 if self.before_first else 0

    def next_seq(self):
        return self.last() + 1

    def signer_of(self, seq):
        """Rule 5: the last commit is signed, and by its hash all that it links to is; and so is what a jump leaves behind."""
        return self.device.sig_pk if seq == self.last() or seq in self.left_behind() else None

    def left_behind(self):
        """The ends of what a jump passes over, which it has not as ancestors."""
        pairs = zip(self.headers, self.headers[1:])
        return {h.seq for h, jump in pairs if jump.kind == JUMP and jump.seq > h.seq + 1 and jump.after < h.seq}

    def hash_of(self, seq):
        """Of what is there, or what a jump or a base names as the commit before it; None when nothing says so."""
        if seq in self.by_seq:
            return self.by_seq[seq][1]
        before = [h.prev for h in self.jumps if h.seq - 1 == seq]
        return before[0] if before else self.before_first if seq == self.first - 1 and self.before_first else None

    def is_passed_over(self, seq):
        """Whether a jump says that it may lack, be that jump void itself or not."""
        return any(h.after < seq < h.seq for h in self.jumps)

    def check_contents(self):
        """Seen vectors do not go back, some kinds name all, and bases fit."""
        named = {}
        for h, content in zip(self.headers, self.contents):
            at(self.where(h.seq), check_seen, named, content.seen, h.kind)
            if h.kind == BASE:
                at(self.where(h.seq), self.check_base, h.seq, *content.body)

    def check_base(self, seq, n, digest):
        need(1 <= n < seq, "base begins at or above itself")
        if n >= self.first:
            start = self.by_seq.get(n, (None, None))[0]
            need(start and start.kind in OPENS and start.prev == digest,
                 "base does not begin at an epoch commit with that prev")
            need(not any(h.after < n < h.seq <= seq for h in self.jumps), "base begins at a commit that a jump passes over")
        self.base = n


def check_seen(named, seen, kind):
    need(kind not in NAMES_ALL or named.keys() <= {device for device, _, _ in seen},
         "seen vector of a checkpoint, base or jump leaves out a chain")
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
    """sig_pk: None where the signature of a later commit stands for this one's."""
    need(sig_pk is None or ed25519_valid(sig_pk, signed_part(raw), raw[-64:]), "signature does not verify")
    content, ek = open_commit(key, raw)
    return ek, parse_content(kind, device_id, content, checking)


def jobs_of(chains, checking):
    return [(chain.where(h.seq), h.kind, h.device_id, raw, key, chain.signer_of(h.seq), checking)
            for chain in chains for h, raw, key in zip(chain.headers, chain.raws, chain.keys)]


def results(starts):
    if len(starts) < 3:
        yield from map(open_slice, starts)
        return
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        yield from pool.imap(open_slice, starts)


def open_chains(chains, nk, vault_id):
    """Rule 5 for each chain, rule 6 for all commits, and the order of what they name."""
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

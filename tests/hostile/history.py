# SPDX-License-Identifier: Apache-2.0
"""What a server keeps of one vault, what it takes, and what it answers: wire/PROTOCOL.md §1, §4, §5. Knows no secret."""

import struct

from vaultformat.blob import HEADER as CHUNK_HEADER
from vaultformat.blob import KIND as CHUNK_KIND
from vaultformat.blob import MOST_CHUNKS, leaf
from vaultformat.commit import JUMP, JUMP_HEADER, KINDS, parse_header, signed_part
from vaultformat.cursor import u16, u32, u64, var32
from vaultformat.keyring import BY_AUTH, BY_OLD_AUTH, BY_RECOVERY, parse_public
from vaultformat.primitives import Refused, ed25519_valid, label, sha256
from vaultformat.seal import check_common

SUITES = (0x01, 0xFE)
PAGE_BYTES, PAGE_COMMITS = 1 << 20, 1000


class No(Exception):
    """An answer that is not 200."""

    def __init__(self, status, kind, body=b""):
        super().__init__(f"{status} {kind}")
        self.status, self.kind, self.body = status, kind, body


def claims(ring):
    """Whether the signatures under a keyring version are those that its public part asks for."""

    def signed(key, signature):
        return ed25519_valid(key, label("keyring") + sha256(ring.raw[: len(ring.raw) - ring.trailer + 32]), signature)

    return signed


def public_part(raw):
    try:
        return parse_public(raw, SUITES)
    except Refused:
        raise No(400, "E_TAMPER") from None


def seqs_of(chain):
    """The seq of each commit, ascending: one more than before, but for a jump, which says its own. What a lie has changed keeps its place."""
    found = []
    for raw in chain:
        said = int.from_bytes(raw[60:68], "big") if raw[6:7] == bytes([JUMP]) and len(raw) >= JUMP_HEADER else 0
        found.append(max(said, found[-1] + 1 if found else 1))
    return found


def place_of(chain, seq):
    """Where the commit of that seq is, or the first one above it."""
    return sum(1 for one in seqs_of(chain) if one < seq)


class History:
    """Keyring versions and chains, as bytes. A lie is a copy of one that was changed."""

    def __init__(self):
        self.rings, self.chains = [], {}
        self.blobs = {}  # {blob_id: [chunk, or None where there is none]}
        self.claimed_ring, self.claimed = None, {}  # heads that are named although they are not those of what is there

    def copy(self):
        other = History()
        other.rings = list(self.rings)
        other.chains = {device: list(chain) for device, chain in self.chains.items()}
        other.blobs = {blob: list(chunks) for blob, chunks in self.blobs.items()}
        other.claimed_ring, other.claimed = self.claimed_ring, dict(self.claimed)
        return other

    # What is there

    def ring(self):
        return public_part(self.rings[-1])

    def ring_head(self):
        return self.claimed_ring or (len(self.rings), sha256(self.rings[-1]))

    def head(self, device):
        chain = self.chains.get(device, [])
        return (seqs_of(chain)[-1], sha256(chain[-1])) if chain else (0, bytes(32))

    def heads(self):
        found = {device: self.head(device) for device, chain in self.chains.items() if chain} | self.claimed
        return [(device, *found[device]) for device in sorted(found) if found[device] is not None]

    def net_keys(self):
        """{device: NET_pk} of those that may write."""
        return {device: net for device, net, _, may_write in self.ring().listed if may_write}

    # Answers

    def head_body(self):
        version, digest = self.ring_head()
        return u32(version) + digest

    def heads_body(self):
        heads = self.heads()
        return self.head_body() + u16(len(heads)) + b"".join(d + u64(seq) + digest for d, seq, digest in heads)

    def keyring_page(self, first):
        return self.head_body() + page(self.rings[first - 1 :])

    def chain_page(self, device, first):
        chain = self.chains.get(device, [])
        return page(chain[place_of(chain, first) :])

    def leaves(self, blob):
        if blob not in self.blobs:
            raise No(404, "E_NOT_FOUND")
        chunks = self.blobs[blob]
        return u64(len(chunks)) + b"".join(bytes(32) if chunk is None else leaf(chunk) for chunk in chunks)

    def chunk(self, blob, index):
        chunks = self.blobs.get(blob, [])
        if index >= len(chunks) or chunks[index] is None:
            raise No(404, "E_NOT_FOUND")
        return chunks[index]

    # What comes

    def put_chunk(self, blob, index, raw):
        """The first write of a place wins."""
        ring = self.ring()
        try:
            fields = check_common(raw, ring.suite, (CHUNK_KIND,), CHUNK_HEADER, 0)
        except Refused:
            raise No(400, "E_TAMPER") from None
        vault, sealer, ctr = fields[5:8]
        its_index, count = struct.unpack_from(">QQ", raw, 72)
        if (vault, raw[56:72], its_index, ctr) != (ring.vault_id, blob, index, index) or not index < count <= MOST_CHUNKS:
            raise No(400, "E_TAMPER")
        if sealer not in [device for device, *_ in ring.listed]:
            raise No(400, "E_TAMPER")
        chunks = self.blobs.setdefault(blob, [None] * count)
        if len(chunks) != count or chunks[index] not in (None, raw):
            raise No(409, "E_CONFLICT")
        chunks[index] = raw
        return b""

    def put_ring(self, raw):
        """The next version, or the newest once more."""
        if self.rings and raw == self.rings[-1]:
            return self.head_body()
        new = public_part(raw)
        if not self.rings:
            return self.take_first(new, raw)
        old = self.ring()
        if (new.account, new.vault_id) != (old.account, old.vault_id):
            raise No(400, "E_TAMPER")
        if (new.v, new.prev) != (old.v + 1, old.hash()):
            raise No(409, "E_CONFLICT", self.head_body())
        if new.g - old.g not in (0, 1) or (new.auth_pk != old.auth_pk and new.seed == old.seed):
            raise No(400, "E_TAMPER")
        self.check_signatures(old, new)
        self.check_devices(old, new)
        self.rings.append(raw)
        return self.head_body()

    @staticmethod
    def check_devices(old, new):
        """Nobody is gone, keys stay, revoked stays revoked; a new vault key is for all that are active."""
        now, raised = {device: (net, sig, may) for device, net, sig, may in new.listed}, new.g > old.g
        for device, net, sig, may in old.listed:
            if device not in now or now[device][:2] != (net, sig) or now[device][2] not in ((may, 0) if raised else (may,)):
                raise No(400, "E_TAMPER")
        if [device for device, _ in new.device_slots] != [d for d, (_, _, may) in now.items() if raised and may]:
            raise No(400, "E_TAMPER")

    def take_first(self, new, raw):
        if new.v != 1:
            raise No(400, "E_TAMPER")
        self.check_signatures(None, new)
        self.rings.append(raw)
        return self.head_body()

    @staticmethod
    def check_signatures(old, new):
        signed, keys = claims(new), {BY_AUTH: new.auth_pk}
        if old is not None and old.auth_pk != new.auth_pk:
            keys |= {BY_OLD_AUTH: old.auth_pk, BY_RECOVERY: old.rauth_pk}
        if new.signatures[0][0] != BY_AUTH or (len(keys) == 1) != (len(new.signatures) == 1):
            raise No(400, "E_TAMPER")
        if not all(role in keys and signed(keys[role], signature) for role, signature in new.signatures):
            raise No(400, "E_TAMPER")

    def append(self, device, commits):
        """All of them or none; the head after them."""
        chain = list(self.chains.get(device, []))
        for raw in commits:
            self.append_one(device, chain, raw)
        self.check_signed(device, commits)
        self.chains[device] = chain
        seq, digest = self.head(device)
        return u64(seq) + digest

    def check_signed(self, device, commits):
        keys = {listed: sig for listed, _, sig, _ in self.ring().listed}
        if commits and not ed25519_valid(keys.get(device, bytes(32)), signed_part(commits[-1]), commits[-1][-64:]):
            raise No(403, "E_DENIED")

    def append_one(self, device, chain, raw):
        """What is void is not there, and the jump that made it so is what is told of it."""
        h, end = self.header(device, raw), seqs_of(chain)[-1] if chain else 0
        if h.seq <= end:
            stored = chain[place_of(chain, h.seq)]
            if stored != raw:
                raise No(409, "E_CONFLICT", u64(seqs_of(chain)[place_of(chain, h.seq)]) + var32(stored))
            return
        head = sha256(chain[-1]) if chain else None
        jumps = h.kind == JUMP and h.after == end and (h.after_hash == head if chain else self.knows(h.after_hash))
        if h.seq > end + 1 and not jumps:
            raise No(409, "E_GAP", u64(end) + (head or bytes(32)))
        if not jumps and chain and h.prev != head:
            raise No(409, "E_CONFLICT", u64(end) + var32(chain[-1]))
        if not jumps and not chain and not self.knows(h.prev):
            raise No(400, "E_TAMPER")
        chain.append(raw)

    def knows(self, digest):
        """Whether it is the hash of a keyring version."""
        return digest in map(sha256, self.rings)

    def header(self, device, raw):
        ring = self.ring()
        try:
            h = parse_header(raw, ring.suite)
        except Refused:
            raise No(400, "E_TAMPER") from None
        known = 1 <= h.version <= len(self.rings) and sha256(self.rings[h.version - 1]) == h.version_hash
        if h.vault_id != ring.vault_id or h.device_id != device or not known or h.kind not in KINDS:
            raise No(400, "E_TAMPER")
        return h


def page(objects):
    """u16 count, count × var32; as far as the bytes of a page hold, at least one."""
    taken, size = [], 0
    for one in objects[:PAGE_COMMITS]:
        size += len(one)
        if taken and size > PAGE_BYTES:
            break
        taken.append(one)
    return u16(len(taken)) + b"".join(map(var32, taken))


def unpage(body):
    (count,), at, objects = struct.unpack_from(">H", body), 2, []
    for _ in range(count):
        (size,) = struct.unpack_from(">I", body, at)
        objects.append(body[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(body):
        raise No(400, "E_USAGE")
    return objects

# SPDX-License-Identifier: Apache-2.0
"""One verb per lie of a server that is alone: it has bytes, and no key. Each prepares the lie in self.view, a changed copy of
the truth, or as a change of answers; what nobody signs, hashes and heads above all, is made right again."""

import json
import os

from history import page, place_of, seqs_of, unpage
from honest import Answer
from vaultformat.cursor import u8, u16, u32, u64, var32
from vaultformat.keyring import build_keyring, parse_public
from vaultformat.primitives import ed25519_public, ed25519_sign, label, sha256
from vaultformat.slots import password_slot

# Where the fields of a commit are: FORMAT §4, §6. Of numbers the last byte.
FIELDS = {"magic": 0, "format": 4, "suite": 5, "kind": 6, "zero": 7, "vault": 8, "device": 24, "ctr": 47, "n": 51, "total": 55,
          "epoch": 59, "seq": 67, "version": 71, "version hash": 72, "prev": 104, "salt": 136, "ck": 168, "segment": 200,
          "tag": -65, "R": -64, "S": -32, "last byte": -1}
CHAIN, KEYRING, HEADS, PRELOGIN = r"/v1/chain/", r"/v1/keyring", r"/v1/heads", r"/v1/prelogin"


def changed(raw, at, bits=1):
    at %= len(raw)
    return raw[:at] + bytes([raw[at] ^ bits]) + raw[at + 1 :]


def written(raw, at, value):
    return raw[:at] + value + raw[at + len(value) :]


def renumbered(raw, seq, prev):
    return written(written(raw, 60, u64(seq)), 104, prev)


def ring_fields(raw):
    """Where the fields of a keyring version are: FORMAT §7."""
    k = parse_public(raw, (1, 0xFE))
    slot = 196 + len(k.account)
    end = len(raw) - k.trailer
    return {"magic": 0, "format": 4, "suite": 5, "kind": 6, "vault": 8, "device": 24, "ctr": 47, "n": 51, "total": 55, "v": 59,
            "g": 63, "prev": 64, "siblings": 96, "seed": 97, "AUTH": 129, "RAUTH": 161, "account": 194, "slot's vault": slot + 8,
            "slot's v": slot + 59, "slot's salt": slot + 64, "slot's ck": slot + 96, "slot's key": slot + 128,
            "slot's tag": slot + 175, "recovery slot": slot + 176, "id in the list": k.header - 49, "NET in the list": k.header - 33,
            "may write": k.header - 1, "salt": k.header, "ck": k.header + 32, "body": k.header + 64, "tag": end - 1, "link": end,
            "signatures": end + 32, "role": end + 33, "R": end + 34, "S": end + 66}


class Lies:
    # Chains

    def replace_commit(self, device, seq, raw):
        """Another commit in its place, and those above linked to it."""
        chain = self.view.chains[device]
        place = place_of(chain, seq)
        chain[place] = raw
        for at in range(place + 1, len(chain)):
            chain[at] = written(chain[at], 104, sha256(chain[at - 1]))

    def commit(self, device, back=0):
        """The newest commit, or one before it, and its seq."""
        chain = self.view.chains[device]
        return seqs_of(chain)[-1 - back], chain[-1 - back]

    def flip(self, device, field, back=0):
        """One bit of a field of a commit."""
        seq, raw = self.commit(device, back)
        self.replace_commit(device, seq, changed(raw, FIELDS[field]))

    def flip_under_the_true_head(self, device, field):
        """One bit, while the heads name the hash of the commit as it was made."""
        self.view.claimed[device] = self.view.head(device)
        self.flip(device, field)

    def relabel(self, device, field, value, back=0):
        seq, raw = self.commit(device, back)
        self.replace_commit(device, seq, written(raw, FIELDS[field], value))

    def hide_newest_commits(self, device, number=1):
        del self.view.chains[device][-number:]

    def hide_all_but(self, device, number):
        del self.view.chains[device][number:]

    def hide_chain(self, device):
        del self.view.chains[device]

    def hide_all_chains(self):
        self.view.chains = {}

    def withhold_newest_commits(self, device, number=1):
        """They are named by the heads, and not there."""
        self.view.claimed[device] = self.view.head(device)
        self.hide_newest_commits(device, number)

    def claim_more(self, device, number):
        """Heads that name commits which nobody made."""
        self.view.claimed[device] = (self.view.head(device)[0] + number, os.urandom(32))

    def claim_head(self, device, seq, digest):
        self.view.claimed[device] = (seq, digest)

    def swap_bodies(self, device, back, other):
        """Two commits exchange what they seal."""
        (one_seq, one), (two_seq, two) = self.commit(device, back), self.commit(device, other)
        self.replace_commit(device, one_seq, written(one, 200, two[200:-64]))
        self.replace_commit(device, two_seq, written(self.commit(device, other)[1], 200, one[200:-64]))

    def swap_places(self, device, renumber):
        """The newest two commits in the other order."""
        chain = self.view.chains[device]
        self.view.claimed[device] = self.view.head(device)
        chain[-2:] = [chain[-1], chain[-2]]
        if renumber:
            del self.view.claimed[device]
            self.renumber(device, len(chain) - 2)

    def renumber(self, device, place):
        """Seqs and links from that place on as they would be right, each seq one more."""
        chain = self.view.chains[device]
        for at in range(place, len(chain)):
            chain[at] = renumbered(chain[at], seqs_of(chain[:at])[-1] + 1, sha256(chain[at - 1]))

    def leave_out(self, device, back, renumber):
        """A commit from the middle is gone."""
        chain = self.view.chains[device]
        head = self.view.head(device)
        place = len(chain) - back - 1
        del chain[place]
        if renumber:
            self.renumber(device, place)
        else:
            self.view.claimed[device] = head

    def repeat(self, device, renumber):
        """The newest commit is there twice."""
        chain = self.view.chains[device]
        seq = seqs_of(chain)[-1] + 1
        chain.append(chain[-1])
        self.view.claimed[device] = (seq, sha256(chain[-1]))
        if renumber:
            del self.view.claimed[device]
            self.renumber(device, len(chain) - 1)

    def replay_in_place_of_the_newest(self, device, back):
        """An older commit with the newest one's number."""
        self.view.chains[device][-1] = self.commit(device, back)[1]
        self.renumber(device, len(self.view.chains[device]) - 1)

    def graft(self, giver, taker, relabel):
        """The giver's newest commit on top of the taker's chain."""
        raw, chain = self.commit(giver)[1], self.view.chains[taker]
        seq = seqs_of(chain)[-1] + 1
        chain.append(renumbered(written(raw, 24, taker) if relabel else raw, seq, sha256(chain[-1])))
        self.view.claimed[taker] = (seq, sha256(chain[-1]))

    def exchange_chains(self, one, two):
        chains = self.view.chains
        chains[one], chains[two] = chains[two], chains[one]

    def invent_commit(self, device):
        """A commit out of public bytes, signed with a key of the server's own."""
        seq, raw = self.commit(device)
        sealed = renumbered(raw, seq + 1, sha256(raw))[:-64]
        sealed = written(sealed, 136, os.urandom(len(sealed) - 136))
        self.view.chains[device].append(sealed + self.own_signature("commit", sealed))

    def own_signature(self, name, data):
        return ed25519_sign(sha256(b"the server's key"), label(name) + sha256(data))

    def invent_chain(self, giver):
        """A chain of a device that no keyring names."""
        stranger = sha256(giver)[:16]
        self.view.chains[stranger] = [written(raw, 24, stranger) for raw in self.view.chains[giver][:1]]

    def say_in_plain(self, device):
        """A commit that is no commit but the item itself."""
        item = json.dumps({"encrypted": False, "name": "news/laptop/0", "value": "in plain"}).encode().ljust(600)
        self.replace_commit(device, self.commit(device)[0], item)

    def cut_short(self, device, by, total):
        """A commit lacks its end; with `total` its length says so."""
        seq, raw = self.commit(device)
        raw = raw[:-by] if by > 0 else raw + bytes(-by)
        self.replace_commit(device, seq, written(raw, 52, u32(len(raw))) if total else raw)

    def swell(self, device, size):
        """A commit of that many bytes."""
        seq, raw = self.commit(device)
        self.replace_commit(device, seq, written(raw[:-64].ljust(size - 64, b"\0") + raw[-64:], 52, u32(size)))

    def serve_chains_of_another_vault(self, account):
        """Each of its chains under the id of one of ours."""
        ours, theirs = self.view.chains, self.truths[account].chains
        for device, chain in zip(sorted(ours), theirs.values()):
            ours[device] = list(chain)

    # Histories

    def serve_chains_of(self, name, *devices):
        """What was remembered of these chains, or of all."""
        old = self.remembered[name]
        for device in devices or list(self.view.chains):
            self.view.chains[device] = list(old.chains[device]) if device in old.chains else []

    def serve_keyring_of(self, name):
        self.view.rings = list(self.remembered[name].rings)

    def serve_everything_of(self, name):
        self.draft = self.remembered[name].copy()

    def serve_another_vault(self, account):
        self.draft = self.truths[account].copy()

    # Keyrings

    def replace_ring(self, v, raw):
        self.view.rings[v - 1] = raw
        for at in range(v, len(self.view.rings)):
            self.view.rings[at] = written(self.view.rings[at], 64, sha256(self.view.rings[at - 1]))

    def flip_in_ring(self, field, back=0):
        """One bit of a field of the newest keyring version, or of one before it."""
        v = len(self.view.rings) - back
        raw = self.view.rings[v - 1]
        self.replace_ring(v, changed(raw, ring_fields(raw)[field]))

    def flip_in_ring_under_the_true_head(self, field):
        self.view.claimed_ring = self.view.ring_head()
        self.flip_in_ring(field)

    def write_in_ring(self, field, value):
        raw = self.view.rings[-1]
        self.replace_ring(len(self.view.rings), written(raw, ring_fields(raw)[field], value))

    def hide_newest_rings(self, number=1):
        del self.view.rings[-number:]

    def claim_ring(self, v, digest):
        self.view.claimed_ring = (v, digest)

    def claim_rings(self, number):
        """Heads that name keyring versions which nobody made."""
        self.view.claimed_ring = (len(self.view.rings) + number, os.urandom(32))

    def repeat_ring(self):
        self.view.rings.append(self.view.rings[-1])

    def cut_ring_short(self, by):
        self.view.rings[-1] = self.view.rings[-1][:-by]

    def swell_ring(self, size):
        self.view.rings[-1] = self.view.rings[-1].ljust(size, b"\0")

    def swap_rings(self):
        self.view.claimed_ring = self.view.ring_head()
        self.view.rings[-2:] = self.view.rings[-1], self.view.rings[-2]

    def build_its_own_keyring(self, own_auth=True, v=None):
        """A keyring as good as the server can make one: all it knows, and keys of its own. With own_auth False it names the
        person's AUTH, for which it has no key. v: the next one, or version 1 in place of them all."""
        old, key, vk = self.view.ring(), sha256(b"the server's key"), sha256(b"the server's vault key")
        if v == 1:
            self.view.rings = []
        else:
            v, old.prev = old.v + 1, old.hash()
        old.v, old.nk, old.device_slots = v, sha256(b"the server's NK"), ()
        if v == 1:
            old.prev = bytes(32)
        if own_auth:
            old.auth_pk = ed25519_public(key)
            old.password_slot = password_slot(key, old.suite, old.vault_id, old.sealer, v, 1, vk, os.urandom(32))
        self.view.rings.append(build_keyring(old, vk, vk, [(1, key)], os.urandom(32)))

    def sign_ring_itself(self):
        """The newest version, its devices' keys replaced in the public list, signed with a key of the server's own."""
        raw = self.view.rings[-1]
        where = ring_fields(raw)
        raw = written(raw, where["NET in the list"], ed25519_public(sha256(b"the server's key")))
        self.view.rings[-1] = raw[: where["R"]] + self.own_signature("keyring", raw[: where["signatures"]])

    # Answers

    def answer_with(self, method, pattern, status, kind=None, body=b"", *headers):
        """This in place of every answer of a kind."""
        lines = (f"Vaultd-Error: {kind}",) * bool(kind) + headers
        self.bend(method, pattern, lambda request, answer: Answer(status, body, lines))

    def label_answers(self, method, pattern, header):
        """What is right, with a header more."""
        self.bend(method, pattern, lambda request, answer: Answer(answer.status, answer.body, (*answer.headers, header)))

    def add_to(self, method, pattern, more):
        """Bytes after the end of what is right."""
        self.bend(method, pattern, lambda request, answer: Answer(answer.status, answer.body + more, answer.headers))

    def cut_from(self, method, pattern, number):
        self.bend(method, pattern, lambda request, answer: Answer(answer.status, answer.body[:-number], answer.headers))

    def miscount(self, pattern, at, by):
        """The number of what follows, two bytes at that place, is not what follows."""

        def change(request, answer):
            count = int.from_bytes(answer.body[at : at + 2], "big") + by
            return Answer(answer.status, written(answer.body, at, u16(count)), answer.headers)

        self.bend("GET", pattern, change)

    def disorder_heads(self):
        """Two chains in the wrong order."""
        first, second = slice(38, 94), slice(94, 150)
        self.bend("GET", HEADS, lambda _, a: Answer(200, a.body[:38] + a.body[second] + a.body[first] + a.body[150:]))

    def name_a_chain_twice(self):
        def change(_, answer):
            count = int.from_bytes(answer.body[36:38], "big") + 1
            return Answer(200, answer.body[:36] + u16(count) + answer.body[38:94] + answer.body[38:])

        self.bend("GET", HEADS, change)

    def prelogin_says(self, suite=None, vault=None, seed=None):
        """Other terms of the log-in; whoever signs is let in."""
        self.blind = True

        def change(_, answer):
            old = answer.body
            return Answer(200, (old[:1] if suite is None else u8(suite)) + (vault or old[1:17]) + (seed or old[17:49]))

        self.bend("POST", PRELOGIN, change)

    def blind_to_signatures(self):
        """Whoever signs is let in."""
        self.blind = True

    def serve_terms_of(self, account):
        """The log-in, the keyring and the chains of another account."""
        other = self.truths[account].ring()
        self.prelogin_says(other.suite, other.vault_id, other.seed)
        self.serve_another_vault(account)

    def serve_pages_one_by_one(self):
        """No lie: each answer has one object, as a server may cut its pages."""

        def change(request, answer):
            history = self.shown_to(request)
            first = self.first(request) - 1
            if "chain" in request.target:
                chain = history.chains.get(bytes.fromhex(request.target[10:42]), [])
                place = place_of(chain, first + 1)
                return Answer(200, page(chain[place : place + 1]))
            return Answer(200, history.head_body() + page(history.rings[first : first + 1]))

        self.bend("GET", rf"{CHAIN}|{KEYRING}\?", change)

    def answer_pushes(self, how):
        """What is sent to a chain is not taken; this is said of it."""
        forged = {"an invented commit": self.forged, "another device's commit": self.of_another, "a commit cut short": self.short}

        def change(request, _):
            raw = unpage(request.body)[-1]
            seq, digest = raw[60:68], sha256(raw)
            if how in forged:
                return Answer(409, seq + var32(forged[how](raw)), ("Vaultd-Error: E_CONFLICT",))
            if how == "a gap":
                return Answer(409, u64(0) + bytes(32), ("Vaultd-Error: E_GAP",))
            lower = u64(int.from_bytes(seq, "big") - 1) + digest
            higher = u64(int.from_bytes(seq, "big") + 1) + digest
            said = {"lower": lower, "higher": higher, "another hash": seq + bytes(32), "nothing": b"", "more bytes": seq + digest + b"\0"}
            return Answer(200, said[how])

        self.bend("POST", CHAIN, change)

    def forged(self, raw):
        sealed = written(raw, 136, os.urandom(len(raw) - 200))[:-64]
        return sealed + self.own_signature("commit", sealed)

    def of_another(self, raw):
        return next(chain[-1] for device, chain in self.view.chains.items() if device != raw[24:40])

    def short(self, raw):
        return raw[:-1]

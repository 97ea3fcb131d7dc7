# SPDX-License-Identifier: Apache-2.0
"""A vault whose honest answers are known, and a daemon that is asked to join it again and again while they are lied about."""

import json
import os
from collections import Counter

from caller import Vault, page
from history import place_of, seqs_of
from public_client import PublicClient
from scripted import Said, Scripted, refusal

from rpc import Refused
from vaultformat.cursor import u16, u32, u64
from vaultformat.primitives import sha256


def family():
    """A vault with three devices that have seen each other's writes."""
    vault = Vault("anna", b"correct horse battery staple")
    vault.join("b")
    vault.join("c")
    for n in range(3):
        for name in "abc":
            others = [other for other in "abc" if other != name]
            vault.put(name, f"item/{name}/{n}", b"value", seen=vault.seen(*others))
    return vault


class Home:
    """A vault, and the honest answers about it."""

    def __init__(self, vault=None):
        self.vault = vault = vault or family()
        self.rings = [ring.raw for ring in vault.rings]
        self.chains = {d.id: list(d.chain) for d in vault.devices.values()}
        self.genuine = {sha256(raw) for raw in self.rings} | set(self.chains)
        self.genuine |= {sha256(raw) for chain in self.chains.values() for raw in chain}
        self.terms = 0xFE, vault.vault_id, vault.seed
        self.session = sha256(b"session")[:16] + sha256(b"challenge")

    def prelogin(self):
        return bytes([0xFE]) + self.vault.vault_id + self.vault.seed

    @staticmethod
    def heads(rings, chains):
        found = [d + u64(seqs_of(chain)[-1]) + sha256(chain[-1]) for d, chain in sorted(chains.items()) if chain]
        return u32(len(rings)) + sha256(rings[-1]) + u16(len(found)) + b"".join(found)

    def answer(self, method, target, rings=None, chains=None):
        """What an honest server with these would say."""
        rings, chains = rings or self.rings, chains or self.chains
        if target == "/v1/prelogin":
            return Said(self.prelogin())
        if target == "/v1/session":
            return Said(self.session)
        if target == "/v1/heads":
            return Said(self.heads(rings, chains))
        path, _, query = target.partition("?from=")
        at = int(query) - 1 if query.isdecimal() else 0
        if path == "/v1/keyring" and method == "GET":
            return Said(u32(len(rings)) + sha256(rings[-1]) + page(rings[at:]))
        if path.startswith("/v1/chain/") and method == "GET":
            chain = chains.get(bytes.fromhex(path[10:]), [])
            return Said(page(chain[place_of(chain, at + 1) :]))
        return refusal(503, "E_BUSY")


class Joins:
    """A daemon without a vault that is asked to join again and again."""

    def __init__(self, world, home, password=None):
        self.home, self.lie = home, None
        self.server = Scripted(lambda asked: self.lie(asked.method, asked.target))
        self.device = world.device("device")
        self.rpc = self.device.rpc()
        self.password = (password or b"correct horse battery staple").decode()
        self.kinds = Kinds()

    def foretold(self, lie, more=()):
        """What a join sends, and whether nothing stops it; `more` are hashes of objects that are good, too."""
        client = PublicClient(self.server.port, self.home.vault.account, self.password.encode(),
                              self.home.genuine | set(more), self.home.terms)
        return client.join(lie)

    def join(self, lie):
        """One try with answers by lie(method, target); its error, and what was sent."""
        self.lie = lie
        self.server.take()
        try:
            self.rpc.call("vault.join", server=self.server.url, account=self.home.vault.account, password=self.password,
                          device_name="device")
        except Refused as refused:
            self.kinds[refused.kind] += 1
            return refused.kind, [asked.raw for asked in self.server.take()]
        raise AssertionError("it joined")

    def refused(self, what, lie, more=()):
        """A join is refused, and sends what was foretold. Passes over a change that changes nothing."""
        foretold, complete = self.foretold(lie, more)
        if not complete or more:
            kind, sent = self.join(lie)
            assert sent == foretold, explain(what, kind, sent, foretold)
            self.kinds.compared += sum(map(len, sent))

    def report(self, what, watch):
        print(self.kinds.line(what, watch.seconds))
        assert self.device.status()["vault"]["state"] == "absent"


class Kinds(Counter):
    """How many answers were refused for which reason, and how many bytes were sent that had been foretold."""

    compared = 0

    def line(self, what, seconds):
        """For a person; and a row of the table of `./run hostile`."""
        classes = " ".join(sorted(map(str, self)))
        row = {"row": "K10", "lie": f"{what} ({self.total()} ways)", "published": "MEGA 2022", "class": classes,
               "kept": "-", "compared": self.compared, "program": "vaultd_test"}
        if path := os.environ.get("VAULT_HOSTILE_TABLE"):
            with open(path, "a") as table:
                table.write(json.dumps(row) + "\n")
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.items(), key=str))
        return f"{what}: {self.total()} answers, {self.total() / seconds:.0f} a second; {kinds}"


def explain(what, kind, sent, foretold):
    same = next((i for i, (a, b) in enumerate(zip(sent, foretold)) if a != b), min(len(sent), len(foretold)))
    return f"{what} ({kind}): request {same} of {len(sent)}, {len(foretold)} foretold:\n  sent " + repr(
        sent[same:same + 2])[:600] + "\n  foretold " + repr(foretold[same:same + 2])[:600]

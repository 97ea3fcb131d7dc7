# SPDX-License-Identifier: Apache-2.0
"""What a client sends in a join, computed by somebody who sees only what a server sees: the bytes it was asked, the bytes it
answers, and the password's public half. It knows no key of the vault, so that whatever it foretells rightly tells nothing.

It stops where an object is not the genuine one: where the genuine client must find that out with its keys.
"""

import hashlib

from vaultformat.cursor import Cursor, u64, var8, var16
from vaultformat.primitives import Refused, derive, ed25519_sign, label, need, password_root, sha256
from writer import SUITE

AUTH = bytes(16)
MOST_PAGE = 1000


class Ends(Exception):
    """The client sends no more."""


def heads_of(body):
    c = Cursor(body)
    version, digest, chains = c.uint(4), c.take(32), []
    count = c.uint(2)
    need(count <= 256, "too many")
    for _ in range(count):
        chains.append((c.take(16), c.uint(8), c.take(32)))
        need(chains[-1][1] > 0 and (len(chains) < 2 or chains[-2][0] < chains[-1][0]), "no list of heads")
    c.end()
    return version, digest, chains


def listed_of(body, skip, most):
    c = Cursor(body)
    c.take(skip)
    count = c.uint(2)
    need(count <= most, "too many")
    out = [c.var(4) for _ in range(count)]
    c.end()
    return out


class PublicClient:
    def __init__(self, port, account, password, genuine, terms):
        """genuine: hashes of the keyring versions and commits that a client would find good, and ids of its devices;
        terms: (suite, vault_id, seed) as those versions say them."""
        self.origin, self.account, self.password = f"http://127.0.0.1:{port}", account, password
        self.genuine, self.terms = genuine, terms
        self.sent, self.session, self.number = [], None, 0

    def join(self, answer):
        """The requests of a join, byte for byte, given the function that answers them; and whether it went to its end."""
        try:
            self._join(answer)
            return self.sent, True
        except (Ends, Refused):
            return self.sent, False

    def _join(self, answer):
        self.answer = answer
        login = Cursor(self.ask("POST", "/v1/prelogin", var8(self.account.encode())))
        suite, self.vault_id, seed = login.uint(1), login.take(16), login.take(32)
        login.end()
        need(suite in (1, SUITE), "no suite")
        self.auth = derive(password_root(self.password, suite, self.account, self.vault_id, seed), "auth", self.vault_id)
        version, digest, chains = heads_of(self.signed("/v1/heads"))
        rings = self.rings(version)
        need(not rings or sha256(rings[-1]) == digest, "another head than shown")
        need(rings and all(sha256(ring) in self.genuine for ring in rings), "here the keys are needed")
        need((suite, self.vault_id, seed) == self.terms, "other terms than the keyring's")
        for device, seq, digest in chains:
            self.chain(device, seq, digest)

    def rings(self, version):
        found, size = [], 0
        while len(found) < version:
            page = listed_of(self.signed(f"/v1/keyring?from={len(found) + 1}"), 36, 65535)
            need(page, "a gap")
            for ring in page[:version - len(found)]:
                size += len(ring)
                need(len(ring) <= 262144 and size <= 64 << 20 and len(found) < 16384, "above a limit")
                found.append(ring)
        return found

    def chain(self, device, until, digest):
        need(device in self.genuine, "a chain of nobody")
        at, last = 0, None
        while at < until:
            page = listed_of(self.signed(f"/v1/chain/{device.hex()}?from={at + 1}"), 0, MOST_PAGE)
            need(page, "a gap")
            for commit in page:
                if at >= until:
                    break
                need(sha256(commit) in self.genuine, "here the keys are needed")
                last, at = commit, int.from_bytes(commit[60:68], "big")  # a jump leaves out what is void
        need(sha256(last) == digest, "another head than shown")

    def ask(self, method, target, body=b"", headers=""):
        length = f"Content-Length: {len(body)}\r\n" if method != "GET" else ""
        head = (f"{method} {target} HTTP/1.1\r\nHost: {self.origin[7:]}\r\nUser-Agent: vaultd\r\n{length}{headers}\r\n")
        self.sent.append(head.encode() + body)
        said = self.answer(method, target)
        self.status = said.status
        if self.status != 200 or said.raw is not None:
            raise Ends
        return said.body

    def begin(self):
        opened = Cursor(self.ask("POST", "/v1/session", var8(self.account.encode()) + self.vault_id + AUTH))
        session, self.challenge = opened.take(16), opened.take(32)
        opened.end()
        self.session, self.number = session, 0

    def signed(self, target):
        fresh = self.session is None
        if fresh:
            self.begin()
        try:
            return self._signed(target)
        except Ends:
            if self.status != 401 or fresh:
                raise
        self.begin()  # a session may have ended: once
        return self._signed(target)

    def _signed(self, target):
        self.number += 1
        message = (label("request") + var16(self.origin.encode()) + var8(self.account.encode()) + self.vault_id + AUTH
                   + var8(b"GET") + var16(target.encode()) + hashlib.sha256(b"").digest() + self.challenge
                   + u64(self.number))
        value = f"Vaultd {self.session.hex()},{self.number},{ed25519_sign(self.auth, message).hex()}"
        return self.ask("GET", target, b"", f"Authorization: {value}\r\n")

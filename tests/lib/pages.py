# SPDX-License-Identifier: Apache-2.0
"""The answers about chains and heads, taken apart and put together by hand: wire/PROTOCOL.md §1 and §5."""

import re
import struct
import threading

CHAIN = re.compile(r"/v1/chain/([0-9a-f]{32})\?from=(\d+)$")
COMMITS = 50  # of one page, as this proxy cuts them


def encode(commits):
    return struct.pack(">H", len(commits)) + b"".join(struct.pack(">I", len(c)) + c for c in commits)


def decode(body):
    (count,), at, commits = struct.unpack_from(">H", body), 2, []
    for _ in range(count):
        (size,) = struct.unpack_from(">I", body, at)
        commits.append(body[at + 4 : at + 4 + size])
        at += 4 + size
    assert at == len(body)
    return commits


def with_head(heads, device, change):
    """The body of GET /v1/heads with what it has of that chain, seq and hash, changed."""
    at = heads.index(device, 38) + 16
    return heads[:at] + change(heads[at : at + 40]) + heads[at + 40 :]


def seq_of(commit):
    return struct.unpack_from(">Q", commit, 60)[0]


class SmallPages:
    """Serves chains in pages of 50 from what the server gave, and does to them what `lie` says.

    lie(device, first, commits, chain) gives the commits of the page that begins at seq `first`; chain(device, seq) is
    any one commit as the server has it.
    """

    def __init__(self):
        self.stored, self.lie, self.lies, self.pages = {}, None, 0, 0
        self.lock = threading.Lock()

    def __call__(self, exchange):
        found = CHAIN.match(exchange.target)
        if exchange.method != "GET" or not found:
            return
        device, first = found[1], int(found[2])
        with self.lock:
            if exchange.answer is None:
                if (device, first) in self.stored:
                    exchange.answer = self.page(device, first)
            elif exchange.status == 200:
                for commit in decode(exchange.answer):
                    self.stored[device, seq_of(commit)] = commit
                exchange.answer = self.page(device, first)

    def page(self, device, first):
        numbers = range(first, first + COMMITS)
        commits = [self.stored[device, n] for n in numbers if (device, n) in self.stored]
        self.pages += 1
        if self.lie is not None:
            changed = self.lie(device, first, commits, lambda d, n: self.stored[d, n])
            self.lies += changed != commits
            commits = changed
        return encode(commits)

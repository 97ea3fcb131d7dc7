# SPDX-License-Identifier: Apache-2.0
"""A device that has the vault, whose rounds go through a proxy that lies and notes what is sent."""

import re

from joins import Kinds

from rpc import Refused
from vaultformat.primitives import sha256


class Rounds:
    """A phone whose server is honest, behind a proxy that is not: a laptop has written what the phone never gets to see,
    and the phone has a commit that it wants to send."""

    def __init__(self, world):
        self.world, self.lie, self.asked, self.kinds = world, None, [], Kinds()
        world.start_server(proxied=True)
        self.laptop, self.phone = world.pair()
        self.phone.sync()
        self.laptop.sync()
        self.writer = bytes.fromhex(self.laptop.status()["device"]["id"])
        self.own = bytes.fromhex(self.phone.status()["device"]["id"])
        self.phone.stop()
        for n in range(3):
            self.laptop.put(f"item/{n}", b"the laptop's")
        self.laptop.sync()
        self.laptop.stop()
        world.proxy.rule = self.rule

    def rule(self, exchange):
        if exchange.target.startswith("/v1/watch") or "wait=" in exchange.target:
            exchange.answer = exchange.answer or b""  # beside the rounds: refused here
            return
        if exchange.answer is None:
            self.asked.append((exchange.method, exchange.target, normal(exchange.request), exchange.body))
        elif self.lie is not None:
            self.lie(exchange)

    def begin(self, lie):
        """The phone comes up among lies, with something to send."""
        self.lie = lie
        self.phone.start()
        self.phone.unlock()
        self.phone.put("mine", b"the phone's")
        self.rpc = self.phone.rpc()

    def sync(self, lie):
        """One round at least that is lied to; its error, and the requests of each round. Rounds of its own may be among them."""
        self.sync_as_it_is()  # what was under way ends with the lie before
        self.lie, self.asked = lie, []
        kind = self.sync_as_it_is()
        self.kinds[kind] += 1
        return kind, rounds_of(self.asked)

    def sync_as_it_is(self):
        try:
            self.rpc.call("sync.now")
        except Refused as refused:
            return refused.kind

    def heals(self, pushed):
        """Honest answers again: the phone takes all, and sends what it wanted to, the same bytes as ever."""
        trust = self.phone.status()["trust"]
        assert trust["state"] != "distrusted", trust
        self.lie, self.asked = None, []
        self.phone.sync()
        assert all(self.phone.get(f"item/{n}") == b"the laptop's" for n in range(3))
        assert self.phone.status()["sync"]["pending"] == 0
        sent = {body for method, _, _, body in self.asked if method == "POST"}
        assert len(sent) <= 1 and (not pushed or sent <= pushed), "other bytes for a seq that was sent before"

    def report(self, what, watch):
        print(self.kinds.line(what, watch.seconds))


def normal(request):
    """A request's head without what may differ: session, number, signature."""
    return re.sub(rb"Vaultd [0-9a-f]{32},\d+,[0-9a-f]{128}\r\n", b"Vaultd ...\r\n", request)


def rounds_of(asked):
    out = []
    for one in asked:
        if one[:2] == ("GET", "/v1/heads"):
            out.append([])
        if out:
            out[-1].append(one)
    return out


def bytes_of(rounds):
    return sum(len(head) + len(body) for one in rounds for _, _, head, body in one)


def with_head(heads, device, commit):
    """The heads with the hash of that chain's put right."""
    at = heads.index(device, 38) + 24
    return heads[:at] + sha256(commit) + heads[at + 32:]


def is_page_of(exchange, device):
    return exchange.method == "GET" and exchange.target.startswith(f"/v1/chain/{device.hex()}?")

#!/usr/bin/python3
"""After a failed verification, what is sent does not depend on why it failed. Answers are changed in thousands of ways, each
sealed, signed and hashed anew as far as its author could; every byte that a daemon sends, and their order, is what somebody
foretold who knows no key."""

import os
import random
import re
import struct
from collections import Counter

from caller import Vault, page
from public_client import PublicClient
from scripted import Said, Scripted, refusal

from harness import SOAK, main, test
from pages import decode, encode
from rpc import Refused as RpcRefused
from vaultformat.commit import ACK, BASE, CHECKPOINT, DATA, data_body
from vaultformat.cursor import u16, u32, u64, var32
from vaultformat.primitives import sha256
from vaultformat.seal import frame
from waiting import Stopwatch

SEED = int(os.environ.get("VAULT_ORACLE_SEED", "1"))
SHARE = 10 if SOAK else 1  # ten thousand answers, or one


class Home:
    """A vault with three devices, and the honest answers about it."""

    def __init__(self):
        self.vault = vault = Vault("anna", b"correct horse battery staple")
        vault.join("b")
        vault.join("c")
        for n in range(3):
            for name in "abc":
                others = [other for other in "abc" if other != name]
                vault.put(name, f"item/{name}/{n}", b"value", seen=vault.seen(*others))
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
        found = [d + u64(len(chain)) + sha256(chain[-1]) for d, chain in sorted(chains.items()) if chain]
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
            return Said(page(chains.get(bytes.fromhex(path[10:]), [])[at:]))
        return refusal(503, "E_BUSY")


# -- Ways to change bytes, of which the server alone is capable


def flip(dice, data):
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1:]


def scatter(dice, data):
    for _ in range(dice.randrange(2, 9)):
        data = flip(dice, data)
    return data


def overwrite(dice, data):
    at, size = dice.randrange(len(data)), dice.choice([1, 2, 4, 8, 16, 32])
    filler = dice.choice([bytes(size), b"\xff" * size, dice.randbytes(size)])
    return (data[:at] + filler)[:len(data)] + data[at + size:]


def cut(dice, data):
    return data[:dice.randrange(len(data))]


def extend(dice, data):
    return data + dice.randbytes(dice.randrange(1, 64))


def drop(dice, data):
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice([1, 4, 16, 32]):]


def noise(dice, data):
    return dice.randbytes(len(data))


def number(dice, data):
    """A number somewhere becomes one beside it, or the greatest."""
    at, width = dice.randrange(max(1, len(data) - 8)), dice.choice([1, 2, 4, 8])
    old = int.from_bytes(data[at:at + width], "big")
    new = dice.choice([old + 1, old - 1, 0, (1 << 8 * width) - 1, 1 << (8 * width - 1)]) % (1 << 8 * width)
    return data[:at] + new.to_bytes(width, "big") + data[at + width:]


CHANGES = [flip, flip, flip, scatter, overwrite, cut, extend, drop, noise, number]
KINDS = ["E_AUTH", "E_TAMPER", "E_ROLLBACK", "E_FORK", "E_GAP", "E_DOWNGRADE", "E_LIMIT", "E_KEYSTATE", "E_NONE", "E_USAGE"]


def changed(dice, data):
    while True:
        new = dice.choice(CHANGES)(dice, data)
        if new != data:
            return new


def said_otherwise(dice, body):
    """An answer that is no plain 200 with a body."""
    kinds = [
        lambda: refusal(dice.choice([400, 401, 403, 404, 409, 413, 429, 500, 503, 507]), dice.choice(KINDS), body),
        lambda: Said(body, dice.choice([201, 204, 206, 302, 304, 418, 599])),
        lambda: Said(raw=b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body),
        lambda: Said(raw=dice.randbytes(dice.randrange(1, 200)) + b"\r\n\r\n\r\n"),
        lambda: Said(raw=b"HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n" + body),
        lambda: Said(raw=b"HTTP/1.1 200 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + body),
    ]
    return dice.choice(kinds)()


# -- A join


class Joins:
    """A daemon without a vault that is asked to join again and again."""

    def __init__(self, world, home, password=None):
        self.home, self.lie = home, None
        self.server = Scripted(lambda asked: self.lie(asked.method, asked.target))
        self.device = world.device("device")
        self.rpc = self.device.rpc()
        self.password = (password or b"correct horse battery staple").decode()
        self.kinds, self.tried = Counter(), 0

    def foretold(self, lie, more=()):
        """What a join sends, and whether nothing stops it; `more` are hashes of objects that are good, too."""
        client = PublicClient(self.server.port, self.home.vault.account, self.password.encode(),
                              self.home.genuine | set(more), self.home.terms)
        return client.join(lie)

    def join(self, lie):
        """One try with answers by lie(method, target); its error, and what was sent."""
        self.lie, self.tried = lie, self.tried + 1
        self.server.take()
        try:
            self.rpc.call("vault.join", server=self.server.url, account=self.home.vault.account, password=self.password,
                          device_name="device")
        except RpcRefused as refused:
            self.kinds[refused.kind] += 1
            return refused.kind, [asked.raw for asked in self.server.take()]
        raise AssertionError("it joined")

    def refused(self, what, lie, more=()):
        """A join is refused, and sends what was foretold. Passes over a change that changes nothing."""
        foretold, complete = self.foretold(lie, more)
        if not complete or more:
            kind, sent = self.join(lie)
            assert sent == foretold, explain(what, kind, sent, foretold)

    def report(self, what, watch):
        rate = self.tried / watch.seconds
        print(f"{what}: {self.tried} answers, {rate:.0f} a second; "
              + ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items(), key=str)))
        assert self.device.status()["vault"]["state"] == "absent"


def explain(what, kind, sent, foretold):
    same = next((i for i, (a, b) in enumerate(zip(sent, foretold)) if a != b), min(len(sent), len(foretold)))
    return f"{what} ({kind}): request {same} of {len(sent)}, {len(foretold)} foretold:\n  sent " + repr(
        sent[same:same + 2])[:600] + "\n  foretold " + repr(foretold[same:same + 2])[:600]


def in_place_of(home, place, said, **honest):
    """Honest answers but for the first one to `place`."""

    def lie(method, target):
        return said if target.startswith(place) else home.answer(method, target, **honest)

    return lie


def answers_changed(world, place, count, honest, then=None):
    dice, home = random.Random(f"{SEED} {place}"), Home()
    joins, watch = Joins(world, home), Stopwatch()
    body = honest(home)
    for n in range(count * SHARE):
        said = Said(changed(dice, body)) if dice.random() < 0.85 else said_otherwise(dice, body)
        joins.refused(f"{place} {n}", in_place_of(home, place, said, **(then or {})))
    joins.report(place, watch)


@test
def a_changed_prelogin_tells_nothing(world):
    answers_changed(world, "/v1/prelogin", 120, lambda home: home.prelogin())


@test
def a_changed_session_tells_nothing(world):
    noise_then = dict(rings=[bytes(1000)])  # any 48 bytes are a session: what fails comes after
    answers_changed(world, "/v1/session", 60, lambda home: home.session, noise_then)


@test
def changed_heads_tell_nothing(world):
    answers_changed(world, "/v1/heads", 120, lambda home: home.heads(home.rings, home.chains))


@test
def a_changed_page_of_keyrings_tells_nothing(world):
    answers_changed(world, "/v1/keyring", 70, lambda home: home.answer("GET", "/v1/keyring?from=1").body)


@test
def a_changed_keyring_whose_hash_is_put_right_tells_nothing(world):
    dice, home = random.Random(f"{SEED} keyring"), Home()
    joins, watch = Joins(world, home), Stopwatch()
    for n in range(250 * SHARE):
        rings = list(home.rings)
        which = dice.randrange(len(rings))
        rings[which] = changed(dice, rings[which])
        joins.refused(f"keyring {n}", lambda m, t, r=rings: home.answer(m, t, rings=r))
    joins.report("keyring, hashes put right", watch)


@test
def a_changed_commit_whose_hash_is_put_right_tells_nothing(world):
    dice, home = random.Random(f"{SEED} chain"), Home()
    joins, watch = Joins(world, home), Stopwatch()
    for n in range(40 * SHARE):
        device = dice.choice(list(home.chains))
        chain = list(home.chains[device])
        which = dice.randrange(len(chain))
        chain[which] = changed(dice, chain[which])
        joins.refused(f"chain {n}", lambda m, t, c=home.chains | {device: chain}: home.answer(m, t, chains=c))
    joins.report("chain, hashes put right", watch)


# -- A member's lies: sealed and signed with a device's own keys


def frames(dice, framed):
    """A frame that is none."""
    yield "a length above it", u32(len(framed)) + framed[4:]
    yield "a length below it", u32(3) + framed[4:]
    yield "dirt in the padding", framed[:-1] + b"\1"
    yield "one more block", framed + bytes(16)
    yield "one byte", b"x"
    yield "noise", dice.randbytes(256)
    yield "zeros", bytes(256)


def commits(dice, vault, name):
    """Commits that device `name` may sign next and that are not good, with what is wrong."""
    device, other = vault.devices[name], vault.devices["a" if name != "a" else "b"]
    good = data_body([vault.record(name, "item", b"value")[1]])
    head = [(other.id, len(other.chain), sha256(other.chain[-1]))]
    for what, framed in frames(dice, frame(u16(0) + good)):
        yield what, dict(framed=framed), DATA, b""
    for _ in range(6):
        yield "its content changed", dict(framed=frame(changed(dice, u16(0) + good))), DATA, b""
    yield "names what nobody wrote", dict(seen=[(other.id, 1000, bytes(32))]), DATA, good
    yield "names another hash", dict(seen=[(other.id, 2, bytes(32))]), DATA, good
    yield "names a device that is not there", dict(seen=[(bytes(16), 1, bytes(32))]), DATA, good
    yield "names itself", dict(seen=[(device.id, 1, sha256(device.chain[0]))]), DATA, good
    yield "a keyring above", dict(version=9), DATA, good
    yield "another hash of a keyring", dict(version_hash=bytes(32)), DATA, good
    yield "an older keyring", dict(version=1, version_hash=vault.rings[0].hash()) if name != "a" else dict(version=0), DATA, good
    yield "a counter that went back", dict(ctr=0), DATA, good
    yield "a counter at the end", dict(ctr=(1 << 48)), DATA, good
    yield "another epoch", dict(epoch=7), DATA, good
    yield "another key", dict(key=bytes(32)), DATA, good
    yield "a kind that is none", dict(kind=9), DATA, good
    yield "a suite that is none", dict(suite=3), DATA, good
    yield "an ack with a body", dict(seen=head), ACK, b"x"
    yield "a checkpoint that leaves out a chain", dict(), CHECKPOINT, b""
    yield "a base beyond itself", dict(seen=head), BASE, u64(100) + bytes(32)
    yield "no records", dict(), DATA, u32(0)
    yield "a thousand and one records", dict(), DATA, u32(1001) + good[4:]


MALFORMED = {"a kind that is none", "a suite that is none", "a counter at the end"}


@test
def what_a_member_signed_and_is_not_good_tells_nothing(world):
    dice, home = random.Random(f"{SEED} member"), Home()
    joins, watch, reasons = Joins(world, home), Stopwatch(), set()
    for n in range(3 * SHARE):
        name = dice.choice("abc")
        device, kept = home.vault.devices[name], None
        for what, header, kind, body in list(commits(dice, home.vault, name)):
            kept = list(device.chain), device.ctr
            framed, seen, key = (header.pop(part, None) for part in ("framed", "seen", "key"))
            raw = home.vault.commit(name, header.pop("kind", kind), body, seen or (), key, framed, **header)
            device.chain, device.ctr = kept
            chains = home.chains | {device.id: [*home.chains[device.id], raw]}
            # A header that is none is seen at once. Else all chains are fetched before any commit is opened.
            good = () if what in MALFORMED else (sha256(raw),)
            joins.refused(f"a member: {what}", lambda m, t, c=chains: home.answer(m, t, chains=c), good)
            reasons.add(what)
    joins.report(f"a member, {len(reasons)} ways", watch)
    assert len(joins.kinds) >= 4, "ways that fail for different reasons, else this shows nothing"


# -- Rounds of a device that has the vault


class Rounds:
    """A phone whose server is honest, behind a proxy that is not: a laptop has written what the phone never gets to see,
    and the phone has a commit that it wants to send."""

    def __init__(self, world):
        self.world, self.lie, self.asked, self.kinds, self.tried = world, None, [], Counter(), 0
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
        self.lie, self.asked, self.tried = lie, [], self.tried + 1
        kind = self.sync_as_it_is()
        self.kinds[kind] += 1
        return kind, rounds_of(self.asked)

    def sync_as_it_is(self):
        try:
            self.rpc.call("sync.now")
        except RpcRefused as refused:
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
        print(f"{what}: {self.tried} answers, {self.tried / watch.seconds:.0f} a second; "
              + ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items(), key=str)))


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


def with_head(heads, device, commit):
    """The heads with the hash of that chain's put right."""
    at = heads.index(device, 38) + 24
    return heads[:at] + sha256(commit) + heads[at + 32:]


def is_page_of(exchange, device):
    return exchange.method == "GET" and exchange.target.startswith(f"/v1/chain/{device.hex()}?")


@test
def a_round_with_a_changed_commit_is_like_any_other_that_fails(world):
    dice, scene = random.Random(f"{SEED} round"), Rounds(world)
    served = {}

    def lie_of(change):
        def lie(exchange):
            if is_page_of(exchange, scene.writer):
                served["page"] = decode(exchange.answer)
                exchange.answer = encode(change(served["page"]))
            if exchange.target == "/v1/heads" and "page" in served:
                exchange.answer = with_head(exchange.answer, scene.writer, change(served["page"])[-1])

        return lie

    noise = [dice.randbytes(536) for _ in range(3)]
    scene.begin(lie_of(lambda _: noise))
    _, reference = scene.sync(lie_of(lambda _: noise))
    assert [one[0] for one in reference[-1]] == ["GET", "GET"], reference
    watch = Stopwatch()
    for n in range(180 * SHARE):
        which, change = dice.randrange(3), random.Random(dice.random())
        new = changed(change, served["page"][which])
        kind, rounds = scene.sync(lie_of(lambda page: page[:which] + [new] + page[which + 1:]))
        assert kind is not None and rounds, n
        assert all(one == reference[-1] for one in rounds), (n, kind, rounds, reference[-1])
    scene.report("rounds with a changed commit", watch)
    scene.heals(set())


def conflict_with(exchange, commit):
    seq = struct.unpack_from(">Q", commit, 60)[0] if len(commit) > 68 else 1
    said(exchange, 409, "E_CONFLICT", u64(seq) + var32(commit))


def said(exchange, status, kind, body):
    exchange.status, exchange.answer = status, body
    exchange.head = f"HTTP/1.1 {status} X\r\n".encode() + (f"Vaultd-Error: {kind}\r\n".encode() if kind else b"") + b"\r\n"


def push_lies(dice):
    """What a server may answer to a push, each as a function of the exchange."""
    head = lambda: u64(dice.choice([0, 1])) + dice.randbytes(32)  # below what was pushed
    yield from (
        lambda x: conflict_with(x, changed(dice, decode(x.body)[0])),
        lambda x: conflict_with(x, dice.randbytes(600)),
        lambda x: said(x, 200, None, dice.randbytes(dice.choice([0, 1, 39, 41, 100]))),
        lambda x: said(x, 200, None, head()),
        lambda x: said(x, dice.choice([400, 403, 404, 409, 413, 423, 429, 500, 503, 507]), dice.choice(KINDS), dice.randbytes(40)),
        lambda x: said(x, dice.choice([201, 302, 418]), None, head()),
    )


@test
def whatever_a_push_is_answered_the_same_bytes_are_sent_again(world):
    dice, scene = random.Random(f"{SEED} push"), Rounds(world)
    lies = list(push_lies(dice))

    def lie_of(number):
        chosen = lies[number % len(lies)]
        return lambda x: chosen(x) if x.method == "POST" and x.target.startswith("/v1/chain/") else None

    scene.begin(lie_of(1))
    _, reference = scene.sync(lie_of(1))
    assert [one[0] for one in reference[-1]] == ["GET", "POST"], reference
    watch = Stopwatch()
    for n in range(90 * SHARE):
        kind, rounds = scene.sync(lie_of(n))
        assert kind is not None and rounds, n
        assert all(one == reference[-1] for one in rounds), (n, kind, rounds, reference[-1])
    scene.report("pushes", watch)
    assert len(scene.kinds) >= 4, "answers that fail for different reasons, else this shows nothing"
    scene.heals({reference[-1][1][3]})


if __name__ == "__main__":
    main()

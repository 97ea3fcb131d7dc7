#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""After a failed verification, what is sent does not depend on why it failed. Answers are changed in thousands of ways, each
sealed, signed and hashed anew as far as its author could; every byte that a daemon sends, and their order, is what somebody
foretold who knows no key."""

import os
import random
import struct

import near  # noqa: F401
from changes import changed
from joins import Home, Joins
from rounds import Rounds, bytes_of, is_page_of, with_head
from scripted import Said, refusal

from harness import SOAK, main, test
from pages import decode, encode
from vaultformat.commit import ACK, BASE, CHECKPOINT, DATA, data_body
from vaultformat.cursor import u16, u32, u64, var32
from vaultformat.primitives import sha256
from vaultformat.seal import frame
from waiting import Stopwatch

CLAIMS = "7 A01"

SEED = int(os.environ.get("VAULT_ORACLE_SEED", "1"))
SHARE = 10 if SOAK else 1  # ten thousand answers, or one


KINDS = ["E_AUTH", "E_TAMPER", "E_ROLLBACK", "E_FORK", "E_GAP", "E_DOWNGRADE", "E_LIMIT", "E_KEYSTATE", "E_USAGE",
         "E_LOCKED", "E_STORAGE", "E_NONE", ""]


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
    joins.report(f"answers to {place}", watch)


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
    joins.report("keyrings, hashes put right", watch)


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
    joins.report("commits, hashes put right", watch)


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
    if name != "a":  # which the first one enrolled
        yield "an older keyring", dict(version=1, version_hash=vault.rings[0].hash()), DATA, good
    yield "a keyring of number zero", dict(version=0), DATA, good
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


MALFORMED = {"a kind that is none", "a suite that is none", "a counter at the end", "a keyring of number zero"}


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
    joins.report(f"what a member signed, for {len(reasons)} reasons", watch)
    assert len(joins.kinds) >= 4, "ways that fail for different reasons, else this shows nothing"


# -- A round


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
        scene.kinds.compared += bytes_of(rounds)
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


@test(proves="A02")
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
        scene.kinds.compared += bytes_of(rounds)
    scene.report("answers to pushes", watch)
    assert len(scene.kinds) >= 4, "answers that fail for different reasons, else this shows nothing"
    scene.heals({reference[-1][1][3]})


if __name__ == "__main__":
    main()

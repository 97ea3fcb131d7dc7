#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A device that finds other commits of its own than it wrote was cloned, and stops for good. A server must not be able
to make it believe so with commits that the device did write."""

import near  # noqa: F401
from harness import main, test
from pages import CHAIN, decode, encode, with_head

CLAIMS = "4 A02"


def conflict(exchange, seq, commit):
    """The answer becomes 409: at that seq this is stored."""
    exchange.status = 409
    exchange.head = b"HTTP/1.1 409 Conflict\r\nVaultd-Error: E_CONFLICT\r\n\r\n"
    exchange.answer = seq.to_bytes(8, "big") + len(commit).to_bytes(4, "big") + commit


def scene(world):
    """A laptop whose commits the proxy knows, with one more to send."""
    sent = []

    def remember(exchange):
        if exchange.method == "POST" and exchange.target.startswith("/v1/chain/") and exchange.answer is None:
            sent.extend(decode(exchange.body))

    world.start_server(proxied=True)
    world.proxy.rule = remember
    laptop = world.device("laptop")
    laptop.create()
    for n in range(3):
        laptop.put("note", b"%d" % n)
        laptop.sync()
    return laptop, sent


def is_no_clone(world, laptop, lie):
    told = []

    def rule(exchange):
        if exchange.answer is not None and lie(exchange):
            told.append(exchange.target)

    world.proxy.rule = rule
    laptop.put("note", b"and this")
    laptop.fails(11, "sync")
    assert told, "the lie was never told"
    status = laptop.status()
    assert status["trust"]["state"] != "distrusted", status["trust"]
    laptop.put("more", b"writes go on")
    world.proxy.rule = None
    laptop.sync()
    assert laptop.status()["sync"]["pending"] == 0, "the next honest answer heals"


@test
def a_push_that_is_refused_with_an_older_commit_of_ones_own_is_a_lie(world):
    laptop, sent = scene(world)

    def lie(exchange):
        if exchange.method == "POST" and exchange.target.startswith("/v1/chain/"):
            seq = int.from_bytes(decode(exchange.body)[0][60:68], "big")
            conflict(exchange, seq, sent[1])
            return True

    is_no_clone(world, laptop, lie)


@test
def a_push_that_is_refused_with_the_very_commit_that_was_pushed_is_a_lie(world):
    laptop, _ = scene(world)

    def lie(exchange):
        if exchange.method == "POST" and exchange.target.startswith("/v1/chain/"):
            commit = decode(exchange.body)[0]
            conflict(exchange, int.from_bytes(commit[60:68], "big"), commit)
            return True

    is_no_clone(world, laptop, lie)


@test
def heads_that_name_another_hash_and_pages_that_do_not_have_it_are_a_lie(world):
    laptop, sent = scene(world)
    own = laptop.status()["device"]["id"]

    def with_page(commit):
        def lie(exchange):
            if exchange.method == "GET" and exchange.target == "/v1/heads" and exchange.status == 200:
                exchange.answer = with_head(exchange.answer, bytes.fromhex(own), lambda head: head[:8] + bytes(32))
            if exchange.method == "GET" and CHAIN.match(exchange.target):
                exchange.answer = encode([commit])
                return True

        return lie

    for commit in (sent[-1], sent[0]):
        is_no_clone(world, laptop, with_page(commit))


@test
def a_server_that_refuses_a_key_and_takes_it_again_is_synced_with_again(world):
    laptop, _ = scene(world)

    def refuse(exchange):
        if exchange.method == "POST" and exchange.target.startswith("/v1/chain/") and exchange.answer is not None:
            exchange.status, exchange.answer = 401, b""
            exchange.head = b"HTTP/1.1 401 Unauthorized\r\nVaultd-Error: E_AUTH\r\n\r\n"

    world.proxy.rule = refuse
    laptop.put("note", b"refused for a while")
    laptop.fails(5, "sync")
    assert laptop.status()["identity"]["reason"] == "refused", "perhaps a clone has rolled: the next unlock would ask"
    world.proxy.rule = None
    laptop.sync()
    status = laptop.status()
    assert status["sync"]["pending"] == 0 and status["identity"]["state"] == "sound", status
    assert status["identity"]["former"] == [], "the same device as before"


@test
def a_session_that_never_was_keeps_nobody_from_the_next_one(world):
    laptop, _ = scene(world)
    lies = []

    def lie(exchange):
        if exchange.target == "/v1/session" and exchange.answer is not None and not lies:
            lies.append(exchange.answer)
            exchange.answer = bytes(16) + exchange.answer[16:]

    world.server.stop()
    world.server.start("--origin", world.proxy.url)  # it knows no session
    world.proxy.upstream = world.server.port
    world.proxy.rule = lie
    laptop.ctl("sync")
    world.proxy.rule = None
    assert len(lies) == 1
    laptop.put("note", b"after the lie")
    laptop.sync()
    status = laptop.status()
    assert status["sync"]["pending"] == 0 and status["identity"]["state"] == "sound", status


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every verb of vaultctl, one after the other on one device, while its server hangs, drags on, answers noise, nothing or false
success, from the first request of the verb on or from a later one. Each verb ends in its time, with one clear line when it did
not work; a lock always works; and when the server is honest again, one password opens and nothing that was answered is lost."""

import os
import threading
import time


import near  # noqa: F401
from harness import SOAK, main, test
from vaultformat.primitives import sha256
from waiting import Stopwatch, wait_until

CLAIMS = "A15"

SHORT = "request.seconds=1,person.seconds=2,round.seconds=3,unlock.seconds=1"  # instead of 30, 60, 120 and 20
BUSY = 12  # seconds more on a machine that does other things
OLD, NEW = "пароль till now", "ein neues Paßwort"
# Seconds that each verb may take with these: those that ask no server, those that ask once, those that change the keyring.
AT_ONCE, ROUND, CHANGE = 0, 4, 12
LARGE = bytes(range(256)) * 4096  # a MiB, so a value with a chunk of its own


class Lies:
    def __init__(self, world):
        self.over, self.honest, self.left, self.told, self.kind = threading.Event(), True, 0, 0, None
        world.proxy.rule = self.rule

    def begin(self, kind, after):
        self.kind, self.left, self.told, self.honest = kind, after, 0, False
        self.over.clear()

    def end(self):
        self.honest = True
        self.over.set()

    def rule(self, exchange):
        if self.honest or exchange.target.startswith("/v1/watch"):
            return
        if exchange.answer is None:
            self.left -= 1
            if self.left >= 0:
                return
            exchange.rule = "lie"
        if exchange.rule == "lie":
            self.told += 1
            getattr(self, self.kind)(exchange)

    def hangs(self, exchange):
        self.over.wait(60)

    def drags_on(self, exchange):
        if exchange.answer is not None:
            time.sleep(0.6)  # what this server is: late, and never too late

    @staticmethod
    def noise(exchange):
        exchange.answer = os.urandom(300)

    @staticmethod
    def nothing(exchange):
        exchange.answer = b""

    @staticmethod
    def false_success(exchange):
        """What changes something is taken, in word only."""
        if exchange.answer is not None or exchange.method not in ("PUT", "POST") or exchange.target in ("/v1/session", "/v1/prelogin"):
            return
        body = exchange.body
        exchange.answer = body[56:60] + sha256(body) if exchange.target == "/v1/keyring" else body[66:74] + sha256(body[6:])


VERBS = [
    ("status", AT_ONCE, ["status"], {}),
    ("ls", AT_ONCE, ["ls", "-l"], {}),
    ("get", AT_ONCE, ["get", "ключ"], {}),
    ("put", AT_ONCE, ["put", "été"], {"input": b"a small one"}),
    ("put a large one", AT_ONCE, ["put", "film"], {"input": LARGE}),
    ("get a large one of another device", 2 * ROUND, ["get", "their film"], {}),
    ("history", AT_ONCE, ["history", "ключ"], {}),
    ("rm", AT_ONCE, ["rm", "to be removed"], {}),
    ("conflicts", AT_ONCE, ["conflicts"], {}),
    ("device ls", AT_ONCE, ["device", "ls"], {}),
    ("sync", ROUND, ["sync", "--timeout", "3"], {}),
    ("verify", ROUND, ["verify"], {}),
    ("repair --dry-run", 2 * ROUND, ["repair", "--dry-run"], {}),
    ("recovery create", CHANGE, ["recovery", "create", "--text", "--yes"], {"password": "{now}"}),
    ("device rename", CHANGE, ["device", "rename", "phone", "телефон"], {"password": "{now}"}),
    ("passwd", CHANGE, ["passwd"], {"password": "{now}\n{next}"}),
    ("repair", 3 * ROUND, ["repair"], {}),
    ("lock", AT_ONCE, ["lock"], {}),
    ("unlock", 2 * ROUND, ["unlock"], {"password": "{now}"}),
]


class Scene:
    def __init__(self, world):
        self.world, self.passwords = world, [OLD, NEW]
        world.password = OLD
        world.start_server(proxied=True)
        self.laptop, self.phone = world.pair()
        self.laptop.put("ключ", b"of the laptop")
        self.laptop.put("their film", LARGE)
        self.laptop.sync()
        self.phone.put("to be removed", b"soon")
        self.phone.sync()
        self.phone.stop()
        self.phone.start(VAULT_AMOUNT=SHORT)
        self.phone.unlock()
        self.lies = Lies(world)

    def says(self, words, more):
        filled = dict(more)
        if "password" in filled:
            filled["password"] = filled["password"].format(now=self.passwords[0], next=self.passwords[1])
        said = self.phone.ctl(*words, **filled)
        if said.code == 6 and "password" in filled:  # a change that was not told has been made
            self.passwords.reverse()
            return self.says(words, more)
        if words == ["passwd"] and said.code == 0:
            self.passwords.reverse()
        return said

    def verb(self, name, most, words, more):
        watch = Stopwatch()
        said = self.says(words, more)
        where = f"{name} while it {self.lies.kind.replace('_', ' ')}"
        assert said.code < 64, f"{where}: {said}"
        lines = 2 if name.startswith(("repair", "recovery create")) else 1  # what it is about to do; which sheet counts
        assert said.code == 0 or 1 <= said.err.count(b"\n") <= lines, f"{where}: {said}"
        assert watch.seconds < most + BUSY, f"{where} took {watch.seconds:.1f} s: {said}"
        return watch.seconds, said.code

    def locks(self):
        """In between, and when a verb has locked itself out: it works always."""
        watch = Stopwatch()
        self.phone.ok("lock")
        assert watch.seconds < BUSY
        self.opens()
        return watch.seconds

    def opens(self):
        for _ in range(4):
            said = self.phone.ctl("unlock", password=self.passwords[0])
            if said.code == 0:
                return
            self.passwords.reverse()
        raise AssertionError(f"no password opens: {said}")

    def all_is_well(self):
        """As a person does who reads what is said."""
        self.lies.end()
        said = []

        def is_well():
            said.append(self.phone.ctl("sync"))
            if said[-1].code in (5, 6):
                self.opens()
            if said[-1].code == 11:
                self.phone.ctl("repair")
            return said[-1].code == 0

        wait_until(lambda: is_well() and self.phone.status()["sync"]["pending"] == 0, "all is well", 60)
        assert self.phone.get("ключ") == b"of the laptop" and self.phone.get("their film") == LARGE


def round_of_all_verbs(world, kind, after):
    scene, slowest = Scene(world), {}
    for name, most, words, more in VERBS:
        scene.lies.begin(kind, after)
        seconds, code = scene.verb(name, most, words, more)
        slowest[name] = (round(seconds, 1), code)
        if name == "put" and code == 0:
            scene.written = True
    slowest["lock, again"] = (round(scene.locks(), 1), 0)
    scene.all_is_well()
    assert scene.phone.get("été") == b"a small one" and scene.phone.get("film") == LARGE
    scene.laptop.ctl("sync")
    print(f"{kind}, from request {after + 1} on: {slowest}")


def test_of(kind, after):
    @test
    def every_verb(world):
        round_of_all_verbs(world, kind, after)

    every_verb.__name__ = f"every_verb_ends_while_its_server_{kind}_from_request_{after + 1}_of_it_on"


for one in ("hangs", "drags_on", "noise", "nothing", "false_success"):
    for later in range(12) if SOAK else (0, 3):
        test_of(one, later)


if __name__ == "__main__":
    main()

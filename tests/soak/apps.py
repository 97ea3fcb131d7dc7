# SPDX-License-Identifier: Apache-2.0
"""The local programs of a soak: each a thread with connections of its own, names that nobody else writes, and a memory
of every write that was answered. What it reads it checks against that memory at once."""

import base64
import contextlib
import hashlib
import random
import threading
import time
import traceback
from collections import defaultdict
from dataclasses import dataclass, field

from names import like_peoples
from rpc import Refused, value_of

OWN_NAMES, SHARED_NAMES = 12, 10  # what is live stays bounded: memory must be flat when history is counted off
STEPS_A_SECOND = 2
KINDS = {"put": 30, "get": 25, "list": 10, "history": 8, "put_many": 3, "remove": 4, "put shared": 8}
GONE = None  # the digest of what was removed


def digest(value):
    return hashlib.sha256(value).digest()


@dataclass
class Written:
    """What one name has been given, by its only writer."""

    answered: list = field(default_factory=list)  # (version, digest), in the order of the answers
    unanswered: list = field(default_factory=list)  # digests since the last answer: each may be there or not

    @property
    def last(self):
        return self.answered[-1][1] if self.answered else GONE

    def may_be(self, found):
        return found == self.last or found in self.unanswered


class Log:
    """What all of them share: how long each call took, and what should not have happened."""

    def __init__(self):
        self.began = time.monotonic()
        self.took, self.troubles = defaultdict(list), []
        self.excuses = []  # (when, device, what): a lock or a restart must explain each
        self.syncs = set()  # (device, time of a sync that succeeded)

    def now(self):
        return time.monotonic() - self.began

    def trouble(self, who, what):
        self.troubles.append(f"{self.now():.0f} s, {who}: {what}")


class App(threading.Thread):
    def __init__(self, device, number, log, over, seed):
        super().__init__(name=f"{device.name}/{number}", daemon=True)
        self.device, self.log, self.over, self.chance = device, log, over, random.Random(seed)
        self.prefix = f"app/{self.name}/"
        self.own = {like_peoples(n + number, self.prefix): Written() for n in range(OWN_NAMES)}
        self.shared = []  # (name, version, digest): others write these names, too
        self.rpc, self.reconnects = None, 2 <= number <= 4
        self.step = {0: self.look, 1: self.read_slowly}.get(number, self.work)

    @property
    def versions(self):
        return sum(len(written.answered) for written in self.own.values()) + len(self.shared)

    def run(self):
        while not self.over.wait(self.chance.uniform(0, 2 / STEPS_A_SECOND)):
            try:
                self.rpc = self.rpc or self.device.rpc()
                self.step()
                if self.reconnects:
                    self.hang_up()
            except Refused as refused:
                if refused.kind != "E_LOCKED":
                    self.log.trouble(self.name, refused)
                self.log.excuses.append((self.log.now(), self.device.name, "locked"))
            except (OSError, EOFError) as error:
                self.hang_up()
                self.log.excuses.append((self.log.now(), self.device.name, repr(error)))
            except Exception:
                self.hang_up()
                self.log.trouble(self.name, traceback.format_exc(limit=-3))
        self.hang_up()

    def hang_up(self):
        if self.rpc:
            self.rpc.socket.close()
        self.rpc = None

    def call(self, kind, method, **params):
        began = time.perf_counter()
        result = self.rpc.call(method, **params)
        self.log.took[kind].append(time.perf_counter() - began)
        return result

    def work(self):
        kind = self.chance.choices(list(KINDS), KINDS.values())[0]
        getattr(self, kind.replace(" ", "_"))()

    def value(self):
        """Mostly small, now and then up to 60 KiB, different each time."""
        size = int(10 ** self.chance.uniform(1, 3.3 if self.chance.random() < 0.95 else 4.78))
        return self.chance.randbytes(size)

    @contextlib.contextmanager
    def writing(self, values):
        """Remembers the values as written, by name, once `answer` has been called with their versions."""
        for name, value in values.items():
            self.own[name].unanswered.append(value)

        def answer(versions):
            for (name, value), version in zip(values.items(), versions, strict=True):
                self.own[name].answered.append((version, value))
                self.own[name].unanswered.clear()

        yield answer

    def any_own(self):
        return self.chance.choice(list(self.own.items()))

    def put(self):
        (name, _), value = self.any_own(), self.value()
        with self.writing({name: digest(value)}) as answer:
            answer([self.call("put", "item.put", name=name, value_base64=text(value))["version"]])

    def put_many(self):
        values = {name: self.value() for name in self.chance.sample(sorted(self.own), 8)}
        items = [{"name": name, "value_base64": text(value)} for name, value in values.items()]
        with self.writing({name: digest(value) for name, value in values.items()}) as answer:
            answer(self.call("put_many", "item.put_many", items=items)["versions"])

    def remove(self):
        name, written = self.any_own()
        if written.last is GONE or written.unanswered:
            return
        with self.writing({name: GONE}) as answer:
            answer([self.call("remove", "item.remove", name=name)["version"]])

    def put_shared(self):
        name, value = like_peoples(self.chance.randrange(SHARED_NAMES)), self.value()
        version = self.call("put shared", "item.put", name=name, value_base64=text(value))["version"]
        self.shared.append((name, version, digest(value)))

    def get(self):
        name, written = self.any_own()
        try:
            found = digest(value_of(self.call("get", "item.get", name=name)))
        except Refused as refused:
            if refused.kind != "E_NOT_FOUND":
                raise
            found = GONE
        assert written.may_be(found), f"{name} is not what was written last"

    def list(self):
        began = time.perf_counter()
        found = {item["name"] for item in self.rpc.list(prefix=self.prefix)}
        self.log.took["list"].append(time.perf_counter() - began)
        sure = {name for name, written in self.own.items() if not written.unanswered}
        there = {name for name in sure if self.own[name].last is not GONE}
        assert found & sure == there, f"{self.prefix} lists {sorted(found & sure ^ there)} wrongly"

    def history(self):
        name, written = self.any_own()
        if written.answered:
            missing = missing_from(self.call("history", "item.history", name=name)["versions"], written)
            assert not missing, f"the history of {name} is without {missing}"

    def look(self):
        status = self.call("status", "vault.status")
        self.log.syncs.add((self.device.name, status["sync"]["last_success"]))
        if status["trust"]["state"] == "distrusted":
            self.log.trouble(self.name, status["trust"])

    def read_slowly(self):
        """Asks for more than the daemon will hold for it, and reads it in small pieces over some seconds."""
        began = time.perf_counter()
        names = self.chance.choices(sorted(self.own), k=30)
        self.put()
        for name in names:
            self.rpc.send("item.get", {"name": name})
            self.rpc.send("item.list", {"prefix": "app/"})
        errors = []
        for _ in range(2 * len(names)):
            self.over.wait(self.chance.uniform(0, 0.2))
            errors.append(self.rpc.receive().get("error"))
        self.log.took["slow reader"].append(time.perf_counter() - began)
        for error in errors:
            if error and error["data"]["kind"] != "E_NOT_FOUND":
                raise Refused(error)


def text(value):
    return base64.b64encode(value).decode()


def missing_from(history, written):
    """The versions of a name that were answered and are not in its history, newest first, in that order."""
    newest_first = iter(version["version"] for version in history)
    return [version for version, _ in reversed(written.answered) if version not in newest_first]

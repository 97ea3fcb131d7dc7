# SPDX-License-Identifier: Apache-2.0
"""Puts under way on a device that may die at any moment, and what of them must be there afterwards."""

from collections import Counter, defaultdict

from names import like_peoples

UNDER_WAY = 16  # so that one commit to the disk holds several
NAMES = 200  # more than are under way: a name has one write at a time


class Ledger:
    """What was written through one device: a put that was answered is there, one that was not may be."""

    def __init__(self):
        self.may_be = defaultdict(lambda: [None])  # name → the values that it may have; None: it is not there
        self.versions = defaultdict(set)  # name → the versions that were answered
        self.by_branch = Counter()  # puts that were answered, in each life of the device

    @property
    def puts(self):
        return self.by_branch.total()

    def asked(self, name, value):
        self.may_be[name].append(value)

    def answered(self, name, value, version, branch="-"):
        self.may_be[name] = [value]
        self.versions[name].add(version)
        self.by_branch[branch] += 1

    def check(self, name, found):
        """What is found after a restart stays so."""
        assert found in self.may_be[name], f"{name} is {found!r} and not one of {self.may_be[name]}"
        self.may_be[name] = [found]

    def uncertain(self):
        return [name for name, values in self.may_be.items() if len(values) > 1]


class Load:
    """Keeps so many puts under way over one connection, until the daemon is dead or has answered `most`."""

    def __init__(self, device, ledger, serials, most):
        self.ledger, self.serials, self.left = ledger, serials, most
        self.name, self.branch, self.rpc = device.name, device.branch, None
        self.asked, self.dead, self.touched, self.answers = {}, False, set(), 0
        try:
            self.rpc = device.rpc()
        except OSError:  # a point that it was started for has come early
            self.dead = True
            return
        for _ in range(UNDER_WAY):
            self.ask()

    def fileno(self):
        return self.rpc.socket.fileno()

    def ask(self):
        if self.left == 0:
            return
        self.left -= 1
        serial = next(self.serials)
        name, value = like_peoples(serial % NAMES, f"{self.name}/"), f"value {serial}"
        try:
            number = self.rpc.send("item.put", {"name": name, "value": value})
        except OSError:  # dead: what it answered can still be read
            self.left = 0
            return
        self.ledger.asked(name, value)
        self.touched.add(name)
        self.asked[number] = name, value

    @property
    def busy(self):
        return bool(self.asked) and not self.dead

    def take(self):
        """Waits for one answer and takes all that have come."""
        try:
            self.take_one()
            while b"\n" in self.rpc.buffer:
                self.take_one()
        except (EOFError, OSError):
            self.dead = True

    def take_one(self):
        answer = self.rpc.receive()
        name, value = self.asked.pop(answer["id"])
        self.ledger.answered(name, value, self.rpc.result(answer)["version"], self.branch)
        self.answers += 1
        self.ask()

    def drain(self):
        """Answers that were on their way when the daemon died count: somebody may have read them."""
        self.left = 0
        while self.busy:
            self.take()
        if self.rpc:
            self.rpc.socket.close()

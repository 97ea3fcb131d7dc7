# SPDX-License-Identifier: Apache-2.0
"""The fixture of a lie. Who decorates a function with @lie or @lie_at_join writes down only what the server does; what
must be true then is the same for every lie, and stands here.

The same devices first hear the truth: the tablet syncs what the phone is about to be lied to about, so that the lie is the
only difference. Then, for each answer of the phone's round in turn, noise in its place: what the phone sends then is what
it sends after a failure that says nothing. Then the lie, and all that it must not do. Then the truth again.
"""

import json
import os

import harness
from evil import EvilServer
from rpc import Refused
from tables import differences, kept
from traffic import check, first_line, normal, only_round

NEW = "new"
EXITS = {"E_AUTH": 6, "E_TAMPER": 11, "E_ROLLBACK": 11, "E_FORK": 11, "E_GAP": 11, "E_DOWNGRADE": 11, "E_LIMIT": 14,
         "E_LOCKED": 5, "E_OFFLINE": 10, "E_BUSY": 12, "E_DENIED": 9, "E_NOT_FOUND": 7, "E_CONFLICT": 8, "E_USAGE": 2}
STICKY = ("E_ROLLBACK", "E_FORK")
MARKERS = [b"kept/by-laptop", b"the laptop keeps this", b"news/laptop", b"the laptop's news", b"mine/unsent",
           b"the phone's own words", b"kept/by-phone"]


class Home:
    """A laptop, a phone, a tablet and Mallory, who is a member, in one vault; the phone is about to be lied to."""

    def __init__(self, world, program="vaultd_test"):
        self.world, self.program = world, program
        self.server = EvilServer(world)
        self.laptop, self.phone = world.pair(program)
        self.laptop.put("kept/early", b"on the first day")
        self.laptop.sync()
        self.phone.sync()
        self.server.remember(world.account, "yesterday")
        self.tablet = world.device("tablet", program)
        self.tablet.join()
        self.mallory = self.server.member_joins(world.account, world.password.encode(), "mallory")
        self.server.remember(world.account, "this morning")
        for device in (self.laptop, self.phone, self.tablet):
            device.put(f"kept/by-{device.name}", b"the %s keeps this" % device.name.encode())
        self.laptop.put("kept/doomed", b"to be removed")
        self.server.member_puts(world.account, "mallory", "kept/by-mallory", b"mallory keeps this")
        for device in (self.laptop, self.phone, self.tablet, self.laptop, self.phone):
            device.sync()
        self.ids = {d.name: bytes.fromhex(d.status()["device"]["id"]) for d in (self.laptop, self.phone, self.tablet)}
        self.ids["mallory"] = self.mallory

    def news(self):
        """What is written while the phone is shown the present; each names what the other wrote."""
        account = self.world.account
        for number in range(3):
            self.laptop.put(f"news/laptop/{number}", b"the laptop's news %d" % number)
            self.laptop.sync()
        self.oscar = self.server.member_joins(account, self.world.password.encode(), "oscar")
        self.ids["oscar"] = self.oscar
        self.server.member_puts(account, "mallory", "news/mallory", b"mallory's news")
        self.laptop.sync()
        self.laptop.put("news/laptop/last", b"the laptop has seen mallory's")
        self.laptop.sync()
        self.laptop.ok("rm", "kept/doomed")
        self.laptop.sync()
        self.server.member_acks(account, "mallory")
        self.laptop.stop()

    def another_vault(self, account):
        """The same person has a second one with the same password, on the same server."""
        second = self.world.device("second", self.program)
        words = second.enrolment("create")
        words[words.index(self.world.account)] = account
        second.ok(*words, password=self.world.password)
        for number in range(6):
            second.put(f"other/{number}", b"another vault's")
            second.sync()
        second.stop()

    def known_seq(self, whose):
        """The head of a chain, as the phone has verified it."""
        return next(d["seq"] for d in self.phone.status()["devices"] if d["id"] == self.ids[whose].hex())

    def everything_sent_is_of_the_protocol(self):
        password = self.world.password.encode()
        for request in self.server.since(0):
            check(request, self.server.url)
            for marker in (*MARKERS, password):
                assert marker not in request.raw, f"{marker} went out in {request.target}"


class Trial:
    """One lie told to one device, by pull or at a join."""

    def __init__(self, home, kind, device):
        self.home, self.server, self.kind, self.device = home, home.server, kind, device
        self.compared = self.rows = 0

    def tell(self, function, variants):
        """Each variant of the lie in turn: a refused one has left everything as it was."""
        for variant in variants:
            self.begin()
            prepare(self.home, function, variant)
            try:
                self.ladder()
            except AssertionError as why:
                raise AssertionError(f"told {variant}: {why}") from why

    def attempt(self, expected):
        """A try of the device, twice: refused with this class both times, and nothing of its own changed. What it sent."""
        mark, before = self.server.mark(), self.state()
        refused = self.refusal()
        assert refused.kind == expected, f"refused as {refused.kind}, not {expected}: {refused.message}"
        self.device.fails(EXITS[expected], *self.words(), **self.secrets())
        changed = list(differences(before, self.state()))
        assert not changed, f"a refused answer changed {changed[:5]}"
        self.rows = len(before)
        return self.sent(self.server.since(mark))

    def refusal(self):
        try:
            self.ask()
        except Refused as refused:
            return refused
        raise AssertionError("the lie was believed")

    def ladder(self):
        """Noise in the place of each answer, then the lie itself; what follows is the same."""
        references = [None]
        while True:
            self.server.noise_in_answer(len(references))
            if len(references) == 1:
                self.server.arm()
            sent = self.attempt_with_noise()
            if sent is None:
                break
            references.append(sent)
            assert len(references) < 40, "the device never ends its round"
        self.server.noise_in_answer(0)
        sent, same = self.attempt(self.kind), references[-1] or []
        assert sent == same, f"after the lie {list(map(first_line, sent))}, after noise {list(map(first_line, same))}"
        self.compared += sum(map(len, sent))

    def attempt_with_noise(self):
        """What was sent, or None when this round had no such answer: then it was the lie that ended it."""
        mark = self.server.mark()
        refused = self.refusal()
        if not self.server.noises():
            assert refused.kind == self.kind, f"refused as {refused.kind}, not {self.kind}: {refused.message}"
            return None
        assert refused.kind == "E_TAMPER", f"noise was refused as {refused.kind}"
        return self.sent(self.server.since(mark))


class PullTrial(Trial):
    def begin(self):
        """There is something to send, and while the server shows noise it cannot be."""
        if not self.device.status()["sync"]["pending"]:
            self.server.silence()
            self.device.put("mine/unsent", b"the phone's own words")

    def ask(self):
        with self.device.rpc() as rpc:
            rpc.call("sync.now")

    def words(self):
        return ("sync",)

    def secrets(self):
        return {}

    def state(self):
        """That a new identity may be needed is noted of a server that refuses the old one, and of no other."""
        return {where: value for where, value in kept(self.device).items()
                if self.kind != "E_LOCKED" or where != ("meta", b"roll")}

    def sent(self, requests):
        mine = [r for r in requests if r.signer == self.home.ids[self.device.name]]
        assert all(r.method == "GET" or r.target == "/v1/session" for r in mine), "something was uploaded"
        return only_round(mine)

    def run(self, heals, function, variants):
        values = self.device.values()
        self.tell(function, variants)
        self.still_serves(values)
        if self.kind in STICKY:
            self.remembers()
        self.server.honest()
        if heals:
            self.heals()
        else:
            self.stays()

    def still_serves(self, values):
        trust = self.device.status()["trust"]
        expected = ("distrusted", self.kind) if self.kind in STICKY else (trust["state"], None)
        assert (trust["state"], trust["reason"]) == expected, trust
        assert self.kind in STICKY or trust["state"] != "distrusted", trust
        self.device.put("mine/later", b"written under the lie")
        got = self.device.values()
        assert {name: got[name] for name in values} == values and got["mine/later"] == b"written under the lie"
        assert not any(name.startswith("news/") for name in got), "something of the refused answer is shown"

    def remembers(self):
        self.device.restart()
        assert self.device.status()["trust"]["reason"] == self.kind, "forgotten over a restart"
        self.device.unlock()
        self.device.fails(11, "sync")

    def heals(self):
        self.device.sync()
        assert self.device.status()["trust"]["state"] != "distrusted"
        self.home.tablet.sync()
        values = self.device.values()
        assert values == self.home.tablet.values() and values["mine/unsent"] == b"the phone's own words"
        assert values["news/laptop/last"] == b"the laptop has seen mallory's" and "kept/doomed" not in values

    def stays(self):
        mark = self.server.mark()
        self.device.fails(11, "sync")
        self.device.restart()
        self.device.unlock()
        self.device.fails(11, "sync")
        assert self.device.status()["trust"]["reason"] == self.kind, "an honest answer ended what only repair may"
        assert not any(r.method == "POST" and "chain" in r.target and r.signer == self.home.ids[self.device.name]
                       for r in self.server.since(mark)), "uploaded to a server that is distrusted"
        assert self.device.get("mine/unsent") == b"the phone's own words"


class PushTrial(PullTrial):
    """The lie is about what the device sends: it sends the same bytes again and again, and nothing else."""

    def sent(self, requests):
        mine = [r for r in requests if r.signer == self.home.ids[self.device.name]]
        return only_round(mine)

    def still_serves(self, values):
        trust = self.device.status()["trust"]
        assert trust["state"] != "distrusted" and trust["reason"] is None, trust
        assert self.device.status()["sync"]["pending"] > 0, "taken for acknowledged"
        self.device.put("mine/later", b"written under the lie")
        got = self.device.values()
        assert {name: got[name] for name in values} == values

    def heals(self):
        self.device.sync()
        self.home.tablet.sync()
        assert self.device.values() == self.home.tablet.values() and self.home.tablet.get("mine/later")
        assert self.device.status()["sync"]["pending"] == 0


class JoinTrial(Trial):
    def begin(self):
        """Nothing is there to be sent."""

    def ask(self):
        world = self.home.world
        with self.device.rpc() as rpc:
            rpc.call("vault.join", server=world.url, account=world.account, password=world.password,
                     device_name=self.device.name, **self.options)

    def words(self):
        return self.device.enrolment("join")

    def secrets(self):
        return {"password": self.home.world.password}

    def state(self):
        status = self.device.status()
        assert status["vault"]["state"] == "absent", f"a refused join left a vault: {status['vault']}"
        if not (self.device.vault_folder / "data.mdb").exists():
            return {}
        left = {where: value for where, value in kept(self.device).items() if where[0] != "meta"}
        assert not left, f"a refused join left {[name for name, _ in left]}"
        return left

    def sent(self, requests):
        """One join's requests; a second one sends the same."""
        mine = [r for r in requests if r.signer in (b"", bytes(16))]
        assert not any(r.method == "PUT" for r in mine), "enrolled itself in what it refused"
        starts = [at for at, r in enumerate(mine) if r.target == "/v1/prelogin"] + [len(mine)]
        tries = [[normal(r) for r in mine[begin:end]] for begin, end in zip(starts, starts[1:])]
        assert tries and all(one == tries[0] for one in tries), "the second join sent something else"
        return tries[0]

    def run(self, function, variants, **options):
        self.options = options
        self.tell(function, variants)
        self.device.fails((2, 7), "get", "kept/by-laptop")
        self.server.honest()
        self.device.join()
        self.home.tablet.sync()
        assert self.device.values() == self.home.tablet.values()
        assert self.device.status()["trust"]["state"] == "unconfirmed"


def prepare(home, function, variant):
    """Calls the function with what the variant adds: arguments, or one."""
    if variant is None:
        return function(home)
    return function(home, *(variant if isinstance(variant, tuple) else (variant,)))


def note(trial, function, row, published, variants):
    trial.home.everything_sent_is_of_the_protocol()
    path = os.environ.get("VAULT_HOSTILE_TABLE")
    if path:
        name = function.__name__.replace("_", " ") + (f" ({len(variants)} ways)" if len(variants) > 1 else "")
        with open(path, "a") as table:
            table.write(json.dumps({"row": row, "lie": name, "published": published, "class": trial.kind,
                                    "kept": trial.rows, "compared": trial.compared, "program": trial.home.program}) + "\n")


def register(function, run):
    run.__name__ = function.__name__
    harness.tests.append(run)
    return function


def lie(row, kind, published, heals=None, program="vaultd_test", each=(None,)):
    """The function prepares what the phone is told; the phone must refuse it as `kind`. `each` are further arguments of
    the function, told one after the other."""

    def decorate(function):
        def run(world):
            home = Home(world, program)
            home.server.freeze(world.account, home.ids["phone"])
            home.news()
            home.tablet.sync()
            assert home.tablet.get("news/laptop/last") == b"the laptop has seen mallory's", "the truth was refused"
            trial = PullTrial(home, kind, home.phone)
            trial.run(kind != "E_FORK" if heals is None else heals, function, each)
            note(trial, function, row, published, each)

        return register(function, run)

    return decorate


def lie_to_a_push(row, kind, published, program="vaultd_test", each=(None,)):
    """The function prepares what the phone is told of what it sends; it must refuse that as `kind`, and send it again."""

    def decorate(function):
        def run(world):
            home = Home(world, program)
            home.laptop.stop()
            home.server.freeze(world.account, home.ids["phone"])
            trial = PushTrial(home, kind, home.phone)
            trial.run(True, function, each)
            note(trial, function, row, published, each)

        return register(function, run)

    return decorate


def lie_at_join(row, kind, published, program="vaultd_test", each=(None,), **options):
    """The function prepares what a device is told that joins; it must refuse that as `kind`, and join the truth."""

    def decorate(function):
        def run(world):
            home = Home(world, program)
            home.news()
            home.server.freeze(world.account, NEW)
            home.phone.stop()
            trial = JoinTrial(home, kind, world.device("novice", program))
            trial.run(function, each, **options)
            note(trial, function, row, published, each)

        return register(function, run)

    return decorate

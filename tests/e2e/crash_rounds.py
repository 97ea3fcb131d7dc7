#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Daemons and servers that are killed, one or two at once, at any moment and at any point of their code, while two
devices write: whatever a daemon had answered is there when it comes back, and in the end everywhere; and no key has met
an IV twice in all of it; nor if the power is cut, and takes from the disks what was not synced, or if the random generator
repeats. `./run soak crash` does the same ten thousand times."""

import itertools
import os
import random
import select
import time
from collections import Counter
from dataclasses import dataclass

import near  # noqa: F401
from audit import Audit, sealings_of_export, show_row
from crash_load import Ledger, Load
from disk import Disk
from harness import READER, main, test
from power import cut
from rpc import Refused
from waiting import wait_until

CLAIMS = "1"

ROUNDS, FEWER, RELEASE_ROUNDS, AGREE_EVERY = 100, 25, 10, 25
MOST_PUTS = 80  # of a device in a round
POINT_SECONDS = 1.5  # after which a point that was not passed is given up

# The points that this load passes, and at which of their passes a program may die.
DAEMON_POINTS = {
    "write.sealed": 40, "write.before-commit": 12, "write.committed": 12, "crypto.commit-sealed": 40,
    "push.before-send": 4, "push.acknowledged": 4, "push.remembered": 4, "pull.keyrings-stored": 6,
    "pull.before-commit": 3, "pull.page-stored": 3, "verify.before-commit": 3, "verify.committed": 3,
    "pull.remembered": 3, "checkpoint.before-commit": 2,
}
DISK_POINTS = {"disk.write": 24, "disk.sync": 12, "disk.dsync": 12}  # of either, with `power`: of a release, too
SERVER_POINTS = {"append.checked": 4, "append.before-commit": 4, "append.stored": 4, "answer.sent": 12}
VICTIMS = [["laptop"], ["phone"], ["server"], ["laptop", "server"], ["phone", "server"], ["laptop", "phone"]]


@dataclass
class Plan:
    """Who dies next: name → (point, pass), or None for whoever dies at the moment when so many answers are there."""

    victims: dict
    answers: int
    pause: float


class Rounds:
    """With `power` who dies loses what was not synced; with `constant` the random generators repeat."""

    def __init__(self, world, seed, daemon="vaultd_test", server="vault-server_test", power=False, constant=False):
        self.world, self.seed, self.chance = world, seed, random.Random(seed)
        self.power, self.constant, self.pages_lost = power, constant, 0
        self.with_points = daemon == "vaultd_test"
        self.audit, self.exported = world.folder / "audit", Audit()
        self.hits, self.number, self.witnesses = Counter(), 0, itertools.count(1)
        self.armed = set()  # programs that run with a point to die at
        world.packs_often()
        self.server = world.start_server(program=server)
        if power:
            self.server.stop()
            self.server.env = {**self.server.env, **Disk(world, "server").power(self.server.data)}
            self.server.start()
        self.daemon = daemon
        laptop, phone = self.device("laptop"), self.device("phone")
        laptop.create()
        phone.join()
        self.devices = {"laptop": laptop, "phone": phone}
        self.programs = {"server": self.server, **self.devices}
        self.ledgers = {name: Ledger() for name in self.devices}
        self.serials = {name: itertools.count() for name in self.devices}
        self.plan = self.next_plan()
        self.prepare()

    def device(self, name):
        device = self.world.device(name, self.daemon, start=False)
        device.env["VAULT_AUDIT"] = str(self.audit)
        disk = Disk(self.world, name)
        if self.power:
            device.env |= disk.power(device.vault_folder)
        if self.constant:
            device.env |= disk.random(7)
        return device.start()

    def folder_of(self, program):
        return program.data if program is self.server else program.vault_folder

    def is_dead(self, program):
        """Its machine has lost its power, perhaps."""
        if self.power:
            self.pages_lost += cut(self.folder_of(program), self.chance if self.pages_lost else None)

    def next_plan(self):
        if self.power and not self.pages_lost:  # one cut that takes something, whatever the dice say
            return Plan({"laptop": ("disk.sync", self.chance.randint(1, DISK_POINTS["disk.sync"]))}, MOST_PUTS, 0)
        victims = {}
        for name in self.chance.choice(VICTIMS):
            points = self.points_of(name)
            at_point = points and self.chance.random() < 0.6
            point = self.chance.choice(sorted(points)) if at_point else None
            victims[name] = (point, self.chance.randint(1, points[point])) if at_point else None
        return Plan(victims, self.chance.randrange(MOST_PUTS), self.chance.uniform(0, 0.005))

    def points_of(self, name):
        points = dict(DISK_POINTS) if self.power else {}
        if self.with_points and (not points or self.chance.random() < 0.5):
            return SERVER_POINTS if name == "server" else DAEMON_POINTS
        return points

    def prepare(self):
        """Everything runs and is unlocked; who is to die at a point has been started for it."""
        for name, program in self.programs.items():
            point = self.plan.victims.get(name)
            if program.running and point is None and name not in self.armed:
                continue
            if name in self.armed:
                program.kill()
            elif program.running:
                program.stop()
            self.armed.discard(name)
            if point is None or not self.started_for(name, program, point):
                program.start()
                self.unlock(name)

    def started_for(self, name, program, point):
        """False if it died on the way already."""
        self.armed.add(name)
        where, passes = point
        if where in DISK_POINTS:
            program.launch(VAULT_DIE=f"{where.removeprefix('disk.')}:{passes}")
        else:
            program.launch(VAULT_FAULT=f"{where}:{passes}")
        wait_until(lambda: not program.running or program.is_up(), f"{program.name} is up or dead")
        try:
            self.unlock(name)
        except (OSError, EOFError):
            wait_until(lambda: not program.running, f"{program.name} is dead")
        return not self.died_at_point(name, program)

    def unlock(self, name):
        if name in self.devices:
            with self.devices[name].rpc() as rpc:
                rpc.call("vault.unlock", password=self.world.password)

    def died_at_point(self, name, program):
        if program.running:
            return False
        assert program.process.returncode == -9, f"{name} ended with {program.process.returncode}"
        point = self.plan.victims[name]
        assert point, f"{name} was killed by nobody"
        self.hits[point[0]] += 1
        self.is_dead(program)
        self.armed.discard(name)
        self.plan.victims[name] = None
        return True

    def one(self):
        self.number += 1
        loads = [Load(device, self.ledgers[name], self.serials[name], MOST_PUTS)
                 for name, device in self.devices.items()]
        self.write_until_the_moment(loads)
        time.sleep(self.plan.pause)  # the moment itself is what is random here
        for name in self.plan.victims:
            program = self.programs[name]
            if program.running:
                self.hits["a moment" if self.plan.victims[name] is None else "a point not passed"] += 1
                program.kill()
                self.is_dead(program)
            else:
                self.died_at_point(name, program)
        for load in loads:
            if load.name not in self.plan.victims:
                finish(load)
            load.drain()
        self.plan = self.next_plan()
        self.prepare()
        for load in loads:
            self.check(load.name, load.touched)

    def write_until_the_moment(self, loads):
        """Until enough was answered; who is to die at a point gets some time for it."""
        deadline = time.monotonic() + POINT_SECONDS
        while time.monotonic() < deadline:
            busy = [load for load in loads if load.busy]
            for load in select.select(busy, [], [], 0.005)[0]:
                load.take()
            waiting = [name for name, point in self.plan.victims.items() if point and self.programs[name].running]
            enough = not busy or sum(load.answers for load in loads) >= self.plan.answers
            if enough and not waiting:
                return

    def check(self, name, touched):
        """What was written in this round, as the device has it now. It may have to start once more for that."""
        ledger = self.ledgers[name]
        wanted = sorted(touched | set(ledger.uncertain()))
        for item, value in zip(wanted, self.values_of(name, wanted), strict=True):
            ledger.check(item, value)

    def values_of(self, name, items):
        for _ in range(2):
            try:
                with self.devices[name].rpc() as rpc:
                    return [value_or_none(rpc, item) for item in items]
            except (OSError, EOFError):  # it has passed the point of the next round
                wait_until(lambda: not self.programs[name].running, f"{name} is dead")
                self.died_at_point(name, self.programs[name])
                self.prepare()
        raise AssertionError(f"{name} does not stay")

    def all_agree(self):
        """Both devices and one that joins now have the same, and every answered version in it."""
        self.plan = Plan({}, 0, 0)
        self.prepare()
        for name in ("laptop", "phone", "laptop"):
            self.devices[name].sync()
        witness = self.device(f"witness{next(self.witnesses)}")
        witness.join()
        everyone = [*self.devices.values(), witness]
        states = [self.state_of(device) for device in everyone]
        assert states[0] == states[1] == states[2], f"round {self.number}, seed {self.seed}: they differ"
        for device in everyone:
            assert device.status()["trust"]["state"] != "distrusted", device.status()
        for ledger in self.ledgers.values():
            for name, versions in ledger.versions.items():
                lost = versions - states[0][name][1].keys()
                assert not lost, f"{name} lost {len(lost)} of {len(versions)} answered versions"
        self.pairs_differ(everyone)
        witness.stop()
        self.plan = self.next_plan()
        self.prepare()

    def state_of(self, device):
        """Each name with its value and its versions."""
        with device.rpc() as rpc:
            items = {item["name"]: rpc.get(item["name"]) for item in rpc.list()}
            history = lambda name: {v["version"]: v["head"] for v in rpc.call("item.history", name=name)["versions"]}
            return {name: (value, history(name)) for name, value in items.items()}

    def pairs_differ(self, devices):
        """Of a release the exports tell, which are all that anybody can ever see of it."""
        if self.with_points:
            self.sealed().check(sum((ledger.by_branch for ledger in self.ledgers.values()), Counter()))
            return
        password = self.world.folder / "password"
        password.write_text(self.world.password)
        for device in devices:
            folder = self.world.folder / f"{device.name}.{self.number}.export"
            device.ok("export", "--sealed", str(folder), "--without-large")
            self.exported.add_export(sealings_of_export(READER, folder, password), folder.name)
        self.exported.check_pairs()
        assert self.exported.count() >= self.puts

    def sealed(self):
        return Audit.of(self.audit) if self.with_points else self.exported

    @property
    def puts(self):
        return sum(ledger.puts for ledger in self.ledgers.values())

    def table(self):
        return ", ".join(f"{what} {times}" for what, times in sorted(self.hits.items()))


def value_or_none(rpc, name):
    try:
        return rpc.get(name).decode()
    except Refused as refused:
        assert refused.kind == "E_NOT_FOUND", refused
        return None


def finish(load):
    while load.busy:
        load.take()
    assert not load.dead, f"{load.name} died, and nobody had killed it"


def rounds(world, count, seed, **programs):
    """So many rounds in one vault; gives them, for their counts."""
    all_rounds = Rounds(world, seed, **programs)
    try:
        for _ in range(count):
            all_rounds.one()
            if all_rounds.number % AGREE_EVERY == 0 or all_rounds.number == count:
                all_rounds.all_agree()
    except Exception:
        print(f"    in round {all_rounds.number} of seed {seed}: {all_rounds.plan}")
        raise
    return all_rounds


def seed_of():
    return int(os.environ.get("VAULT_CRASH_SEED") or random.randrange(1 << 32))


@test
def what_daemons_answered_outlives_them_and_the_server(world):
    several(world, "crash", int(os.environ.get("VAULT_CRASH_ROUNDS") or ROUNDS))


def several(world, scenario, count, **more):
    done = rounds(world, count, seed_of(), **more)
    show_row(scenario, done.sealed(), done.puts)
    print(f"    {done.number} rounds, seed {done.seed}, {done.puts} answered puts, {done.pages_lost} pages lost; "
          f"killed at: {done.table()}")
    kills = sum(done.hits.values())
    assert kills >= done.number and done.puts >= done.number, "hardly anything happened"
    assert done.power == (done.pages_lost > 0), "no power cut took anything"


@test
def a_power_cut_takes_nothing_that_was_answered(world):
    several(world, "power cut", FEWER, power=True)


@test
def with_a_random_generator_that_repeats_no_pair_does(world):
    several(world, "crash, constant random", FEWER, constant=True)


@test
def with_a_random_generator_that_repeats_and_power_cuts_no_pair_does(world):
    several(world, "power cut, constant random", FEWER, power=True, constant=True)


RELEASE = {"daemon": "vaultd", "server": "vault-server", "power": True}


@test
def a_power_cut_takes_nothing_that_the_release_had_answered(world):
    several(world, "power cut, release", RELEASE_ROUNDS, **RELEASE)


@test
def with_a_random_generator_that_repeats_no_pair_of_the_release_does(world):
    several(world, "power cut, constant random, release", RELEASE_ROUNDS, **RELEASE, constant=True)


@test
def a_pair_or_a_counter_that_repeats_a_sealing_not_seen_and_a_put_that_is_lost_would_be_seen(world):
    audit, ledger = world.folder / "audit", Ledger()

    def line(pair, text, counter, branch="laptop.1", kind=1):
        return f"{pair} {text} key device {counter} {kind} {branch}\n"

    lines = "".join(line(f"pair{n}", f"text{n}", n) for n in range(20))
    audit.write_text(lines * 2)
    Audit.of(audit).check({"laptop.1": 20})  # the same bytes sealed and written twice are one sealing
    refused(lambda: Audit.of(audit).check({"laptop.1": 21}))
    refused(lambda: Audit.of(audit).check({"laptop.2": 1}))
    Audit.of(audit).check_counters_seen("device", 20)
    refused(lambda: Audit.of(audit).check_counters_seen("device", 21))
    audit.write_text(lines + line("pair7", "other", 27))
    refused(lambda: Audit.of(audit).check({}))
    audit.write_text(lines + line("other", "other", 7, branch="laptop.2") + line("another", "another", 7, kind=21))
    Audit.of(audit).check({})  # after a crash a counter may come again, and local state has none
    audit.write_text(lines + line("other", "other", 7))
    refused(lambda: Audit.of(audit).check({}))
    audit.write_text(lines + line("other", "other", 27).replace("device", "another"))
    refused(lambda: Audit.of(audit).check({}))
    ledger.asked("n", "old")
    ledger.answered("n", "old", "v1")
    ledger.asked("n", "new")
    refused(lambda: ledger.check("n", None))
    ledger.check("n", "new")
    refused(lambda: ledger.check("n", "old"))


def refused(check):
    try:
        check()
    except AssertionError:
        return
    raise AssertionError("it was not seen")


if __name__ == "__main__":
    main()

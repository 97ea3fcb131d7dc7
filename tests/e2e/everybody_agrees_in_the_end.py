#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Devices write, remove, restore and resolve at random while the server comes and goes and daemons are killed: in the end
all show the same heads and bytes, and no write that was answered is missing. VAULT_SEED=n runs one seed alone."""

import json
import os
import random

import near  # noqa: F401
from harness import SOAK, main, test
from rpc import Refused
from waiting import wait_until

NAMES = ("é", "z/漢")
STEPS = 150 if SOAK else 60
SEEDS = range(20) if SOAK else range(2)


class Household:
    def __init__(self, world, rng):
        self.world, self.rng, self.acknowledged = world, rng, set()
        world.start_server()
        self.devices = [world.device(name) for name in ("laptop", "phone", "desk")]
        self.devices[0].create()
        for device in self.devices[1:]:
            device.join()

    def step(self):
        choices = [self.write] * 6 + [self.undo, self.resolve, self.resolve, self.server, self.sync, self.kill]
        self.rng.choice(choices)(self.rng.choice(self.devices))

    def some_value(self):
        if self.rng.random() < 0.3:
            return {"value": str(self.rng.randrange(3))}
        members = {key: self.rng.randrange(3) for key in "abc" if self.rng.random() < 0.6}
        return {"value": json.dumps(members), "content_type": "application/json"}

    def call(self, device, method, **params):
        """A call that may be refused, but for no other reason than what others wrote."""
        with device.rpc() as rpc:
            try:
                self.acknowledged.add(rpc.call(method, **params)["version"])
            except Refused as refused:
                assert refused.kind in ("E_CONFLICT", "E_NOT_FOUND"), refused

    def versions(self, device, name):
        with device.rpc() as rpc:
            try:
                return rpc.call("item.history", name=name)["versions"]
            except Refused as refused:
                assert refused.kind == "E_NOT_FOUND"
                return []

    def write(self, device):
        name, more = self.rng.choice(NAMES), {}
        versions = self.versions(device, name)
        if versions and self.rng.random() < 0.3:
            more["if_version"] = self.rng.choice(versions)["version"]
        if self.rng.random() < 0.2:
            self.call(device, "item.remove", name=name, **more)
        else:
            self.call(device, "item.put", name=name, **self.some_value(), **more)

    def undo(self, device):
        name = self.rng.choice(NAMES)
        if versions := self.versions(device, name):
            self.call(device, "item.restore", name=name, version=self.rng.choice(versions)["version"])

    def resolve(self, device):
        with device.rpc() as rpc:
            items = rpc.call("item.conflicts")["items"]
        for item in items:
            heads = [head["version"] for head in item["heads"]]
            how = {"merge": True} if self.rng.random() < 0.5 else {"version": self.rng.choice(heads)}
            self.call(device, "item.resolve", name=item["name"], if_heads=heads, **how)

    def server(self, _):
        if self.world.server.running:
            self.world.server.stop()
        else:
            self.world.server.start()

    def sync(self, device):
        if self.world.server.running:
            device.sync()

    def kill(self, device):
        device.kill()
        device.start()
        device.unlock()

    def view(self, device):
        """What a device shows, and all versions that it has."""
        shown, all_versions = {}, set()
        for name in NAMES:
            versions = self.versions(device, name)
            all_versions |= {v["version"] for v in versions}
            heads = [v for v in versions if v["head"]]
            winner = [v for v in heads if v["winner"]]
            with device.rpc() as rpc:
                value = rpc.get(name) if winner and winner[0]["operation"] == "put" else None
            shown[name] = (sorted(v["version"] for v in heads), [v["version"] for v in winner], value)
        return shown, all_versions, device.status()["conflicts"]

    def at_rest(self):
        """After each has heard of all: whether all see one thing."""
        for device in self.devices * 2:
            device.sync()
        first, *others = [self.view(device) for device in self.devices]
        return first if all(other == first for other in others) else None


def run(world, seed):
    print(f"VAULT_SEED={seed}", flush=True)
    world.packs_often()
    home = Household(world, random.Random(seed))
    for _ in range(STEPS):
        home.step()
    if not world.server.running:
        world.server.start()
    _, versions, _ = wait_until(home.at_rest, "all devices show the same", 60)
    missing = home.acknowledged - versions
    assert not missing, f"{len(missing)} writes that were answered are gone"
    fresh = world.device("tablet")
    fresh.join()
    assert home.view(fresh) == home.view(home.devices[0]), "and so does who joins now"


def seed_of(number):
    only = os.environ.get("VAULT_SEED")
    return int(only) if only else number


def add(number):
    @test
    def story(world):
        run(world, seed_of(number))

    story.__name__ = f"all_see_the_same_after_{STEPS}_steps_of_seed_{number}"


for n in SEEDS:
    add(n)


if __name__ == "__main__":
    main()

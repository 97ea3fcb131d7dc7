#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that dies at any request of a join, a pull or a push: a clear error, and the repeated command succeeds, with
nothing lost and nothing doubled."""

import near  # noqa: F401
from harness import main, test
from proxy import Cut
from waiting import wait_until

# Where the line breaks: before the server has the request, in its middle, before its answer, in the answer's middle.
BREAKS = {"no request": ("request", 0.0), "half a request": ("request", 0.6),
          "no answer": ("answer", 0.0), "half an answer": ("answer", 0.6)}
REQUESTS = 40  # more than any of these flows makes


class DeadFrom:
    """From the k-th request on, nothing comes through whole."""

    def __init__(self, k, how):
        self.k, self.seen, self.fired = k, 0, False
        self.where, self.share = BREAKS[how]

    def __call__(self, exchange):
        if exchange.rule is not self:  # met here for the first time
            self.seen += 1
            exchange.rule, exchange.ordinal = self, self.seen
        if exchange.ordinal >= self.k and self.where == ("request" if exchange.answer is None else "answer"):
            self.fired = True
            raise Cut(self.share)


class DiesOnce:
    """The server process is killed at the first request of this kind, having handled it or not."""

    def __init__(self, world, method, path, handled):
        self.world, self.method, self.path, self.handled, self.fired = world, method, path, handled, False

    def __call__(self, exchange):
        matches = exchange.method == self.method and exchange.target.startswith(self.path)
        if self.fired or not matches or (exchange.answer is not None) != self.handled:
            return
        self.world.server.kill()
        self.fired = True
        raise Cut()


def nothing_lost_or_doubled(world, device, names, devices):
    """A witness that joins afterwards sees each item written once, each device once and each commit."""
    device.sync()
    witness = world.device(f"witness-of-{device.name}", device.program.name)
    witness.join()
    device.sync()
    assert sorted(witness.names()) == sorted(names)
    with witness.rpc() as rpc:
        for name in names:
            assert len(rpc.call("item.history", name=name)["versions"]) == 1, name
    for one in (device, witness):
        listed = [d for d in one.status()["devices"] if d["status"] == "active"]
        assert len(listed) == devices + 1 == len({d["id"] for d in listed}), listed
    own = device.status()["device"]
    seen = {d["id"]: d["seq"] for d in witness.status()["devices"]}
    assert seen[own["id"]] == own["seq"], "the server has each of its commits"


def laptop_with_items(world, program="vaultd_test", name="laptop"):
    if world.server is None:
        world.start_server(proxied=True)
    laptop = world.device(name, program)
    laptop.create()
    names = [f"note/{n:02}" for n in range(10)]
    with laptop.rpc() as rpc:
        for name in names:
            rpc.put(name, name.encode() * 100)
    laptop.sync()
    return laptop, names


def join_that_dies(world, k, how):
    """A vault of its own, and a phone whose join dies at its k-th request; False when it makes fewer than k."""
    world.account = f"anna-{k}"
    laptop, names = laptop_with_items(world, name=f"laptop-{k}")
    laptop.stop()
    phone = world.device(f"phone-{k}")
    world.proxy.rule = DeadFrom(k, how)
    said = phone.ctl(*phone.enrolment("join"), password=world.password)
    world.proxy.rule = None
    if said.code != 0:
        assert said.code == 10, f"{how}, request {k}: exited {said.code}: {said.err}"
        phone.join()
    nothing_lost_or_doubled(world, phone, names, devices=2)
    for program in world.programs[1:]:
        if program.running:
            program.stop()
    return said.code != 0


def a_join_dies(world, how):
    k = 1
    while join_that_dies(world, k, how):
        k += 1
    assert 5 < k < REQUESTS, f"a join made {k} requests"


@test
def a_join_dies_before_any_of_its_requests(world):
    a_join_dies(world, "no request")


@test
def a_join_dies_inside_any_of_its_requests(world):
    a_join_dies(world, "half a request")


@test
def a_join_dies_before_any_of_its_answers(world):
    a_join_dies(world, "no answer")


@test
def a_join_dies_inside_any_of_its_answers(world):
    a_join_dies(world, "half an answer")


def sync_through(world, device, how):
    """Syncs under ever later deaths, until one gets through; each before it must have said that it was off-line."""
    for k in range(1, REQUESTS):
        world.proxy.rule = DeadFrom(k, how)
        said = device.ctl("sync")
        if said.code == 0:
            break
        assert said.code == 10, f"{how}, request {k}: exited {said.code}: {said.err}"
    world.proxy.rule = None
    assert k > 1, "the first request was let through whole"
    device.sync()


@test
def a_pull_dies_at_any_request(world):
    laptop, names = laptop_with_items(world)
    phone = world.device("phone")
    phone.join()
    for how in BREAKS:
        phone.stop()
        name = f"while the phone was off: {how}"
        laptop.put(name, b"new")
        laptop.sync()
        names.append(name)
        world.proxy.rule = DeadFrom(1, how)
        phone.start()
        phone.unlock()
        sync_through(world, phone, how)
        assert phone.get(name) == b"new"
    nothing_lost_or_doubled(world, phone, names, devices=2)


@test
def a_push_dies_at_any_request(world):
    laptop, names = laptop_with_items(world)
    for how in BREAKS:
        world.proxy.rule = DeadFrom(1, how)
        name = f"while the server was dead: {how}"
        laptop.put(name, b"new")
        names.append(name)
        sync_through(world, laptop, how)
        assert laptop.status()["sync"]["pending"] == 0
    nothing_lost_or_doubled(world, laptop, names, devices=1)


def killed_while(world, method, path, handled, command):
    """Runs the command, during which, or after whose success, the server is killed at such a request."""
    world.proxy.rule = rule = DiesOnce(world, method, path, handled)
    said = command()
    assert said.code in (0, 10), f"exited {said.code}: {said.err}"
    wait_until(lambda: rule.fired, f"a {method} {path}")
    world.proxy.rule = None
    world.server.start()
    return said.code


@test
def a_killed_server_costs_a_push_nothing(world):
    laptop, names = laptop_with_items(world, "vaultd")
    for handled in (False, True):
        world.proxy.rule = DeadFrom(1, "no request")
        name = f"killed, handled {handled}"
        laptop.put(name, b"new")
        names.append(name)
        assert killed_while(world, "POST", "/v1/chain/", handled, lambda: laptop.ctl("sync")) == 10
        laptop.sync()
    nothing_lost_or_doubled(world, laptop, names, devices=1)


@test
def a_killed_server_costs_a_join_nothing(world):
    laptop, names = laptop_with_items(world)
    laptop.stop()
    for number, (method, path) in enumerate([("PUT", "/v1/keyring"), ("POST", "/v1/chain/"), ("GET", "/v1/chain/")]):
        for handled in (False, True):
            phone = world.device(f"phone{number}{handled:d}")
            join = lambda: phone.ctl(*phone.enrolment("join"), password=world.password)
            if killed_while(world, method, path, handled, join) != 0:
                phone.join()
            phone.sync()
            phone.stop()
    laptop.start()
    laptop.unlock()
    nothing_lost_or_doubled(world, laptop, names, devices=7)


@test
def a_create_dies_at_any_request(world):
    world.start_server(proxied=True)
    for how in BREAKS:
        world.account = "anna." + how.replace(" ", ".")
        laptop = world.device(how.replace(" ", "-"))
        for k in range(1, REQUESTS):
            world.proxy.rule = DeadFrom(k, how)
            said = laptop.ctl(*laptop.enrolment("create"), password=world.password)
            if said.code == 0:
                break
            assert said.code == 10, f"{how}, request {k}: exited {said.code}: {said.err}"
        world.proxy.rule = None
        laptop.put("note", b"made")
        laptop.sync()
        assert len(laptop.status()["devices"]) == 1
        laptop.stop()


@test
def with_no_server_every_command_that_needs_one_says_so(world):
    laptop, _ = laptop_with_items(world, "vaultd")
    phone = world.device("phone", "vaultd")
    world.server.stop()
    laptop.fails(10, "sync")
    phone.fails(10, *phone.enrolment("join"), password=world.password)
    phone.fails(10, *phone.enrolment("create"), password=world.password)
    laptop.put("offline", b"fine")
    laptop.ok("lock")
    laptop.unlock()
    assert laptop.get("offline") == b"fine"
    wait_until(lambda: laptop.status()["sync"]["state"] == "offline", "the round that the unlock began is over")
    world.server.start()
    laptop.sync()
    phone.join()
    assert phone.get("offline") == b"fine"


@test
def a_keyring_that_was_perhaps_sent_is_sent_again_byte_for_byte(world):
    """Another one beside it would let a server show one half of the devices this one and the other half that."""
    laptop, names = laptop_with_items(world)
    phone = world.device("phone")
    sent = []

    def lost_at_first(exchange):
        if exchange.method == "PUT" and exchange.answer is None:
            sent.append(exchange.body)
            if phone.starts == 1:
                raise Cut()

    world.proxy.rule = lost_at_first
    phone.fails(10, *phone.enrolment("join"), password=world.password)
    phone.restart()
    laptop.put("meanwhile", b"written")
    laptop.sync()
    phone.join()
    assert len(sent) >= 2 and len(set(sent)) == 1, [len(one) for one in sent]
    world.proxy.rule = None
    nothing_lost_or_doubled(world, phone, [*names, "meanwhile"], devices=2)


if __name__ == "__main__":
    main()

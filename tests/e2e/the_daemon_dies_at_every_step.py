#!/usr/bin/python3
"""A daemon that is killed at any step of a create, a join, a write, a pull or a push: it starts again, the repeated
command succeeds, every answered write is there, and no device, item or commit is there twice."""

import re
from collections import Counter

from harness import TREE, main, test
from waiting import wait_until

# What each step belongs to. A step that the sources name and this table does not, or the reverse, is a failure.
STEPS = {
    "create": ["create.before-send", "create.answered", "enrol.before-commit", "crypto.commit-sealed"],
    "join": ["pull.before-commit", "pull.page-stored", "join.before-send", "join.answered", "enrol.before-commit"],
    "write": ["write.sealed", "write.before-commit", "write.committed", "crypto.commit-sealed"],
    "pull": ["pull.before-commit", "pull.page-stored", "verify.before-commit"],
    "push": ["push.before-send", "push.acknowledged"],
}
hits = Counter()


def killed_at(device, step, act):
    """Acts on a daemon that dies at the first pass of that step, and starts it again; it must have died there."""
    device.spawn([device.program], dict(device.env, VAULT_FAULT=f"{step}:1"))
    wait_until(lambda: not device.running or device.ctl("status").code == 0, f"{device.name} answers, or has died")
    act()
    wait_until(lambda: not device.running, f"{device.name} dies at {step}")
    assert device.process.returncode == -9, f"{device.name} ended with {device.process.returncode} at {step}"
    hits[step] += 1
    device.start()


def try_to(device, *words, **more):
    """Asks, and lets the answer fail to come."""
    return lambda: device.ctl(*words, **{"password": device.world.password, **more})


def devices_of(device):
    return [d for d in device.status()["devices"] if d["status"] == "active"]


def everybody_agrees(world, device, values, devices):
    """A witness that joins now has exactly these items, each written once, and no more devices than there are."""
    device.sync()
    witness = world.device("witness")
    witness.join()
    assert witness.values() == values == device.values(), (witness.names(), device.names())
    with witness.rpc() as rpc:
        for name in values:
            assert len(rpc.call("item.history", name=name)["versions"]) == 1, name
    assert len(devices_of(witness)) == devices + 1, devices_of(witness)


def create_dies(world, step):
    world.start_server()
    laptop = world.device("laptop", start=False)
    enrol = laptop.enrolment("create")
    killed_at(laptop, step, try_to(laptop, *enrol))
    said = laptop.ctl(*enrol, password=world.password)
    done = said.code == 0 or (said.code == 8 and laptop.status()["vault"]["state"] == "locked")
    assert done, f"the repeated create after {step}: {said}"
    laptop.unlock()
    laptop.put("a", b"1")
    everybody_agrees(world, laptop, {"a": b"1"}, devices=1)


def join_dies(world, step):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    phone = world.device("phone", start=False)
    enrol = phone.enrolment("join")
    killed_at(phone, step, try_to(phone, *enrol))
    said = phone.ctl(*enrol, password=world.password)
    done = said.code == 0 or (said.code == 8 and phone.status()["vault"]["state"] == "locked")
    assert done, f"the repeated join after {step}: {said}"
    phone.unlock()
    phone.put("b", b"2")
    phone.sync()
    everybody_agrees(world, phone, {"a": b"1", "b": b"2"}, devices=2)


def write_dies(world, step):
    """The write that was not answered may be there or not; the one before it is, and the next one works."""
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("before", b"1")
    laptop.stop()

    def act():
        laptop.ctl("unlock", password=world.password)
        laptop.ctl("put", "unanswered", input=b"2")

    killed_at(laptop, step, act)
    laptop.unlock()
    values = laptop.values()
    assert values.get("before") == b"1" and set(values) <= {"before", "unanswered"}, values
    laptop.put("after", b"3")
    everybody_agrees(world, laptop, {**values, "after": b"3"}, devices=1)


def pull_dies(world, step):
    world.start_server()
    laptop, phone = world.pair()
    phone.stop()
    laptop.put("a", b"1")
    laptop.sync()

    def act():
        phone.ctl("unlock", password=world.password)
        phone.ctl("sync")

    killed_at(phone, step, act)
    phone.unlock()
    phone.sync()
    assert phone.get("a") == b"1"
    everybody_agrees(world, phone, {"a": b"1"}, devices=2)


def push_dies(world, step):
    server = world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.sync()
    server.stop()
    laptop.put("a", b"1")
    laptop.stop()

    def act():
        server.start()
        laptop.ctl("sync")

    killed_at(laptop, step, act)
    laptop.unlock()
    laptop.sync()
    assert laptop.status()["sync"]["pending"] == 0
    everybody_agrees(world, laptop, {"a": b"1"}, devices=1)


def add_tests(flow, dies):
    for step in STEPS[flow]:
        def one(world, step=step):
            dies(world, step)
        one.__name__ = f"a_{flow}_cut_at_{step.replace('.', '_').replace('-', '_')}_is_repeated"
        test(one)


add_tests("create", create_dies)
add_tests("join", join_dies)
add_tests("write", write_dies)
add_tests("pull", pull_dies)
add_tests("push", push_dies)


@test
def every_step_that_the_sources_name_was_hit(world):
    named = set()
    for folder in ("daemon", "crypto", "store"):
        for file in (TREE / folder).glob("*.cpp"):
            named |= set(re.findall(r'fault_point\("([^"]+)"\)', file.read_text()))
    assert named == set(hits), f"not hit: {sorted(named - set(hits))}; not in the sources: {sorted(set(hits) - named)}"
    print("    kills by step: " + ", ".join(f"{step} {count}" for step, count in sorted(hits.items())))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The counter ends at 2^48: then writes are refused and reads go on, until an unlock gives the device a new identity. No
write takes part of what is left."""

import near  # noqa: F401
from scenario import Refused, audited, main, put_many, sealed, set_counter, show_row, test

CLAIMS = "1"

END = 1 << 48
ENOUGH = 70  # values for the largest commit: an unlock with fewer left changes the identity at once
ROOMY = 60_000  # bytes of a value, so that sixteen of them need more than 58 counters and fifteen fewer


def near_the_end(world, left, constant=False):
    """A laptop, unlocked, whose counter has so many values left, and that has written something before."""
    world.start_server()
    laptop = audited(world, "laptop", constant=constant).start()
    laptop.create()
    laptop.put("note", b"from before")
    laptop.sync()
    laptop.stop()
    set_counter(laptop, END - ENOUGH)
    laptop.start()
    laptop.unlock()
    put_many(laptop, [f"on the way/{n}" for n in range(ENOUGH - left)], lambda name: b"used up")
    return laptop


def write_one_commit(device, items):
    """So many items in one commit; the class of the error, or None."""
    try:
        with device.rpc() as rpc:
            rpc.call("item.put_many", items=[{"name": f"many/{n}", "value": "x" * ROOMY} for n in range(items)])
    except Refused as refused:
        return refused.kind
    return None


def is_spent(device, values):
    said = device.ctl("put", "more", input=b"one too many")
    assert said.code == 5 and b"counter" in said.err, said
    assert device.ctl("rm", "note").code == 5
    assert device.values() == values, "reads go on"
    assert device.ok("history", "note")


def the_counter_ends(world, scenario, constant=False):
    laptop = near_the_end(world, 3, constant)
    for number in range(3):
        laptop.put(f"last/{number}", b"the last ones")
    values = laptop.values()
    assert len(values) == 1 + ENOUGH
    is_spent(laptop, values)
    assert laptop.status()["device"]["counter"] == END
    laptop.sync()
    assert laptop.status()["identity"]["former"] == []
    laptop.unlock()
    identity = laptop.status()["identity"]
    assert identity["reason"] == "counter" and identity["state"] == "sound" and len(identity["former"]) == 1, identity
    assert laptop.values() == values and laptop.status()["device"]["counter"] < 10
    laptop.put("note", b"under a counter that begins anew")
    values = laptop.values()
    laptop.sync()
    phone = audited(world, "phone", constant=constant).start()
    phone.join()
    assert phone.values() == values, "others read what was sealed under the last numbers"
    phone.put("last/phone", b"others write")
    phone.sync()
    laptop.sync()
    assert laptop.get("last/phone") == b"others write"
    audit = sealed(world)
    audit.check({"laptop.1": 1, "laptop.2": ENOUGH + 1, phone.branch: 1})
    assert max(s.counter for s in audit.sealings) == END - 1
    show_row(scenario, audit, ENOUGH + 3, rolled=1)


@test
def an_unlock_with_fewer_counters_left_than_the_largest_commit_takes_gives_a_new_identity(world):
    world.start_server()
    laptop = audited(world, "laptop").start()
    laptop.create()
    laptop.put("note", b"value")
    laptop.stop()
    set_counter(laptop, END - 10)
    laptop.start()
    laptop.unlock()
    assert laptop.status()["identity"]["reason"] == "counter" and laptop.get("note") == b"value"
    assert "used up the numbers" not in laptop.ok("status").decode(), "nothing is left to do"
    assert write_one_commit(laptop, 15) is None
    laptop.sync()


@test
def at_the_end_of_the_counter_writes_are_refused_and_reads_go_on_until_an_unlock(world):
    the_counter_ends(world, "counter near its end")


@test
def so_it_is_with_a_random_generator_that_repeats(world):
    the_counter_ends(world, "counter near its end, constant random", constant=True)


@test
def a_commit_that_needs_more_counters_than_are_left_is_refused_whole_and_a_smaller_one_is_not(world):
    laptop = near_the_end(world, 58)
    assert write_one_commit(laptop, 16) == "E_KEYSTATE"
    assert laptop.names("many/") == []
    laptop.put("small", b"fits")
    assert write_one_commit(laptop, 15) is None
    assert len(laptop.names("many/")) == 15
    used = laptop.status()["device"]["counter"] - (END - 58)
    assert 50 < used < 60, used
    audit = sealed(world)
    audit.check({"laptop.1": 1, "laptop.2": ENOUGH - 60 + used})
    laptop.sync()
    phone = audited(world, "phone").start()
    phone.join()
    assert phone.values() == laptop.values()
    show_row("the largest commit", audit, 3 + ENOUGH - 60)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that says "written" and has not: after a power cut the counter is an old one, and the device counts over the same
numbers again. What had been answered meanwhile, and sent nowhere, is gone, which no program can help; but no key meets
an IV twice, and everything goes on."""

from collections import defaultdict

import near  # noqa: F401
from scenario import Audit, audited, cut, export_of, main, put_many, sealed, show_row, test

CLAIMS = "1"

KEPT, LOST = 20, 30


def lying(device):
    return device.vault_folder.with_name("lies")


def on_a_disk_that_may_lie(world, program, constant):
    laptop = audited(world, "laptop", program, constant=constant)
    laptop.env |= laptop.disk.power(laptop.vault_folder) | {"VAULT_DISK_LIES": str(lying(laptop))}
    return laptop.start()


def counters_that_came_again(audit):
    """Of a device, under two texts."""
    texts = defaultdict(set)
    for sealing in audit.sealings:
        if sealing.kind == 1:
            texts[sealing.device, sealing.counter].add(sealing.text)
    return sum(len(of_one) > 1 for of_one in texts.values())


def loses_fsyncs(world, scenario, program="vaultd_test", constant=False):
    world.start_server()
    laptop = on_a_disk_that_may_lie(world, program, constant)
    laptop.create()
    put_many(laptop, [f"kept/{n}" for n in range(KEPT)], lambda name: b"on the disk")
    laptop.sync()
    world.server.stop()
    lying(laptop).touch()
    put_many(laptop, [f"note/{n:02}" for n in range(LOST)], lambda name: f"first {name}".encode())
    exports = Audit()
    if program == "vaultd":
        exports.add_export(export_of(world, laptop), "before")
    laptop.kill()
    assert cut(laptop.vault_folder) > 0
    lying(laptop).unlink()
    laptop.start()
    laptop.unlock()
    assert laptop.names("note/") == [], "the power cut took nothing: this proves nothing"
    assert len(laptop.names("kept/")) == KEPT
    put_many(laptop, [f"note/{n:02}" for n in range(LOST)], lambda name: f"other {name}".encode())
    world.server.start()
    laptop.sync()
    phone = audited(world, "phone", program, constant=constant).start()
    phone.join()
    assert phone.values() == laptop.values() and len(phone.names("note/")) == LOST
    if program == "vaultd":
        exports.add_export(export_of(world, laptop), "after")
    audit = exports if program == "vaultd" else sealed(world)
    assert counters_that_came_again(audit) >= LOST, "no counter came again: this proves nothing"
    audit.check({"after": KEPT + LOST} if program == "vaultd" else {"laptop.1": KEPT + LOST, "laptop.2": LOST})
    show_row(scenario, audit, KEPT + LOST)


@test
def counters_come_again_after_lost_fsyncs_and_no_pair_does(world):
    loses_fsyncs(world, "lost fsync")


@test
def nor_does_one_if_the_random_generator_repeats_too(world):
    loses_fsyncs(world, "lost fsync, constant random", constant=True)


@test
def of_the_release_it_is_true_too_with_a_generator_that_repeats(world):
    loses_fsyncs(world, "lost fsync, constant random, release", program="vaultd", constant=True)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A locked device pulls and stores, and cannot open. What it was told meanwhile it judges when it is unlocked; what a server
alone can be caught at it is caught at before."""

import os

import near  # noqa: F401
from scene import Home, PullTrial

import memory
from harness import main, test
from tables import differences, kept


def locked_home(world):
    home = Home(world)
    home.server.freeze(world.account, home.ids["phone"])
    home.phone.ok("lock")
    home.news()
    return home


@test(proves="3 R06")
def a_locked_device_sees_that_it_is_shown_the_past(world):
    """R06 while locked."""
    home = locked_home(world)
    before = kept(home.phone)
    home.server.serve_everything_of("this morning")
    home.server.arm()
    home.phone.fails(11, "sync")
    assert not list(differences(before, kept(home.phone)))
    assert home.phone.status()["trust"]["reason"] == "E_ROLLBACK"
    home.phone.restart()
    assert home.phone.status()["trust"]["reason"] == "E_ROLLBACK"
    home.phone.unlock()
    home.phone.put("mine/now", b"writes go on")
    home.phone.fails(11, "sync")
    home.server.honest()
    home.phone.sync()
    home.tablet.sync()
    assert home.tablet.get("mine/now") == b"writes go on"


def swallows(world, how):
    """What is signed by a member, who is not to be trusted, or not signed by her at all."""
    home = locked_home(world)
    honest = kept(home.phone)
    home.server.member_writes("mallory", how)
    home.server.arm()
    home.phone.ok("sync")  # it cannot tell yet
    home.phone.unlock()
    values = home.phone.values()
    assert not any(name.startswith("news/") for name in values) and values["kept/early"] == b"on the first day"
    home.phone.fails(11, "sync")
    changed = list(differences(honest, kept(home.phone)))
    assert not changed, changed
    home.server.honest()
    home.phone.sync()
    home.tablet.sync()
    assert home.phone.values() == home.tablet.values()


@test
def a_wrong_tag_that_a_locked_device_swallowed_is_spat_out_when_it_is_unlocked(world):
    swallows(world, "the tag")


@test
def a_wrong_signature_that_a_locked_device_swallowed_is_spat_out_when_it_is_unlocked(world):
    swallows(world, "nobody's signature")


@test
def anothers_bytes_that_a_locked_device_swallowed_are_spat_out_when_it_is_unlocked(world):
    swallows(world, "the laptop's bytes")


@test(proves="R13")
def a_text_whose_tag_is_wrong_is_nowhere_in_memory(world):
    """R13: Botan leaves what it decrypted in the buffer when the tag is wrong."""
    home = Home(world)
    home.server.freeze(world.account, home.ids["phone"])
    marker = os.urandom(48)
    home.server.member_writes_with_a_wrong_tag("mallory", marker)
    home.server.arm()
    trial = PullTrial(home, "E_TAMPER", home.phone)
    for _ in range(5):
        assert trial.refusal().kind == "E_TAMPER"
    found = memory.look_for({"text": marker}, memory.dump(home.phone.process.pid))
    assert not found, found
    home.server.honest()
    home.phone.sync()


if __name__ == "__main__":
    main()

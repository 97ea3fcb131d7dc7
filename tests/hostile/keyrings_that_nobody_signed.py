#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A locked device can open no keyring, and can tell whether somebody who had the password has signed it. What nobody has is no
answer; what somebody has is not forgotten because the server shows something else afterwards."""

import near  # noqa: F401
from flows import NEW, refuse
from harness import main, test
from outside import Scene, everybody_has_everything, is_as_it_was
from pages import decode, encode
from vaultformat.primitives import sha256

CLAIMS = "6"

HEAD = 36  # version and hash of the newest one


def versions_in(page):
    """Those in the body of GET /v1/keyring."""
    return decode(page[HEAD:])


def forged(raw):
    return raw[:-1] + bytes([raw[-1] ^ 1])


def recorded(world, joins, other):
    """All keyring versions of the vault, as they come to somebody who joins, and the one that this makes to another."""
    seen = []

    def look(exchange):
        if exchange.method == "GET" and exchange.target.startswith("/v1/keyring") and exchange.status == 200 and exchange.answer:
            seen.extend(raw for raw in versions_in(exchange.answer) if raw not in seen)

    world.proxy.rule = look
    joins.join()
    joins.sync()
    other.sync()
    world.proxy.rule = None
    assert len(seen) == other.status()["vault"]["keyring_version"], "some were not shown"
    return seen


def locked(world):
    """A scene whose laptop is locked, with writes that wait, and the rule that shows it junk in the place of the keyring
    versions that came since."""
    scene = Scene(world, proxied=True)
    world.proxy.rule = refuse
    scene.written(scene.laptop, "waits")
    scene.laptop.stop()
    world.proxy.rule = None
    scene.changes_the_password(scene.phone)
    witness = world.device("witness")
    versions = recorded(world, witness, scene.phone)
    scene.devices.append(witness)
    newest = sha256(forged(versions[-1]))

    def head_of(answer):
        return answer[:4] + newest

    def lie(exchange):
        if exchange.method != "GET" or exchange.status != 200 or exchange.answer is None:
            return
        if exchange.target == "/v1/heads":
            exchange.answer = head_of(exchange.answer) + exchange.answer[HEAD:]
        if exchange.target.startswith("/v1/keyring"):
            exchange.answer = head_of(exchange.answer) + encode([forged(raw) for raw in versions_in(exchange.answer)])

    return scene, lie


@test
def junk_that_was_shown_once_keeps_the_new_password_from_nothing(world):
    scene, lie = locked(world)
    laptop = scene.laptop
    world.proxy.rule = lie
    laptop.start()
    laptop.fails(11, "sync")
    world.proxy.rule = None
    laptop.ctl("sync")
    scene.unlocks(laptop, NEW)
    laptop.sync()
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def a_change_that_is_known_is_not_forgotten_when_junk_is_shown(world):
    """Else what waits would leave under the key that is replaced, and the new password would open nothing."""
    scene, lie = locked(world)
    laptop = scene.laptop
    laptop.start()
    assert "unlock" in laptop.fails(5, "sync"), "it does not hold back"
    world.proxy.rule = lie
    laptop.fails((5, 11), "sync")
    world.proxy.rule = refuse
    laptop.restart()
    scene.unlocks(laptop, NEW)
    world.proxy.rule = None
    laptop.sync()
    is_as_it_was(laptop)
    everybody_has_everything(scene)


if __name__ == "__main__":
    main()

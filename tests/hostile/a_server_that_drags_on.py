#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server that never comes to an end: each of its answers is late and none too late, or one never comes. No round goes on for
ever, a person's lock and unlock wait for no server, and what was asked for meanwhile is answered in words."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor


import near  # noqa: F401
from harness import main, test
from vaultformat.cursor import Cursor
from waiting import Stopwatch, wait_until

CLAIMS = "A15"

PATIENT = 15  # seconds: above all that is local on a busy machine, below the 30 that one request may take


class Dragging:
    """A phone whose server hangs at some requests while `hangs` is set, in front of an honest one."""

    def __init__(self, world, **env):
        self.world, self.hangs, self.reached, self.goes_on = world, None, threading.Event(), threading.Event()
        world.start_server(proxied=True)
        self.laptop, self.phone = world.pair()
        self.phone.stop()
        self.phone.start(**env)
        self.phone.unlock()
        self.phone.put("mine", b"the phone's")
        self.phone.sync()
        world.proxy.rule = self.rule

    def rule(self, exchange):
        if self.hangs and exchange.answer is None and exchange.target.startswith(self.hangs) and "wait=" not in exchange.target:
            self.reached.set()
            self.goes_on.wait(120)

    def hang_at(self, target):
        self.reached.clear()
        self.goes_on.clear()
        self.hangs = target

    def is_hanging(self):
        wait_until(self.reached.is_set, f"a request for {self.hangs} hangs")

    def answers_again(self):
        self.hangs = None
        self.goes_on.set()


def in_time(what, act):
    watch = Stopwatch()
    said = act()
    print(f"{what}: {watch.seconds:.2f} s")
    assert watch.seconds < PATIENT, f"{what} took {watch.seconds:.1f} s"
    return said


def has_asked(device, method, **params):
    """A connection on which this call is under way: what was asked after it has been answered."""
    rpc = device.rpc()
    rpc.send(method, params)
    assert rpc.result(rpc.raw(b'{"jsonrpc":"2.0","id":99,"method":"vault.status"}'))
    return rpc


@test
def a_lock_waits_for_no_server_and_neither_does_who_had_asked_for_a_round(world):
    scene = Dragging(world)
    scene.hang_at("/v1/heads")
    with has_asked(scene.phone, "sync.now") as asking:
        scene.is_hanging()
        in_time("lock", lambda: scene.phone.ok("lock"))
        error = in_time("what sync says then", asking.receive)["error"]
        assert error["data"]["kind"] == "E_BUSY" and "the vault was locked" in error["message"], error
    assert scene.phone.status()["vault"]["state"] == "locked"
    in_time("unlock", scene.phone.unlock)
    assert scene.phone.get("mine") == b"the phone's"
    scene.answers_again()
    scene.phone.sync()


def set_back(device):
    """To a database that lacks its last commits, so that the next unlock takes a new identity."""
    device.stop()
    older = device.world.folder / "older"
    shutil.copyfile(device.vault_folder / "data.mdb", older)
    device.start()
    device.unlock()
    device.put("later", b"sent")
    device.sync()
    device.stop()
    shutil.copyfile(older, device.vault_folder / "data.mdb")


def comes_to_rest(device):
    """As a person does who reads what is said."""
    said = []

    def is_well():
        said.append(device.ctl("sync"))
        if said[-1].code == 5:
            device.unlock()
        return said[-1].code == 0

    try:
        wait_until(is_well, "it syncs as another device")
    except AssertionError as error:
        raise AssertionError(f"{error}: {said[-1]}") from None


@test
def an_unlock_that_takes_a_new_identity_waits_for_no_round(world):
    scene = Dragging(world, VAULT_AMOUNT="unlock.seconds=1")
    set_back(scene.phone)
    scene.hang_at("/v1/heads")
    scene.phone.start(VAULT_AMOUNT="unlock.seconds=1")
    scene.is_hanging()
    in_time("unlock", scene.phone.unlock)
    assert scene.phone.status()["identity"]["reason"], "it has taken a new identity"
    scene.answers_again()
    comes_to_rest(scene.phone)
    assert scene.phone.get("later") == b"sent"


@test
def a_lock_ends_an_unlock_that_waits_for_a_server(world):
    scene = Dragging(world)
    set_back(scene.phone)
    scene.phone.start()
    scene.phone.ctl("sync")
    with ThreadPoolExecutor(1) as pool:
        scene.hang_at("/v1/heads")
        unlocking = pool.submit(scene.phone.ctl, "unlock", password=world.password)
        scene.is_hanging()
        in_time("lock", lambda: scene.phone.ok("lock"))
        in_time("what unlock says then", unlocking.result)
    assert scene.phone.status()["vault"]["state"] == "locked"
    scene.answers_again()
    scene.phone.unlock()
    comes_to_rest(scene.phone)
    assert scene.phone.get("later") == b"sent"


@test
def who_changes_the_password_while_a_lock_comes_is_told_and_one_password_opens(world):
    scene = Dragging(world)
    with ThreadPoolExecutor(1) as pool:
        scene.hang_at("/v1/keyring")
        changing = pool.submit(scene.phone.ctl, "passwd", password=f"{world.password}\na new one")
        scene.is_hanging()
        queued = has_asked(scene.phone, "vault.unlock", password=world.password)  # it waits for its turn
        in_time("lock", lambda: scene.phone.ok("lock"))
        said = in_time("what passwd says then", changing.result)
        assert said.code == 12 and said.err.strip(), said
    with queued:
        assert "error" in queued.receive(), "an unlock that was asked for before the lock opens nothing"
    assert scene.phone.status()["vault"]["state"] == "locked"
    scene.answers_again()
    scene.phone.ok("unlock", password="a new one")
    wait_until(lambda: scene.phone.ctl("sync").code == 0, "the change is sent")
    scene.laptop.sync()
    scene.laptop.ok("lock")
    scene.laptop.ok("unlock", password="a new one")


def commits_one_by_one(exchange, late):
    """Each page of a chain has one commit, and comes late."""
    if exchange.answer is None or exchange.method != "GET" or not exchange.target.startswith("/v1/chain/"):
        return
    time.sleep(late)  # what this server is; nothing waits for it
    cursor = Cursor(exchange.answer)
    count = cursor.uint(2)
    if count > 1:
        size = cursor.uint(4)
        exchange.answer = (1).to_bytes(2, "big") + exchange.answer[2 : 6 + size]


@test
def a_round_ends_however_punctual_each_answer_is_and_what_it_has_fetched_stays(world):
    scene = Dragging(world, VAULT_AMOUNT="round.seconds=1")
    scene.phone.stop()
    for n in range(24):
        scene.laptop.put(f"ключ/{n}", b"one commit each")
    scene.laptop.sync()
    world.proxy.rule = lambda exchange: commits_one_by_one(exchange, 0.15)
    scene.phone.start(VAULT_AMOUNT="round.seconds=1")
    scene.phone.unlock()
    said = wait_until(lambda: scene.phone.status()["sync"]["error"], "a round has ended")
    assert "too slow" in said, said
    wait_until(lambda: scene.phone.ctl("sync").code == 0, "all rounds together have all of it", 60)
    assert all(scene.phone.get(f"ключ/{n}") == b"one commit each" for n in range(24))


if __name__ == "__main__":
    main()

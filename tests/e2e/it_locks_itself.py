#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A vault that nobody uses locks itself, and so does one whose machine goes to sleep or whose session is locked."""

import datetime
import os
import subprocess
import time

import near  # noqa: F401
from harness import main, test
from logind import Logind, SystemBus, forge
from waiting import Stopwatch, wait_until

CLAIMS = "L10"

OWN, OTHER = os.geteuid(), os.geteuid() + 1


def laptop_that(world, *options, program="vaultd_test", **env):
    world.start_server()
    laptop = world.device("laptop", program, start=False).start(*options, **env)
    laptop.create()
    laptop.put("note", b"here")
    return laptop


def state(device):
    with device.rpc() as rpc:
        return rpc.call("vault.status")["vault"]["state"]


def seconds_since_1970(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc).timestamp()


# Time without use.


@test
def it_locks_when_nobody_uses_it_however_often_its_state_is_asked(world):
    laptop = laptop_that(world, "--lock-after", "0.02")  # minutes
    with laptop.rpc() as rpc:
        rpc.call("item.get", name="note")
        watch = Stopwatch()

        def locked():
            rpc.call("rpc.discover")
            rpc.call("device.list")
            rpc.call("sync.now")
            return rpc.call("vault.status")["vault"]["state"] == "locked"

        wait_until(locked, "it locks")
        assert 1.1 < watch.seconds < 8, f"locked after {watch.seconds} s, not 1.2"
        assert rpc.call("vault.status")["vault"]["lock_at"] is None
    laptop.fails(5, "get", "note")
    assert b"nobody has used the vault" in laptop.stderr()
    laptop.unlock()
    assert laptop.get("note") == b"here"
    wait_until(lambda: state(laptop) == "locked", "it locks again after an unlock")


@test
def it_stays_open_while_items_are_read_and_says_when_it_will_lock(world):
    laptop = laptop_that(world, "--lock-after", "0.02")
    with laptop.rpc() as rpc:
        watch = Stopwatch()
        while watch.seconds < 3:
            before = time.time()
            assert rpc.get("note") == b"here"
        lock_at = seconds_since_1970(rpc.call("vault.status")["vault"]["lock_at"])
        assert before + 1.19 < lock_at < time.time() + 1.21, f"lock_at is {lock_at - before} s after the use began"
        wait_until(lambda: rpc.call("vault.status")["vault"]["state"] == "locked", "it locks then")


def slow_put(laptop, name):
    """A put whose pipe has given one byte; the pipe, and the program."""
    out, into = os.pipe()
    os.write(into, b"x")
    put = subprocess.Popen([laptop.vaultctl, "--no-input", "put", name], env=laptop.env, stdin=out,
                           stderr=subprocess.PIPE)
    os.close(out)
    return into, put


def stays_open_while_it_lives(laptop, transfer):
    """Longer than the time without use, by the daemon's own clock."""
    def lock_at():
        with laptop.rpc() as rpc:
            return rpc.call("vault.status")["vault"]["lock_at"]

    begun = seconds_since_1970(lock_at())

    def later():
        assert transfer.poll() is None, "it was cut"
        now = lock_at()
        assert now is not None, "it locked in the middle"
        return seconds_since_1970(now) - begun > 3
    wait_until(later, "the time without use has gone by twice")


@test
def a_slow_pipe_into_a_value_keeps_it_open(world):
    laptop = laptop_that(world, "--lock-after", "0.02")
    pipe, put = slow_put(laptop, "slow")
    stays_open_while_it_lives(laptop, put)
    os.write(pipe, b"y")
    os.close(pipe)
    assert put.wait(60) == 0, put.stderr.read()
    assert laptop.get("slow") == b"xy"


@test
def a_reader_that_stands_still_keeps_it_open(world):
    laptop = laptop_that(world, "--lock-after", "0.02")
    film = os.urandom(4 << 20)
    laptop.put("film", film)
    get = subprocess.Popen([laptop.vaultctl, "--no-input", "get", "film"], env=laptop.env, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    first = os.read(get.stdout.fileno(), 1)
    stays_open_while_it_lives(laptop, get)
    rest, err = get.communicate(timeout=60)
    assert get.returncode == 0 and first + rest == film, err


@test
def a_transfer_that_has_stood_still_for_too_long_keeps_nothing_open(world):
    laptop = laptop_that(world, "--lock-after", "0.02", VAULT_PAUSE="transfer.use=300")
    pipe, put = slow_put(laptop, "slow")
    wait_until(lambda: state(laptop) == "locked", "it locks all the same")
    assert put.wait(60) == 5, put.stderr.read()
    os.close(pipe)


@test
def it_can_be_told_to_stay_open_and_to_nothing_that_makes_no_sense(world):
    laptop = laptop_that(world, "--lock-after", "never")
    assert laptop.status()["vault"]["lock_at"] is None
    laptop.stop()
    laptop.start()
    laptop.unlock()
    left = seconds_since_1970(laptop.status()["vault"]["lock_at"]) - time.time()
    assert 14 * 60 < left <= 15 * 60, "a quarter of an hour by default"
    assert b"unlocked, locks itself at 20" in laptop.ok("status")
    laptop.stop()
    for bad in ("-1", "soon", "1e3", "nan", "15m", "999999", ""):
        laptop.spawn([laptop.program, f"--lock-after={bad}"], laptop.env)
        laptop.await_stop(2)
    laptop.process = None


# The session manager.


def on_a_bus(world, bus, **options):
    return laptop_that(world, DBUS_SYSTEM_BUS_ADDRESS=bus.address, **options)


@test
def it_is_locked_before_the_machine_sleeps(world):
    with SystemBus(world.folder) as bus, Logind(bus, {}) as logind:
        laptop = on_a_bus(world, bus, program="vaultd")  # whose Argon2id takes a while
        wait_until(logind.inhibited, "it asks to be waited for")
        with laptop.rpc() as rpc:
            unlock = rpc.send("vault.unlock", {"password": world.password})
            rpc.send("vault.status", {})
            assert rpc.receive()["result"]["vault"]["state"] == "unlocked", "the unlock is under way, the lock waits for it"
            logind.prepare_for("Sleep", True)
            logind.await_release()
            assert state(laptop) == "locked"
            assert rpc.receive()["id"] == unlock
        logind.prepare_for("Sleep", False)
        wait_until(logind.inhibited, "it asks again when awake")
        laptop.unlock()
        logind.prepare_for("Sleep", True)
        logind.await_release()
        assert state(laptop) == "locked"


@test
def it_locks_when_a_session_of_its_user_is_locked_and_no_other(world):
    with SystemBus(world.folder) as bus, Logind(bus, {"mine": OWN, "theirs": OTHER}) as logind:
        laptop = on_a_bus(world, bus)
        wait_until(logind.inhibited, "it is connected")
        for tell in (logind.lock_session, logind.hint_locked):
            tell("theirs")
            tell("theirs")  # its user is asked for when that of the first is known
            wait_until(lambda: logind.asked[-2:] == [OTHER, OTHER], "whose session it was is asked")
            assert state(laptop) == "unlocked"
            tell("mine")
            wait_until(lambda: state(laptop) == "locked", "it locks")
            laptop.unlock()
            logind.asked.clear()
        logind.prepare_for("Shutdown", True)
        wait_until(lambda: state(laptop) == "locked", "it locks when the machine goes down")


@test
def it_believes_nobody_but_the_session_manager(world):
    with SystemBus(world.folder) as bus, Logind(bus, {"theirs": OTHER}) as logind:
        laptop = on_a_bus(world, bus)
        wait_until(logind.inhibited, "it is connected")
        for signal in ("PrepareForSleep", "PrepareForShutdown"):
            forge(bus, logind.clients[-1], signal, "b", (True,))
        logind.lock_session("theirs")
        wait_until(lambda: logind.asked == [OTHER], "it has read what came before")
        assert state(laptop) == "unlocked" and logind.inhibited()


@test
def it_finds_a_bus_and_a_session_manager_that_come_back(world):
    with SystemBus(world.folder) as bus:
        laptop = on_a_bus(world, bus)
        for _ in range(2):
            with Logind(bus, {}) as logind:
                wait_until(logind.inhibited, "it greets the session manager")
        bus.stop()
        laptop.put("note", b"without a bus")
        bus.start()
        with Logind(bus, {"mine": OWN}) as logind:
            wait_until(logind.inhibited, "it is back")
            logind.lock_session("mine")
            wait_until(lambda: state(laptop) == "locked", "it locks")
        assert laptop.stderr().count(b"no session manager") <= 4, laptop.stderr()


@test
def without_a_bus_it_runs_and_says_so_once(world):
    laptop = laptop_that(world, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={world.folder}/nowhere")
    assert laptop.get("note") == b"here"
    laptop.sync()
    assert laptop.stderr().count(b"no session manager") == 1, laptop.stderr()


if __name__ == "__main__":
    main()

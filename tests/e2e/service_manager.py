#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a service manager hears and sees of vaultd and vault-server: ready, alive, how it stands, stopping; and logs.

It is played by a socket of the test's own, as sd_notify(3) describes it.
"""

import os
import re
import signal
import socket
import time

import near  # noqa: F401
from harness import main, test
from rpc import Rpc
from waiting import wait_until

WATCHDOG_SECONDS = 0.4


class Manager:
    """Reads what a program tells its service manager."""

    def __init__(self, world, name="manager"):
        path = world.folder / name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}

    def hear(self, seconds=10.0):
        """The next message; None if there is none for so long."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def hear_until(self, wanted, seconds=10.0):
        deadline = time.monotonic() + seconds
        while (message := self.hear(max(deadline - time.monotonic(), 0.001))) != wanted:
            assert message is not None, f"never heard {wanted}"

    def hears_beats(self, count):
        """Asserts that so many come, and none later than the interval that was asked for."""
        for _ in range(count):
            self.hear_until("WATCHDOG=1", WATCHDOG_SECONDS)

    def forget(self):
        while self.hear(0.001) is not None:
            pass


@test
def ready_is_told_once_and_not_before_the_socket_answers(world):
    manager = Manager(world)
    laptop = world.device("laptop", "vaultd", start=False)
    laptop.spawn([laptop.program], dict(laptop.env, **manager.env))
    first = manager.hear()
    assert first == "READY=1", first
    with Rpc(laptop.socket) as rpc:
        assert rpc.call("vault.status")["vault"]["state"] == "absent"
    heard = {manager.hear() for _ in range(4)}
    assert "READY=1" not in heard and "WATCHDOG=1" in heard and "STATUS=No vault yet" in heard, heard


@test
def the_heart_beats_while_idle_and_under_load_and_not_while_the_process_hangs(world):
    manager = Manager(world)
    world.start_server()
    laptop = world.device("laptop", "vaultd", start=False).start(**manager.env)
    laptop.create()
    manager.forget()
    manager.hears_beats(5)
    with laptop.rpc() as rpc:
        for batch in range(20):
            rpc.send("item.put_many", {"items": [{"name": f"{batch}/{n}", "value": "x" * 100} for n in range(1000)]})
        manager.forget()
        manager.hears_beats(5)
        for _ in range(20):
            rpc.result(rpc.receive())
    os.kill(laptop.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, laptop.process.pid, os.WSTOPPED | os.WNOWAIT)
    manager.forget()
    assert manager.hear(WATCHDOG_SECONDS * 3) is None
    os.kill(laptop.process.pid, signal.SIGCONT)
    manager.hears_beats(2)


@test
def the_status_line_says_how_the_vault_stands_and_what_waits(world):
    manager = Manager(world)
    world.start_server()
    laptop = world.device("laptop", "vaultd", start=False).start(**manager.env)
    manager.hear_until("STATUS=No vault yet")
    laptop.create()
    laptop.sync()
    manager.hear_until("STATUS=Unlocked")
    world.server.stop()
    laptop.put("secret name", b"x")
    manager.hear_until("STATUS=Unlocked, commits to send: 1")
    laptop.ok("lock")
    manager.hear_until("STATUS=Locked, commits to send: 1")


def full(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        try:
            return other.sendto(b"STATUS=of another", path) == 0
        except BlockingIOError:
            return True


@test
def a_manager_that_does_not_read_holds_nobody_up(world):
    manager = Manager(world)
    manager.env["WATCHDOG_USEC"] = "2000"
    laptop = world.device("laptop", "vaultd", start=False).start(**manager.env)
    wait_until(lambda: full(manager.env["NOTIFY_SOCKET"]), "its queue is full")
    assert laptop.status()["vault"]["state"] == "absent"


@test
def nobody_is_told_of_life_who_did_not_ask(world):
    manager = Manager(world)
    del manager.env["WATCHDOG_USEC"]
    world.device("laptop", "vaultd", start=False).start(**manager.env)
    assert [manager.hear(), manager.hear()] == ["READY=1", "STATUS=No vault yet"]
    assert manager.hear(WATCHDOG_SECONDS * 2) is None


@test
def stopping_is_told_at_sigterm_before_the_end(world):
    for number, start in enumerate((start_vaultd, start_server)):
        manager = Manager(world, f"manager{number}")
        program = start(world, manager)
        manager.forget()
        program.stop()
        manager.hear_until("STOPPING=1", 0.1)


def start_vaultd(world, manager):
    return world.device("laptop", "vaultd", start=False).start(**manager.env)


def start_server(world, manager):
    world.bare_env = dict(world.bare_env, **manager.env)
    return world.start_server()


@test
def the_server_is_ready_when_it_has_printed_its_address_and_its_heart_beats(world):
    manager = Manager(world)
    server = start_server(world, manager)
    assert manager.hear() == "READY=1"
    manager.hears_beats(5)
    assert socket.create_connection(("127.0.0.1", server.port))
    os.kill(server.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WNOWAIT)
    manager.forget()
    assert manager.hear(WATCHDOG_SECONDS * 3) is None
    os.kill(server.process.pid, signal.SIGCONT)
    manager.hears_beats(1)


def first_line(world, name, journal):
    laptop = world.device(name, "vaultd", start=False)
    laptop.log.touch()
    at = laptop.log.stat()
    laptop.start(JOURNAL_STREAM=journal.format(at.st_dev, at.st_ino))
    return wait_until(laptop.stderr, "a line in the log").splitlines()[0]


@test
def a_line_has_its_level_in_front_where_stderr_is_the_journal_and_nowhere_else(world):
    assert first_line(world, "journal", "{}:{}") == b"<6>ready"
    assert first_line(world, "inherited", "{}:1{}") == b"ready"
    assert first_line(world, "odd", "yes") == b"ready"


@test
def the_last_line_of_the_log_says_how_long_the_loop_was_ever_held_up(world):
    world.start_server()
    laptop = world.device("laptop", "vaultd")
    laptop.create()
    laptop.stop()
    last = laptop.stderr().decode().splitlines()[-1]
    found = re.fullmatch(r"stopped turns=(\d+) longest_us=(\d+) slept=(\d+) longest_sleeper_us=(\d+)", last)
    assert found and int(found[1]) > 20 and 0 < int(found[2]) < 1_000_000, last
    print(last)


if __name__ == "__main__":
    main()

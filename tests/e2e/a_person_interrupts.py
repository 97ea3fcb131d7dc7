#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A person interrupts what changes the vault, closes the terminal, or has no paper: nothing is lost by it, and they are
told what became of it."""

import json
import os
import signal
import subprocess
import threading

import near  # noqa: F401
from harness import main, test
from proxy import Cut
from terminal import at_terminal, last_group
from waiting import wait_until

CLAIMS = "6"

NEW = "a new password, typed twice"
OLD_STAYS = b"the sheet before stays"
PASSWORD = "Password: "
GROUP = "on your sheet: "


def home(world, proxied=False):
    world.start_server(proxied=proxied)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("notes/caf\u00e9", "d\u00e9j\u00e0 vu".encode())
    laptop.sync()
    return laptop


def printed(device):
    return json.loads(device.ok("recovery", "create", "--json", "--yes", password=device.world.password))["code"]


def in_force(device, code):
    return device.ctl("recovery", "confirm", password=code).code == 0


def confirmed(device):
    return device.status()["vault"]["recovery_confirmed"]


class Gate:
    """A rule that holds the first request that sends a keyring until it is opened."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, exchange):
        if exchange.method == "PUT" and exchange.target.startswith("/v1/keyring") and exchange.answer is None:
            self.reached.set()
            assert self.opened.wait(60)


def begins(device, *words, lines):
    """vaultctl in the middle of its work, as a child."""
    fd = device._pipe_with("\n".join(lines))
    child = subprocess.Popen([device.vaultctl, "--no-input", "--password-fd", str(fd), *words], env=device.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[fd],
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    os.close(fd)
    return child


def is_told(child, words):
    """Reads what it says to the person, until these words have come."""
    said = b""
    while words not in said:
        some = os.read(child.stderr.fileno(), 4096)
        assert some, said
        said += some
    return said


@test
def ctrl_c_at_a_new_sheet_leaves_the_sheet_before_in_force(world):
    laptop = home(world)
    old = printed(laptop)
    said = at_terminal(laptop, "recovery", "create", typed=[(PASSWORD, world.password), (GROUP, b"\x03")])
    assert said.code == -signal.SIGINT and b"the sheet before stays in force" in said.out, said
    assert in_force(laptop, old) and confirmed(laptop)


@test
def a_terminal_that_closes_at_a_new_sheet_leaves_the_sheet_before_in_force(world):
    laptop = home(world)
    old = printed(laptop)
    at_terminal(laptop, "recovery", "create", typed=[(PASSWORD, world.password), (GROUP, None)])
    assert in_force(laptop, old) and confirmed(laptop)


@test
def a_sheet_that_cannot_be_written_leaves_the_sheet_before_in_force(world):
    laptop = home(world)
    old = printed(laptop)
    fd = laptop._pipe_with(world.password)
    with open("/dev/full", "wb") as full:
        said = subprocess.run([laptop.vaultctl, "--no-input", "--password-fd", str(fd), "recovery", "create", "--yes"],
                              env=laptop.env, stdout=full, stderr=subprocess.PIPE, pass_fds=[fd])
    os.close(fd)
    assert said.returncode != 0 and OLD_STAYS in said.stderr, said
    assert in_force(laptop, old)


@test
def a_script_says_that_it_keeps_the_sheet_or_nothing_changes(world):
    laptop = home(world)
    old = printed(laptop)
    said = laptop.ctl("recovery", "create", password=world.password)
    assert said.code != 0 and OLD_STAYS in said.err and b"--yes" in said.err, said
    assert in_force(laptop, old)
    new = last_group(laptop.ok("recovery", "create", "--yes", password=world.password))
    assert not in_force(laptop, old) and new not in old
    assert laptop.fails(6, "recovery", "confirm", password=old)


@test
def a_group_of_another_sheet_puts_none_in_force(world):
    laptop = home(world)
    old = printed(laptop)
    wrong = old[-4:]
    said = at_terminal(laptop, "recovery", "create", typed=[(PASSWORD, world.password)] + [(GROUP, wrong)] * 3)
    assert said.code == 2 and OLD_STAYS in said.out, said
    assert in_force(laptop, old)


@test
def a_slip_is_typed_again_and_the_sheet_before_ends_only_then(world):
    laptop = home(world)
    old = printed(laptop)
    said = at_terminal(laptop, "recovery", "create",
                       typed=[(PASSWORD, world.password), (GROUP, "0000"), (GROUP, last_group)])
    assert said.code == 0 and b"destroy it" in said.out, said
    assert not in_force(laptop, old) and confirmed(laptop)


@test
def status_says_that_nobody_has_the_sheet_that_a_revocation_made_until_somebody_does(world):
    laptop = home(world)
    phone = world.device("phone")
    phone.join()
    printed(laptop)
    laptop.sync()
    said = laptop.ctl("--json", "device", "revoke", "phone", password=f"{world.password}\n{NEW}")
    sheet = json.loads(said.out)["sheet"]
    assert said.code == 0 and not confirmed(laptop)
    assert b"Nobody has confirmed the recovery sheet" in laptop.ok("status")
    laptop.restart()
    assert not confirmed(laptop), "a restart makes nobody have it"
    laptop.ok("recovery", "confirm", password=sheet["code"])
    assert confirmed(laptop) and b"Nobody has confirmed" not in laptop.ok("status")


@test
def ctrl_c_in_passwd_says_that_it_was_too_late(world):
    laptop = home(world, proxied=True)
    gate = world.proxy.rule = Gate()
    child = begins(laptop, "passwd", lines=[world.password, NEW])
    assert gate.reached.wait(60)
    child.send_signal(signal.SIGINT)
    is_told(child, b"Ctrl-C again leaves")
    gate.opened.set()
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0 and b"too late" in err and b"the password was changed" in err, (child.returncode, err)
    world.proxy.rule = None
    laptop.ok("lock")
    laptop.ok("unlock", password=NEW)


@test
def ctrl_c_in_passwd_says_that_nothing_was_changed(world):
    laptop = home(world, proxied=True)
    held = threading.Event()

    def refuses(exchange):
        if exchange.target.startswith("/v1/heads") and exchange.answer is None:
            held.set()
            assert gate.wait(60)
            raise Cut()

    gate = threading.Event()
    world.proxy.rule = refuses
    child = begins(laptop, "passwd", lines=[world.password, NEW])
    assert held.wait(60)
    child.send_signal(signal.SIGINT)
    is_told(child, b"Ctrl-C again leaves")
    gate.set()
    out, err = child.communicate(timeout=90)
    assert child.returncode == 10 and b"Nothing was changed" in err, (child.returncode, err)
    world.proxy.rule = None
    laptop.ok("lock")
    laptop.ok("unlock", password=world.password)


@test
def a_second_ctrl_c_leaves_and_status_says_later_what_became_of_it(world):
    laptop = home(world, proxied=True)
    gate = world.proxy.rule = Gate()
    child = begins(laptop, "passwd", lines=[world.password, NEW])
    assert gate.reached.wait(60)
    child.send_signal(signal.SIGINT)
    is_told(child, b"Ctrl-C again leaves")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT and b"vaultctl status" in err, (child.returncode, err)
    gate.opened.set()
    world.proxy.rule = None
    last = wait_until(lambda: laptop.status()["vault"]["last_change"], "the change has ended")
    assert last["what"] == "vault.change_password" and last["error"] is None, last
    assert b"passwd, made at" in laptop.ok("status")
    laptop.ok("lock")
    laptop.ok("unlock", password=NEW)


if __name__ == "__main__":
    main()

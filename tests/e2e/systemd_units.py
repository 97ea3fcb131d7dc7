#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The units for systemd: that they are sound, that the programs run under what they forbid, and that a socket which
systemd made is taken, or refused with a reason."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import near  # noqa: F401
from harness import TREE, main, test
from programs import Program
from waiting import wait_until

CONFINED = TREE / "tests" / "lib" / "confined.py"
# What `systemd-analyze security` gives, in tenths: lower is tighter. A user's manager can set up no folders.
EXPOSURE = {"user/vaultd.service": 62, "system/vault-server.service": 11}


def installed(world):
    """The folder with lib/systemd of an installation."""
    prefix = world.folder / "prefix"
    subprocess.run(["cmake", "--install", world.build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    return prefix / "lib/systemd"


def analyze(world, *words):
    env = dict(world.bare_env, XDG_RUNTIME_DIR=str(world.folder), HOME=str(world.folder))
    argv = ["systemd-analyze", "--no-pager", *map(str, words)]
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


@test
def systemd_finds_nothing_wrong_with_the_installed_units(world):
    units = installed(world)
    user = [units / "user" / name for name in ("vaultd.service", "vaultd.socket")]
    assert analyze(world, "verify", "--man=no", "--user", *user) == (0, "")
    assert analyze(world, "verify", "--man=no", units / "system/vault-server.service") == (0, "")
    unit = units / "user/vaultd.service"
    unit.write_text(unit.read_text().replace("LockPersonality", "LockPersonalty"))
    assert "LockPersonalty" in analyze(world, "verify", "--man=no", "--user", *user)[1], "and it would say so"


@test
def the_units_expose_no_more_than_they_did(world):
    units = installed(world)
    for unit, threshold in EXPOSURE.items():
        words = ("security", "--offline=true", f"--threshold={threshold}", units / unit)
        code, text = analyze(world, *words)
        print(unit, text.splitlines()[-1])
        assert code == 0, text


def confine(world, name, unit, program):
    """A program that runs this one under the unit's filters."""
    path = world.folder / name
    path.write_text(f'#!/bin/sh\nexec /usr/bin/python3 {CONFINED} {unit} {program} "$@"\n')
    path.chmod(0o755)
    return path


@test
def both_programs_do_their_work_under_the_filters_of_their_units(world):
    units = installed(world)
    server_build, world.build = world.build, world.folder / "confined"
    world.build.mkdir()
    confine(world, "confined/vault-server", units / "system/vault-server.service", server_build / "vault-server")
    confine(world, "confined/vaultd", units / "user/vaultd.service", server_build / "vaultd")
    os.symlink(server_build / "vaultctl", world.build / "vaultctl")
    world.start_server("--metrics", "127.0.0.1:0")
    laptop, phone = world.pair("vaultd")
    for device in (laptop, phone, world.server):
        assert "Seccomp:\t2" in Path(f"/proc/{device.process.pid}/status").read_text(), device.name
    laptop.put("note", b"x" * 60000)
    laptop.sync()
    phone.sync()
    assert phone.get("note") == b"x" * 60000
    laptop.ok("export", "--sealed", str(world.folder / "export"), "--without-large")
    for program in (laptop, world.server):
        program.stop()
    world.server.start(*world.server.options)
    laptop.start()
    laptop.unlock()
    laptop.ok("rm", "note")
    laptop.sync()


@test
def the_filters_forbid_what_they_say(world):
    units = installed(world)
    tries = {
        "import socket; socket.socket(17, socket.SOCK_RAW)": ["user/vaultd.service", "system/vault-server.service"],
        "import socket; socket.socket(16, socket.SOCK_RAW)": ["system/vault-server.service"],
        "import os; os.chroot('/')": list(EXPOSURE),
        "import mmap; mmap.mmap(-1, 4096, prot=7)": list(EXPOSURE),
    }
    for code, where in tries.items():
        free = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        for unit in where:
            argv = ["/usr/bin/python3", CONFINED, units / unit, "/usr/bin/python3", "-c", code]
            done = subprocess.run(argv, capture_output=True, text=True)
            assert done.returncode == 1 and "PermissionError" in done.stderr, (unit, code, done, free)


def activated(world, device, listen, name="activated"):
    """vaultd as systemd starts it: at the first connection to a socket that is there already."""
    program = Program(world.folder, name)
    argv = ["systemd-socket-activate", *(word for at in listen for word in ("-l", at))]
    argv += [word for name, value in device.env.items() for word in ("-E", f"{name}={value}")]
    program.spawn([*argv, device.program], device.env, umask=0o077)
    return program


@test
def a_socket_that_systemd_made_is_served_and_left_to_it(world):
    laptop = world.device("laptop", start=False)
    laptop.socket.parent.mkdir(mode=0o700)
    program = activated(world, laptop, [laptop.socket])
    wait_until(laptop.socket.exists, "the socket")
    assert laptop.status()["daemon"]["pid"] == program.process.pid
    program.stop()
    assert laptop.socket.exists(), "whoever made it removes it"


@test
def other_sockets_that_are_handed_over_are_refused_with_a_reason(world):
    laptop = world.device("laptop", start=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    program = activated(world, laptop, ["%s:%s" % address], "tcp")
    wait_until(lambda: b"Listening on" in program.stderr(), "it listens")
    with socket.create_connection(address):
        program.await_stop(code=13)
    print(program.stderr().decode().splitlines()[-1])


if __name__ == "__main__":
    main()

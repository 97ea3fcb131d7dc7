#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, as a story: two devices, one password, and a server that nobody trusts.

demo.py BUILD runs the release programs of a build folder in a folder of its own, shows each command as a person
types it and what it answers, and ends with 1 as soon as an answer is not what the story says.
"""

import subprocess
import sys

import near  # noqa: F401
from harness import READER, World

COLOUR = sys.stdout.isatty()
ITEM = "shopping/friday"


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text):
    print("\n" + paint("1", text), flush=True)


def fact(text, true):
    """Something the reader may rely on: it was read from an answer just shown."""
    print(paint("32", "  yes: ") + text if true else paint("31", "  NO: ") + text, flush=True)
    if not true:
        raise SystemExit(1)


class Shell:
    """What somebody at this machine types. Commands run in the demo's folder, as they are shown."""

    def __init__(self, world, who, env):
        self.world, self.who = world, who
        self.env = dict(env, PATH=f"{world.build}:{env['PATH']}")

    def show(self, command):
        print(paint("36", f"{self.who}$ ") + command, flush=True)

    def type(self, command, code=0):
        self.show(command)
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.world.folder, env=self.env, capture_output=True, stdin=subprocess.DEVNULL
        )
        for line in (done.stdout + done.stderr).decode(errors="replace").splitlines():
            print("  " + line)
        if done.returncode != code:
            fact(f"it should have ended with {code}, and ended with {done.returncode}", False)
        return done.stdout.decode(errors="replace")


class Machine:
    def __init__(self, world, name):
        self.device = world.device(name, program="vaultd", start=False)
        self.shell = Shell(world, name, self.device.env)
        self.type = self.shell.type

    def on(self):
        self.shell.show("vaultd &")
        self.device.start()

    def off(self):
        self.shell.show(f"kill {self.device.process.pid}    # vaultd, the machine is switched off")
        self.device.stop()

    def enrol(self, verb):
        where = f"--server {self.device.world.url} --account anna --device-name {self.shell.who}"
        return self.type(f"vaultctl {verb} {where} --password-file password")


def start_server(world):
    say("A server starts. It will hold everything and be able to read nothing.")
    shell = Shell(world, "server", world.bare_env)
    server = world.start_server(data=world.folder / "server-data")
    shell.show("vault-server --data server-data --listen 127.0.0.1:0 &")
    print("  " + server.stdout().decode().splitlines()[0])
    return shell


def laptop_creates(world):
    say("A laptop creates a vault and stores an item.")
    laptop = Machine(world, "laptop")
    laptop.on()
    laptop.enrol("create")
    laptop.type(f"echo 'bread, milk, a present for Ben' | vaultctl put {ITEM}")
    fact("the laptop reads what it wrote", laptop.type(f"vaultctl get {ITEM}") == "bread, milk, a present for Ben\n")
    laptop.type("vaultctl sync")
    laptop.off()
    return laptop


def phone_joins(world):
    say("The laptop is off. A phone joins with the password alone.")
    phone = Machine(world, "phone")
    phone.on()
    phone.enrol("join")
    got = phone.type(f"vaultctl get {ITEM}")
    fact("the phone has the item, with no other device to ask", got == "bread, milk, a present for Ben\n")
    say("The phone edits it.")
    phone.type(f"echo 'bread, milk, a kite for Ben' | vaultctl put {ITEM}")
    phone.type("vaultctl sync")
    return phone


def laptop_agrees(laptop):
    say("The laptop comes back.")
    laptop.on()
    laptop.type("vaultctl unlock --password-file password")
    laptop.type("vaultctl sync")
    got = laptop.type(f"vaultctl get {ITEM}")
    fact("the laptop agrees with the phone", got == "bread, milk, a kite for Ben\n")


def server_knows_nothing(server):
    say("What the server has: is the list in it, or its name? And, to see that the search works, the account?")
    found = server.type("grep -rlaE 'kite|bread|shopping|friday' server-data", code=1)
    fact("neither the item nor its name is in the server's folder", found == "")
    fact("the account's name is: that much it is told", server.type("grep -rla anna server-data") != "")


def everything_is_lost(world, laptop, phone):
    say("Laptop and phone fall into a lake. A new machine joins with the password.")
    for machine in (laptop, phone):
        machine.off()
        machine.type("rm -r $XDG_STATE_HOME/vaultd")
    tablet = Machine(world, "tablet")
    tablet.on()
    tablet.enrol("join")
    fact("the item is listed", tablet.type("vaultctl ls").splitlines() == [ITEM])
    got = tablet.type(f"vaultctl get {ITEM}")
    fact("everything is there", got == "bread, milk, a kite for Ben\n")
    fact("all three devices are known", len(tablet.type("vaultctl device ls").strip().splitlines()) >= 3)
    return tablet


def reader_opens(tablet):
    say("And without any of our programs: a short one in Python verifies and opens what the server stores.")
    tablet.type("vaultctl export --sealed export")
    got = tablet.type(f"/usr/bin/python3 {READER} export --password-file password --get {ITEM}")
    fact("the Python reader reads the same bytes", got == "bread, milk, a kite for Ben\n")


def tell(world):
    (world.folder / "password").write_text("correct horse battery staple\n")
    server = start_server(world)
    laptop = laptop_creates(world)
    phone = phone_joins(world)
    laptop_agrees(laptop)
    server_knows_nothing(server)
    tablet = everything_is_lost(world, laptop, phone)
    reader_opens(tablet)
    world.settle()
    say("All of it was so.")


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD")
    world = World(sys.argv[1])
    try:
        tell(world)
    finally:
        world.destroy()


if __name__ == "__main__":
    main()

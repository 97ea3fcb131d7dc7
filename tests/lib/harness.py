# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test stands on: @test marks a sentence, World is the small world that proves it.

A script here is run with the build folder, and perhaps words of the tests wanted. It prints a line per test
as it ends: PASS, FAIL or SKIP, and the sentence. VAULT_KEEP=1 keeps the folder of a failed test;
VAULT_SOAK=1 asks for the large sizes.
"""

import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from programs import Device, Server
from proxy import Proxy
from waiting import Stopwatch

TREE = Path(__file__).resolve().parents[2]
SOAK = bool(os.environ.get("VAULT_SOAK"))
READER = TREE / "tests" / "reader" / "vaultread.py"
tests = []


def test(function=None, proves=""):
    """A test; `proves` names the claims of SECURITY.md and the rows of tests/attacks.txt that it stands for."""
    if function is None:
        return test
    tests.append(function)
    return function


class Skip(Exception):
    """This machine cannot show it; the reason."""


class World:
    """A folder, a server or two, and devices; at its end every process has ended, cleanly, or the test fails."""

    bare_env = {"PATH": "/usr/bin:/bin"}  # no locale, no terminal, no systemd

    def __init__(self, build):
        self.build = Path(build).resolve()
        self.folder = Path(tempfile.mkdtemp(prefix="vt", dir="/tmp"))  # short: a socket's path has 107 bytes
        self.account, self.password = "anna", "correct horse battery staple"
        self.server, self.proxy, self.programs = None, None, []

    def start_server(self, *options, proxied=False, name="server", data=None, program="vault-server"):
        """A server; the first one is the world's. With `proxied`, devices reach it through self.proxy."""
        server = Server(self, name, data, program)
        if proxied:
            self.proxy = Proxy()
            options = (*options, "--origin", self.proxy.url)
        self.programs.append(server)
        server.start(*options)
        if proxied:
            self.proxy.upstream = server.port
        self.server = self.server or server
        return server

    @property
    def url(self):
        return self.proxy.url if self.proxy else self.server.url

    def device(self, name, program="vaultd_test", start=True):
        device = Device(self, name, program)
        self.programs.append(device)
        return device.start() if start else device

    def pair(self, program="vaultd_test"):
        """A laptop that created the vault and a phone that joined it, both unlocked."""
        laptop, phone = self.device("laptop", program), self.device("phone", program)
        laptop.create()
        phone.join()
        return laptop, phone

    def packs_often(self):
        """From here on daemons with seams store their index after so few versions that every run reads its pages."""
        self.bare_env = dict(self.bare_env, VAULT_AMOUNT="index.unsaved=50")

    def settle(self):
        """Ends everything as a person would, and looks whether it had kept to its contract meanwhile."""
        running = [program for program in self.programs if program.running]
        for program in self.programs:
            died = program.process is not None and not program.running and program.process.returncode not in (0, -9)
            assert not died, f"{program.name} died with {program.process.returncode}"
        for program in running:
            program.ask_to_stop()
        for program in running:
            program.await_stop()
        for program in self.programs:
            lines = program.starts if isinstance(program, Server) else 0
            assert program.stdout().count(b"\n") == lines, f"{program.name} wrote {program.stdout()[-200:]!r} to stdout"

    def destroy(self, keep=False):
        for program in self.programs:
            if program.running:
                program.kill()
        if self.proxy:
            self.proxy.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        for program in self.programs:
            print(f"--- end of {program.name}'s stderr\n" + program.stderr()[-2000:].decode(errors="replace"))


def run(function, build):
    sentence, watch = function.__name__.replace("_", " "), Stopwatch()
    world, verdict = World(build), "FAIL"
    try:
        function(world)
        world.settle()
        verdict = "PASS"
    except Skip as skip:
        verdict, sentence = "SKIP", f"{sentence}: {skip}"
    except Exception:
        traceback.print_exc(file=sys.stdout)
        world.logs()
        if os.environ.get("VAULT_KEEP"):
            print("kept", world.folder)
    finally:
        world.destroy(keep=verdict == "FAIL" and bool(os.environ.get("VAULT_KEEP")))
    print(f"{verdict} {sentence} ({watch.seconds:.1f} s)", flush=True)
    return verdict != "FAIL"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the world is destroyed on the way out
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD [WORD...]")
    wanted = [t for t in tests if all(word in t.__name__ for word in sys.argv[2:])]
    results = [run(t, sys.argv[1]) for t in wanted]
    sys.exit(0 if results and all(results) else 1)

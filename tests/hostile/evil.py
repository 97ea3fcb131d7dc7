# SPDX-License-Identifier: Apache-2.0
"""EvilServer as a test sees it: a process, and its verbs as methods."""

from multiprocessing.connection import Client
from pathlib import Path

from programs import Program
from waiting import wait_until

PYTHON = "/usr/bin/python3"
PROGRAM = Path(__file__).resolve().parent / "evil_server.py"


class LieFailed(AssertionError):
    """A verb raised: what it says."""


class EvilServer(Program):
    def __init__(self, world, name="server"):
        super().__init__(world.folder, name)
        self.socket = str(world.folder / f"{name}.sock")
        self.spawn([PYTHON, PROGRAM, self.socket], dict(world.bare_env, PYTHONDONTWRITEBYTECODE="1"))
        self.connection = wait_until(self._connect, f"{name} answers")
        self.url = self("url")
        world.programs.append(self)
        world.server = world.server or self

    def _connect(self):
        assert self.running, f"{self.name} ended: {self.stderr()[-500:]!r}"
        try:
            return Client(self.socket, "AF_UNIX")
        except OSError:
            return None

    def __call__(self, verb, *arguments, **options):
        self.connection.send((verb, arguments, options))
        done, result = self.connection.recv()
        if not done:
            raise LieFailed(f"{verb}: {result}")
        return result

    def __getattr__(self, verb):
        if verb.startswith("_") or "connection" not in self.__dict__:
            raise AttributeError(verb)
        return lambda *arguments, **options: self(verb, *arguments, **options)

# SPDX-License-Identifier: Apache-2.0
"""A server with many descriptors, crowds at it in processes of their own, and how much memory it ever took."""

import json
import resource
import sys
from contextlib import contextmanager
from pathlib import Path

from harness import Skip
from programs import Program
from waiting import wait_until

CROWD = Path(__file__).resolve().parent / "crowd.py"


class Crowd(Program):
    def __init__(self, world, what, number, *more):
        super().__init__(world.folder, f"crowd-{what}")
        argv = [sys.executable, CROWD, what, world.server.port, number, *more]
        self.prefix = ["prlimit", f"--nofile={number + 200}:", "--"] if number > 900 else []
        self.spawn(argv, world.bare_env)
        wait_until(lambda: b"ready" in self.stdout(), f"the crowd ({what}) is there", 60)

    def counted(self):
        """What it says at its end."""
        self.stop()
        return json.loads(self.stdout().splitlines()[1])


@contextmanager
def crowd(world, *words):
    one = Crowd(world, *words)
    try:
        yield one
    finally:
        if one.running:
            one.kill()


def roomy(world, files, *options):
    """The server with so many descriptors."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < files:
        raise Skip(f"a process may have {hard} descriptors here, and this takes {files}")
    server = world.start_server(*options)
    server.stop()
    server.prefix = ["prlimit", f"--nofile={files}:", "--"]
    server.start()


def memory(program, what="VmHWM"):
    """The most that it ever had, in MiB."""
    lines = Path(f"/proc/{program.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(f"{what}:"))

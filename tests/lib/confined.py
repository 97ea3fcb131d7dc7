#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""confined.py UNIT PROGRAM [WORD...]: runs PROGRAM under the system call filters that systemd would make of UNIT.

What is imitated: SystemCallFilter, SystemCallErrorNumber=EPERM, RestrictAddressFamilies and MemoryDenyWriteExecute.
"""

import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path

import seccomp


def settings(unit, name):
    lines = [line.partition("=") for line in Path(unit).read_text().splitlines()]
    return [value for key, _, value in lines if key == name]


def calls_of(group):
    """The names in a group of systemd's, and in the groups it names."""
    text = subprocess.check_output(["systemd-analyze", "syscall-filter", "--no-pager", group], text=True)
    for name in (line.strip() for line in text.splitlines()[1:]):
        if name.startswith("@"):
            yield from calls_of(name)
        elif name and not name.startswith("#"):
            yield name


def allowed(unit):
    names = set()
    for value in settings(unit, "SystemCallFilter"):
        group = {name for word in value.lstrip("~").split() for name in calls_of(word)}
        names = names - group if value.startswith("~") else names | group
    return names


def filter_of(unit):
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    protection, writes_and_runs = 2, mmap.PROT_WRITE | mmap.PROT_EXEC
    restricted = {
        "socket": [seccomp.Arg(0, seccomp.EQ, getattr(__import__("socket"), family))
                   for value in settings(unit, "RestrictAddressFamilies") for family in value.split()],
        "mmap": [seccomp.Arg(protection, seccomp.MASKED_EQ, writes_and_runs, some)
                 for some in (0, mmap.PROT_WRITE, mmap.PROT_EXEC)],
        "mprotect": [seccomp.Arg(protection, seccomp.MASKED_EQ, mmap.PROT_EXEC, 0)],
    }
    assert settings(unit, "MemoryDenyWriteExecute") == ["yes"] and restricted["socket"]
    for name in allowed(unit):
        try:
            for rule in restricted.get(name, [None]):
                rules.add_rule(seccomp.ALLOW, name, *([rule] if rule else []))
        except RuntimeError:
            pass  # of another architecture
    return rules


if __name__ == "__main__":
    confinement = filter_of(sys.argv[1])
    confinement.load()
    os.execv(sys.argv[2], sys.argv[2:])

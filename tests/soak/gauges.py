# SPDX-License-Identifier: Apache-2.0
"""What the programs of a soak take of the machine, read from /proc each second and kept as a table."""

import csv
import os
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass
class Reading:
    seconds: float
    program: str
    rss_anon_kib: int
    swap_kib: int
    threads: int
    fds: int
    cpu_seconds: float
    versions: int  # answered so far, of all devices together
    open: bool  # the program is up, and its vault unlocked


def read_program(process):
    """RssAnon, VmSwap, threads, open files and CPU seconds. OSError when the process is gone."""
    folder = Path("/proc") / str(process.pid)
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    times = (folder / "stat").read_text().rpartition(") ")[2].split()
    cpu = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
    number = lambda name: int(status[name].split()[0])
    return number("RssAnon"), number("VmSwap"), number("Threads"), len(os.listdir(folder / "fd")), cpu


class Gauges(threading.Thread):
    """`programs`: name → Program. `versions` and `is_open` (of a program's name) are asked at each reading."""

    def __init__(self, programs, log, over, versions, is_open):
        super().__init__(name="gauges", daemon=True)
        self.programs, self.log, self.over = programs, log, over
        self.versions, self.is_open, self.readings = versions, is_open, []

    def run(self):
        while not self.over.wait(1):
            for name, program in self.programs.items():
                self.read(name, program)

    def read(self, name, program):
        opened = self.is_open(name)
        try:
            found = read_program(program.process)
        except (OSError, KeyError):  # KeyError: a process that has ended has no memory any more
            return
        # A program that was up before and after the reading was so in it.
        reading = Reading(round(self.log.now(), 1), name, *found, self.versions(), opened and self.is_open(name))
        self.readings.append(reading)

    def of(self, name):
        return [reading for reading in self.readings if reading.program == name]

    def write(self, path):
        with open(path, "w", newline="") as file:
            table = csv.DictWriter(file, [field.name for field in fields(Reading)])
            table.writeheader()
            table.writerows(asdict(reading) for reading in self.readings)


def slope(points):
    """Of the line with the least squares through (x, y); 0 through none."""
    if not points:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0

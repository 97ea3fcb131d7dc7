# SPDX-License-Identifier: Apache-2.0
"""What happens to the programs of a soak meanwhile: the server goes and comes back, devices are locked and unlocked,
a daemon is restarted. Each event is kept with its begin and end, which explain what the apps met."""

import random
import threading
import time
import traceback
from dataclasses import dataclass

GRACE_SECONDS = 2  # an app may notice an event so late


@dataclass
class Event:
    kind: str  # server, lock or restart
    program: str
    how: str
    begin: float
    end: float = float("inf")

    def covers(self, when):
        return self.begin <= when <= self.end + GRACE_SECONDS


class Weather(threading.Thread):
    """Repeats once() until `over`. What fails in it is a trouble of the soak, and ends it.

    The thread stays when it has settled: a process that it started dies with it (setpriv --pdeathsig)."""

    events = []

    def __init__(self, program, log, over, seconds, seed):
        super().__init__(name=f"weather of {program.name}", daemon=True)
        self.program, self.log, self.over, self.seconds = program, log, over, seconds
        self.chance, self.settled = random.Random(seed), threading.Event()

    def run(self):
        try:
            while not self.over.is_set():
                self.once()
        except Exception:
            self.log.trouble(self.name, traceback.format_exc())
            self.over.set()
        self.settled.set()
        threading.Event().wait()

    def happen(self, kind, how, begin, middle_seconds, end):
        event = Event(kind, self.program.name, how, self.log.now())
        self.events.append(event)
        begin()
        self.over.wait(middle_seconds)
        end()
        event.end = self.log.now()

    @classmethod
    def calm(cls, name):
        """No event of this program is under way."""
        return all(event.end != float("inf") for event in cls.events if event.program == name)


class ServerWeather(Weather):
    def once(self):
        if self.over.wait(self.chance.uniform(1, min(60, self.seconds / 6))):
            return
        how, go = self.chance.choice([("SIGTERM", self.program.stop), ("SIGKILL", self.program.kill)])
        self.happen("server", how, go, self.chance.uniform(0, 10), self.program.start)


class DeviceWeather(Weather):
    """`restarts` are moments, in seconds: by SIGKILL and SIGTERM in turn."""

    def __init__(self, *given, restarts=()):
        super().__init__(*given)
        self.restarts, self.kills = list(restarts), 0

    def once(self):
        pause = self.chance.uniform(0.05, 0.15) * self.seconds
        if self.restarts and self.restarts[0] <= self.log.now() + pause:
            if not self.over.wait(max(0, self.restarts.pop(0) - self.log.now())):
                self.restart()
        elif not self.over.wait(pause):
            self.happen("lock", "lock", lambda: self.program.ok("lock"), self.chance.uniform(1, 10), self.unlock)

    def restart(self):
        how, go = [("SIGKILL", self.program.kill), ("SIGTERM", self.program.stop)][self.kills % 2]
        self.kills += 1
        self.happen("restart", how, go, self.chance.uniform(0, 3), lambda: (self.program.start(), self.unlock()))

    def unlock(self):
        began = time.perf_counter()
        self.program.ok("unlock", password=self.program.world.password, timeout=300)
        self.log.took["unlock"].append(time.perf_counter() - began)

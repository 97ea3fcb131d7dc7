#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An hour of a household, with the release programs: two devices of ten local apps each, a server that comes and goes,
locks, restarts. Nothing answered may be lost, and memory may grow by what the history takes and no more.

soak_hour.py BUILD [SECONDS]: leaves soak.csv and rss.svg in BUILD/../soak, prints ten lines and whether it holds."""

import random
import statistics
import sys
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "soak")]
from apps import App, Log  # noqa: E402
from figure import draw  # noqa: E402
from gauges import Gauges, read_program, slope  # noqa: E402
from harness import World  # noqa: E402
from verdict import losses  # noqa: E402
from waiting import Stopwatch, wait_until  # noqa: E402
from weather import DeviceWeather, ServerWeather, Weather  # noqa: E402

APPS = 10  # of each device
LEAK_KIB_AN_HOUR = 4096  # beside what versions take: 30 bytes an operation at this load would be over it
JUDGED_FROM_SECONDS = 1500  # in a shorter run the allocator's steps are steeper than any leak
QUIET_FDS = 3  # more than before the apps came: a connection to the server, and its long poll, come and go


class Soak:
    def __init__(self, build, seconds):
        self.world, self.seconds, self.seed = World(build), seconds, random.randrange(1 << 32)
        self.out = Path(build).resolve().parent / "soak"
        self.out.mkdir(exist_ok=True)
        self.over, self.watch = threading.Event(), Stopwatch()
        self.apps = []

    def start(self):
        self.world.start_server()
        self.devices = list(self.world.pair("vaultd"))
        self.programs = {program.name: program for program in (*self.devices, self.world.server)}
        self.log = Log()
        self.empty = {device.name: self.reopened(device) for device in self.devices}
        self.quiet = {name: read_program(program.process) for name, program in self.programs.items()}

    def reopened(self, device):
        """RssAnon, in KiB, of a daemon that has just opened what there is."""
        device.restart()
        device.unlock()
        return read_program(device.process)[0]

    def versions(self):
        return sum(app.versions for app in self.apps)

    def run(self):
        self.log.began = Stopwatch().began
        seeds = random.Random(self.seed)
        seed = lambda: seeds.randrange(1 << 32)
        self.apps = [App(d, n, self.log, self.over, seed()) for d in self.devices for n in range(APPS)]
        laptop, phone = self.devices
        given = (self.log, self.over, self.seconds)
        weather = [ServerWeather(self.world.server, *given, seed()), DeviceWeather(laptop, *given, seed()),
                   DeviceWeather(phone, *given, seed(), restarts=[0.15 * self.seconds, 0.35 * self.seconds])]
        self.gauges = Gauges(self.programs, self.log, self.over, self.versions, Weather.calm)
        threads = [*self.apps, self.gauges]
        for thread in (*threads, *weather):
            thread.start()
        self.over.wait(self.seconds)
        self.over.set()
        for one in weather:
            assert one.settled.wait(300), f"{one.name} does not end"
        for thread in threads:
            thread.join(300)
            assert not thread.is_alive(), f"{thread.name} does not end"

    def end(self):
        """Everything that must hold, in words when it does not."""
        laptop, phone = self.devices
        for device in (laptop, phone, laptop):
            device.ok("sync", timeout=300)
        yield from self.log.troubles
        yield from self.unexplained()
        yield from self.left_open()
        tablet = self.world.device("tablet", "vaultd")
        tablet.join(timeout=1800)
        yield from losses([laptop, phone, tablet], self.apps)
        self.full = {device.name: self.reopened(device) for device in self.devices}
        yield from self.leaks()

    def unexplained(self):
        """Refusals and cut connections that neither a lock nor a restart of that device explains."""
        for when, device, what in self.log.excuses:
            if not any(event.program == device and event.covers(when) for event in Weather.events):
                yield f"{when:.0f} s, an app of {device}: {what}, and nothing had happened"

    def left_open(self):
        """Threads and files of a program that the apps have left, against those before they came."""
        for name, (_, _, threads, fds, _) in self.quiet.items():
            process = self.programs[name].process
            now = lambda: read_program(process)[2:4]
            try:
                wait_until(lambda: now()[0] <= threads and now()[1] <= fds + QUIET_FDS, "quiet")
            except AssertionError:
                yield f"{name} had {threads} threads and {fds} files before the apps came; they left it {now()}"

    def growth(self, name):
        """RssAnon in KiB an hour over the second half, without what the history takes; and bytes a version."""
        later = [r for r in self.gauges.of(name) if r.seconds > self.seconds / 2 and r.open]
        each = max(self.full[name] - self.empty[name], 0) / self.versions() if name in self.full else 0
        return 3600 * slope([(r.seconds, r.rss_anon_kib - each * r.versions) for r in later]), 1024 * each

    def leaks(self):
        for name in self.programs if self.seconds >= JUDGED_FROM_SECONDS else ():
            if (grown := self.growth(name)[0]) > LEAK_KIB_AN_HOUR:
                yield f"{name} grows by {grown:.0f} KiB an hour; {LEAK_KIB_AN_HOUR} are allowed"

    def summary(self):
        took = self.log.took
        count = sum(map(len, took.values()))
        yield f"{self.seconds:.0f} s, seed {self.seed}: {count} operations, {self.versions()} versions"
        yield "operations: " + ", ".join(f"{kind} {len(times)}" for kind, times in took.items())
        yield "latency in ms, p50/p99/max: " + ", ".join(f"{kind} {quantiles(times)}" for kind, times in took.items())
        counts = [f"{program} {how} {sum((e.program, e.how) == (program, how) for e in Weather.events)}"
                  for program, how in sorted({(e.program, e.how) for e in Weather.events})]
        yield "events: " + ", ".join(counts)
        yield f"syncs seen to succeed: {len(self.log.syncs)}; refusals explained by an event: {len(self.log.excuses)}"
        for name in self.programs:
            yield self.memory(name)

    def memory(self, name):
        readings = self.gauges.of(name)
        opened = [r for r in readings if r.open] or readings
        grown, each = self.growth(name)
        most = lambda what: max(getattr(reading, what) for reading in readings)
        return (f"{name}: RssAnon first {opened[0].rss_anon_kib} last {opened[-1].rss_anon_kib} most "
                f"{most('rss_anon_kib')} KiB, {each:.0f} bytes a version, beside them {grown:+.0f} KiB/h; "
                f"swap {most('swap_kib')} KiB, threads {most('threads')}, files {most('fds')}")


def quantiles(times):
    ordered = sorted(1000 * time for time in times)
    return f"{statistics.median(ordered):.1f}/{ordered[int(len(ordered) * 0.99)]:.1f}/{ordered[-1]:.0f}"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} BUILD [SECONDS]")
    soak = Soak(sys.argv[1], float(sys.argv[2]) if len(sys.argv) == 3 else 3600)
    try:
        soak.start()
        soak.run()
        soak.gauges.write(soak.out / "soak.csv")
        draw(soak.out / "rss.svg", soak.seconds, soak.gauges, Weather.events)
        failures = list(soak.end())
        print(*soak.summary(), sep="\n")
        soak.world.settle()
    except BaseException:
        print(*soak.log.troubles[:40], sep="\n")
        soak.world.logs()
        raise
    finally:
        soak.world.destroy()
    print(*(f"FAIL {failure}" for failure in failures[:40]), sep="\n")
    verdict = "FAIL" if failures else "PASS"
    print(f"{verdict}: {len(failures)} failures, {soak.watch.seconds:.0f} s in all; see {soak.out}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Passes every test of a build folder: the unit tests and fuzzers' corpora (ctest), the Python reader's, the
end-to-end scripts (those in tests/net in network namespaces), the hostile server's, the model's, worlds of all troubles at once and the demo. A line per test as it
ends; logs below BUILD/logs; the last line counts. After BUILD may stand which: unit, reader, e2e, demo (a part of e2e).

A skipped test is listed with its reason, and fails the run unless tests/skips.txt expects it.
"""

import fnmatch
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's: the one that has python3-cryptography
WORKERS = 2
DEADLINE_SECONDS = 900  # of any one script, or of ctest
TAIL_LINES = 60
LONGEST_FIRST = ["every_world_comes_to_rest", "crash_rounds", "a_database_is_damaged", "a_death_at_every_step", "keys_change_in_any_weather", "four_gigabyte_film",
                 "sheets_serve_in_any_weather", "devices_come_in_any_weather", "write_path", "odd_values_and_limits", "withheld_pages",
                 "laptop_stores_thousand_offline_phone_joins",
                 "networks_come_and_go", "answers_without_end", "a_crowd_at_the_server"]


class Tally:
    def __init__(self):
        self.counts, self.skips, self.lock = Counter(), [], threading.Lock()
        patterns = [line.split("#")[0].strip() for line in (TESTS / "skips.txt").read_text().splitlines()]
        self.expected = [pattern for pattern in patterns if pattern]

    def add(self, verdict, name, note="", output=""):
        """One test has ended. `note` is the time it took, or the reason of a skip."""
        if verdict == "SKIP" and not any(fnmatch.fnmatch(name, pattern) for pattern in self.expected):
            verdict, note = "FAIL", f"skipped, and tests/skips.txt does not expect it: {note}"
        with self.lock:
            self.counts[verdict] += 1
            if verdict == "SKIP":
                self.skips.append(f"skipped {name}: {note}")
            print(f"{verdict} {name}" + (f" ({note})" if note else ""), flush=True)
            if verdict == "FAIL":
                print("".join(f"    {line}\n" for line in output.splitlines()[-TAIL_LINES:]), end="", flush=True)

    def end(self, name, code, ended, output):
        """A whole suite has ended: it must have had tests, and its exit code must be theirs."""
        if not ended or (code != 0) != ("FAIL" in ended):
            self.add("FAIL", name, f"exited {code} after {len(ended)} tests", output)


class Run:
    """A program under a deadline, its output kept in a file and given line by line as it comes."""

    def __init__(self, argv, log):
        self.argv, self.log, self.code, self.text = [str(word) for word in argv], log, None, ""

    def lines(self):
        env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        process = subprocess.Popen(self.argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace")
        deadline = threading.Timer(DEADLINE_SECONDS, process.terminate)
        deadline.start()
        with open(self.log, "w") as log:
            for line in process.stdout:
                log.write(line)
                self.text += line
                yield line.rstrip("\n")
        self.code = process.wait()
        deadline.cancel()

    def finish(self):
        for _ in self.lines():
            pass
        return self


def run_unit(build, tally):
    ctest = Run(["ctest", "--test-dir", build, "-j", WORKERS, "--timeout", 300, "--output-on-failure"],
                build / "logs" / "unit.log")
    ended, failing = [], False
    for line in ctest.lines():
        found = re.match(r" *\d+/\d+ Test +#\d+: (\S+) \.*(.*?) +([\d.]+) sec", line)
        if found:
            name, word, seconds = found.groups()
            verdict = "PASS" if word.strip() == "Passed" else "SKIP" if "Skipped" in word else "FAIL"
            failing = verdict == "FAIL"
            ended.append(verdict)
            tally.add(verdict, f"unit/{name}", word.strip(" *") if verdict == "SKIP" else f"{seconds} s")
        elif re.match(r" *Start +\d+: |\d+% tests passed", line):
            failing = False
        elif failing:
            print("    " + line)
    tally.end("unit", ctest.code, ended, ctest.text)
    skips_inside(build, tally)


def skips_inside(build, tally):
    """A case of a unit test that skips says so in a warning of its file, "skipped: reason"; ctest keeps all output."""
    name = where = "?"
    for line in (build / "Testing" / "Temporary" / "LastTest.log").read_text(errors="replace").splitlines():
        if found := re.match(r"\d+/\d+ Test: (\S+)", line):
            name = found[1]
        elif found := re.match(r"\S*?([\w.]+:\d+): warning:", line):
            where = found[1]
        elif found := re.match(r" +skipped: (.*)", line):
            tally.add("SKIP", f"unit/{name}/{where}", found[1])


def run_reader(build, tally):
    tests = Run([PYTHON, "-m", "unittest", "discover", "-v", "-s", TESTS / "reader"], build / "logs" / "reader.log")
    tests.finish()
    ended = []
    # A test with a docstring takes two lines: its name, then the docstring and the word.
    line = re.compile(r"^(\w+) \([\w.]+\)(?:\n[^\n]*?)? \.\.\. (ok|FAIL|ERROR|skipped) ?(.*)$", re.M)
    for name, word, note in line.findall(tests.text):
        ended.append("PASS" if word == "ok" else "SKIP" if word == "skipped" else "FAIL")
        tally.add(ended[-1], f"reader/{name}", note)
    tally.end("reader", tests.code, ended, tests.text)


def run_script(script, build, tally):
    """One end-to-end script: each line that begins with a verdict is a test that ended."""
    run = Run([PYTHON, script, build], build / "logs" / f"{script.stem}.log")
    ended, since = [], []
    for line in run.lines():
        found = re.match(r"(PASS|FAIL|SKIP) (.*?)(?:: (.*))? \(([\d.]+ s)\)$", line)
        if not found:
            since.append(line)
            continue
        verdict, sentence, reason, seconds = found.groups()
        ended.append(verdict)
        tally.add(verdict, f"{script.stem}/{sentence}", reason or seconds, "\n".join(since))
        since = []
    tally.end(script.stem, run.code, ended, run.text)


def run_demo(build, tally):
    began = time.monotonic()
    demo = Run([PYTHON, TESTS / "e2e" / "demo.py", build], build / "logs" / "demo.log").finish()
    tally.add("FAIL" if demo.code else "PASS", "demo", f"{time.monotonic() - began:.1f} s", demo.text)


def run_e2e(build, tally):
    found = [path for folder in ("e2e", "hostile", "model", "net", "nonce", "worlds") for path in sorted((TESTS / folder).glob("*.py"))]
    scripts = [path for path in found if re.search(r"^ *(@(test\b|lie\w*\()|add_rows\()", path.read_text(), re.M)]
    scripts.sort(key=lambda path: path.stem not in LONGEST_FIRST)
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(run_script, script, build, tally) for script in scripts]
        jobs.append(pool.submit(run_demo, build, tally))
        for job in jobs:
            job.result()


SUITES = {"unit": run_unit, "reader": run_reader, "e2e": run_e2e, "demo": run_demo}


def main():
    suites = sys.argv[2:] or ["unit", "reader", "e2e"]
    if len(sys.argv) < 2 or not set(suites) <= set(SUITES):
        sys.exit(f"usage: {sys.argv[0]} BUILD [{' | '.join(SUITES)}]...")
    build = Path(sys.argv[1]).resolve()
    (build / "logs").mkdir(parents=True, exist_ok=True)
    tally, took = Tally(), []
    for suite in suites:
        began = time.monotonic()
        SUITES[suite](build, tally)
        took.append(f"{suite} {time.monotonic() - began:.0f} s")
    print("time: " + ", ".join(took))
    for skip in tally.skips:
        print(skip)
    print("{PASS} passed, {FAIL} failed, {SKIP} skipped".format_map(tally.counts))
    sys.exit(1 if tally.counts["FAIL"] or not tally.counts["PASS"] else 0)


if __name__ == "__main__":
    main()

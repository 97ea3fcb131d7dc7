#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rounds of tests/e2e/crash_rounds.py, thousands of them, each hundred in a vault of its own: prints a line for each
hundred, and in the end where everything died. Goes on where an earlier run was stopped.

soak_crash.py BUILD [ROUNDS]: keeps its state in BUILD/../soak/crash.json; remove that to begin anew."""

import json
import random
import sys
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "e2e")]
from crash_rounds import DAEMON_POINTS, ROUNDS, SERVER_POINTS, rounds  # noqa: E402
from harness import World  # noqa: E402
from waiting import Stopwatch  # noqa: E402

EVERY_POINT_FROM = 1000  # rounds; fewer may miss one by chance


class Progress:
    """What is done so far. Each hundred has a seed of its own, by the run's seed and its number."""

    def __init__(self, path):
        self.path = path
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.seed, self.done = kept.get("seed", random.randrange(1 << 32)), kept.get("done", 0)
        self.puts, self.seconds, self.hits = kept.get("puts", 0), kept.get("seconds", 0), Counter(kept.get("hits", {}))

    def add(self, batch, seconds):
        self.done += batch.number
        self.puts += sum(ledger.puts for ledger in batch.ledgers.values())
        self.seconds += seconds
        self.hits += batch.hits
        self.path.write_text(json.dumps({key: value for key, value in vars(self).items() if key != "path"}))

    def next_seed(self):
        return self.seed * 1_000_003 + self.done


def hundred(build, progress):
    world, watch = World(build), Stopwatch()
    try:
        batch = rounds(world, ROUNDS, progress.next_seed())
        world.settle()
    except BaseException:
        world.logs()
        raise
    finally:
        world.destroy()
    progress.add(batch, watch.seconds)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} BUILD [ROUNDS]")
    build, most = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) == 3 else 10_000
    folder = build.parent / "soak"
    folder.mkdir(exist_ok=True)
    progress = Progress(folder / "crash.json")
    print(f"seed {progress.seed}, {progress.done} of {most} rounds are done", flush=True)
    while progress.done < most:
        hundred(build, progress)
        left = progress.seconds / progress.done * (most - progress.done)
        print(f"{progress.done} rounds, {progress.puts} answered puts, {sum(progress.hits.values())} kills, "
              f"{progress.seconds:.0f} s; {left / 60:.0f} min to go", flush=True)
    for what, times in sorted(progress.hits.items()):
        print(f"  {times:6} {what}")
    missed = (DAEMON_POINTS.keys() | SERVER_POINTS.keys()) - progress.hits.keys()
    if progress.done >= EVERY_POINT_FROM and missed:
        sys.exit(f"nobody died at {sorted(missed)}")


if __name__ == "__main__":
    main()

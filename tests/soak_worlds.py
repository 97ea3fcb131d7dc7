#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The worlds of tests/worlds, thousands of them, a few at a time. A world that breaks does not end it: its script is made small and
kept, and in the end each kind of what broke is shown with the smallest script of its kind.

soak_worlds.py BUILD [COUNT [FIRST SEED]]: keeps the scripts in BUILD/../soak/worlds; WORLD_WITHOUT as in every_world_comes_to_rest.py."""

import random
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "worlds")]
from every_world_comes_to_rest import left_out  # noqa: E402
from one_world import live, smaller  # noqa: E402
from steps import Generator, text_of  # noqa: E402
from waiting import Stopwatch  # noqa: E402

WORKERS, SHRINKS = 2, 60


def one(build, folder, seed, without):
    """(seed, what broke or None, the small script)"""
    steps = Generator(seed, without).steps()
    outcome = live(build, steps, without)
    if outcome.good:
        return seed, None, []
    script = folder / f"{seed}.steps"
    script.write_text(text_of(steps, *outcome.text.splitlines()))
    few = smaller(build, steps, outcome.kind, SHRINKS, without)
    script.write_text(text_of(few, *outcome.text.splitlines()))
    (folder / f"{seed}.log").write_text("\n".join(outcome.transcript) + f"\n{outcome.text}\n")
    return seed, outcome.kind, few


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(f"usage: {sys.argv[0]} BUILD [COUNT [FIRST SEED]]")
    build, count = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    first = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    folder = build.parent / "soak" / "worlds"
    folder.mkdir(parents=True, exist_ok=True)
    without, watch, broken = left_out(), Stopwatch(), defaultdict(list)
    print(f"seeds {first} to {first + count - 1}, without {', '.join(sorted(without)) or 'nothing'}", flush=True)
    with ProcessPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(one, build, folder, seed, without) for seed in range(first, first + count)]
        for number, job in enumerate(jobs, 1):
            seed, kind, few = job.result()
            if kind:
                broken[kind].append((len(few), seed, few))
                print(f"seed {seed}: {kind}, in {len(few)} steps", flush=True)
            if number % 100 == 0:
                print(f"{number} worlds, {watch.seconds:.0f} s", flush=True)
    for kind, some in sorted(broken.items()):
        length, seed, few = min(some)
        print(f"\n{kind}: {len(some)} worlds; {folder}/{seed}.steps\n{text_of(few)}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()

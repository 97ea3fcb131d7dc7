#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three devices, what comes of them, and all that can happen to them at once: backups put back, folders copied, disks full, bits
turned over, deaths, lost requests, a server that hides, delays and shows old states, new passwords, revocations, sheets. When the
troubles are over and everybody has done what the programs said, nothing that was answered is lost, nobody is stuck, and nobody who
kept their state was taken for a clone.

    every_world_comes_to_rest.py BUILD [WORD...]      as every script of tests
    VAULT_SEED=n  one seed alone     VAULT_STEPS=FILE  a script of steps     VAULT_WORLD_SECONDS=n  for so long
    WORLD_WITHOUT=flips,copies  without these adversities; steps.py lists them. WORLD_WITHOUT= with all of them."""

import os
import random
from collections import Counter
from pathlib import Path

import near  # noqa: F401
from harness import SOAK, main, test
from one_world import live, smaller
from steps import ADVERSITIES, Generator, steps_of, text_of
from truth import Broken
from waiting import Stopwatch

HERE = Path(__file__).resolve().parent
FAILED = HERE / "failed"
SECONDS = float(os.environ.get("VAULT_WORLD_SECONDS") or (3600 if SOAK else 100))
SHRINKS = int(os.environ.get("VAULT_WORLD_SHRINKS") or (200 if SOAK else 40))


def left_out():
    """The adversities that this tree does not stand yet; the environment says otherwise."""
    words = os.environ.get("WORLD_WITHOUT")
    if words is None:
        lines = (HERE / "without.txt").read_text().splitlines()
        words = ",".join(line.split("#")[0].strip() for line in lines)
    names = {word.strip() for word in words.split(",") if word.strip()}
    assert names <= ADVERSITIES.keys(), f"no adversities: {names - ADVERSITIES.keys()}"
    return names


def broken(build, steps, outcome, title):
    """Shows the smallest script that breaks alike."""
    print(f"    {title} breaks: {outcome.text[:2000]}", flush=True)
    few = smaller(build, steps, outcome.kind, SHRINKS, left_out())
    script = text_of(few, f"{outcome.kind}; from {title}", outcome.text.splitlines()[0][:200])
    print("    put this into tests/worlds/failed/NAME.steps, when it is understood:\n" + script, flush=True)
    if folder := os.environ.get("VAULT_WORLD_FAILED"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{title.replace(' ', '-').replace('=', '-')}.steps").write_text(script)
    raise Broken(outcome.kind, f"in a world of {len(few)} steps, of {title}")


def forgets_a_write(home):
    some = next(iter(home.truth.writes.values()))
    lost = some.version[:-1] + ("0" if some.version[-1] != "0" else "1")
    home.truth.wrote(home.get("laptop").folder, some.name, lost, b"", "laptop")


def changes_a_value(home):
    next(iter(home.truth.writes.values())).value += b"."


def repeats_a_pair(home):
    line = home.audit.read_text().splitlines()[0].split()
    with open(home.audit, "a") as audit:
        audit.write(" ".join([line[0], "0" * 64, *line[2:]]) + "\n")


def was_another(home):
    home.get("phone").first_id = "0" * 32


def must_be_another(home):
    home.get("phone").dead_ids.add(home.get("phone").status()["device"]["id"])


def never_knew_the_password(home):
    home.truth.passwords = ["never the password"]


@test
def what_must_not_be_would_be_seen(world):
    steps = [["put", "laptop", "a", 20, 1], ["sync", "laptop"]]
    for spoil, kind in ((forgets_a_write, "lost"), (changes_a_value, "changed"), (repeats_a_pair, "pair"), (was_another, "convicted"),
                        (must_be_another, "not rolled"), (never_knew_the_password, "passwords")):
        outcome = live(world.build, steps, left_out(), spoil=spoil)
        assert outcome.kind == kind, f"{spoil.__name__}: {outcome.kind}, {outcome.text}"


@test
def worlds_that_broke_once_come_to_rest(world):
    broken = []
    still = {line.split("#")[0].strip() for line in (HERE / "open.txt").read_text().splitlines()}
    for path in sorted(FAILED.glob("*.steps")):
        if path.name in still:
            print(f"    left out, it is open: {path.name}")
        elif not (outcome := live(world.build, steps_of(path.read_text()), set())).good:
            broken.append(f"{path.name}: {outcome.text[:600]}")
    assert not broken, "\n".join(broken)


@test
def every_world_comes_to_rest(world):
    if script := os.environ.get("VAULT_STEPS"):
        outcome = live(world.build, steps_of(Path(script).read_text()), left_out(), verbose=True, keep=bool(os.environ.get("VAULT_KEEP")))
        print("\n".join(outcome.transcript[-200:] if not outcome.good else []))
        assert outcome.good, outcome.text
        return
    watch, count, without, sums = Stopwatch(), 0, left_out(), Counter()
    seeds = random.Random(os.environ.get("VAULT_WORLD_BASE") or (None if SOAK else 1))
    print(f"    without: {', '.join(sorted(without)) or 'nothing'}")
    while watch.seconds < SECONDS:
        seed = int(os.environ.get("VAULT_SEED") or seeds.randrange(1 << 32))
        steps = Generator(seed, without).steps()
        outcome = live(world.build, steps, without)
        if not outcome.good:
            broken(world.build, steps, outcome, f"VAULT_SEED={seed}")
        count += 1
        sums.update(outcome.counts)
        if os.environ.get("VAULT_SEED"):
            break
    print(f"    {count} worlds in {watch.seconds:.0f} s: {', '.join(f'{many} {what}' for what, many in sums.items())}")


if __name__ == "__main__":
    main()

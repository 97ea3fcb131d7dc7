#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks tests/model/vault.pml by spin, over bounded spaces: that the design holds where it must, and that each error which
is put in is found. Prints a table, and how each error shows, by the shortest way there.

model.py BUILD [few]     `few` takes the smaller bounds, those of ./run test
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

MODEL = Path(__file__).resolve().parent / "vault.pml"
PAN_SECONDS = 600


def numbers(first, last):
    """The names that vault.pml gives to bits between two of its lines: {name: bit}."""
    text = MODEL.read_text()
    between = text[text.index(f"#define {first} "):text.index(f"#define {last} ")]
    found = re.findall(r"^#define (\w+) (\d+) ", between + "\n", re.M) + re.findall(rf"^#define ({last}) (\d+)", text, re.M)
    return {name: int(bit) for name, bit in found}


ERRORS = numbers("NO_COUNTER", "TWO_STEPS")
PROPERTIES = numbers("PAIR", "REACHED")
PROMISES = [name for name in PROPERTIES if name not in ("REACHED", "CALM")]

PROPERTY_WORDS = {
    "PAIR": "two ciphertexts have one pair (ek, iv)",
    "PAIR_KEPT": "two ciphertexts of durable commits have one pair (ek, iv)",
    "SALT": "two objects have one salt",
    "RISES": "the counter does not rise along a chain",
    "BYTES": "a seq is handed to the network with other bytes than before",
    "NOTICED": "a write begins on a state that is behind its anchor, or another machine's",
    "LOST": "a write that was answered is nowhere",
    "STAYS": "what readers applied they apply no more",
    "REVOKED": "a device that knows itself revoked sends",
    "STEP": "a device is in step, and knows of a write that readers lack",
    "OLD_KEY": "what was sealed under an older vault key than the newest that is known is sent",
    "CONVICTED": "two signatures for one seq are outside, of a device that kept its state",
    "AGREES": "a device has another commit than its keyring names, and does not know that it needs a new identity",
    "PASSED": "a jump passes over what its keyring names",
    "NOISE": "the server has a commit that readers cannot verify",
    "CALM": "accidents have ended, people have done what is asked of them, and still somebody is out of step, or a write is lacking",
    "ROOM": "a table of the model is full: its bound is not the one that is named",
    "REACHED": "both have new identities, are in step, and every write is applied",
}

STEP_WORDS = [
    (r"set (\d+)", lambda m: writes(int(m[1]))),
    (r", held 1", lambda _: " and finds its state older, or copied: it must roll before it writes"),
    (r", held 0", lambda _: ""),
    (r" \(on-line 1\)", lambda _: " on-line"),
    (r" \(on-line 0\)", lambda _: " off-line"),
    (r", revokes identity 0 at commit 0", lambda _: ", revokes nobody"),
    (r"at commit 0\b", lambda _: "before its first commit"),
    (r", after commit 0\b", lambda _: ", as the first of its chain"),
    (r"head 0\b", lambda _: "empty"),
    (r", answer 1", lambda _: "; the device hears so"),
    (r"\(not stored; the device hears so\)", lambda _: "(not stored; the device hears that it is)"),
    (r", answer 0", lambda _: "; the answer is lost"),
]


def writes(mask):
    names = [str(n + 1) for n in range(8) if mask >> n & 1]
    return "nothing" if not names else ("write " if len(names) == 1 else "writes ") + " and ".join(names)


def in_words(step):
    for pattern, words in STEP_WORDS:
        step = re.sub(pattern, words, step)
    return step


@dataclass
class Row:
    """One search: what may happen, how often, which errors are in, and what must come of it."""
    name: str
    may: dict                                         # options of the model: kinds of accident and their bounds
    few: dict | None = field(default_factory=dict)    # what of it is smaller in ./run test; None: not there
    errors: tuple = ()
    properties: tuple = tuple(PROMISES)
    breaks: str | None = None                         # the property that must not hold; None: all hold

    def options(self, few):
        given = dict(self.may, **(self.few if few else {}))
        given["seeded"] = sum(ERRORS[name] for name in self.errors)
        given["checks"] = sum(PROPERTIES[name] for name in self.properties)
        return {name: str(value) for name, value in given.items()}


WINDOW = tuple(name for name in PROMISES if name != "STAYS")
PAIRS = ("PAIR", "PAIR_KEPT")
ONE_CLONE = {"writes": 2, "clone": 1, "faults": 1, "rolls": 2}
A_CLONE_LOST = {"writes": 2, "clone": 1, "destroy": 1, "faults": 2, "rolls": 2}

DESIGN = [
    Row("one machine; it dies at any step", {"writes": 4, "crash": 1, "faults": 4, "rolls": 1, "repeats": 1}),
    Row("fsyncs and power are lost, backups restored",
        {"writes": 3, "cut": 1, "crash": 1, "restore": 1, "faults": 3, "rolls": 2, "repeats": 1},
        {"writes": 2, "faults": 2}),
    Row("backups are restored, the server answers falsely",
        {"writes": 3, "restore": 1, "faults": 3, "rolls": 2, "repeats": 1, "lies": 1}, {"faults": 2}),
    Row("a clone", {"writes": 3, "clone": 1, "faults": 1, "rolls": 3, "repeats": 1}, {"writes": 2}),
    Row("a clone, the server answers falsely", {"writes": 3, "clone": 1, "faults": 1, "rolls": 2, "repeats": 1, "lies": 1},
        {"writes": 2}),
    Row("a clone and a restored backup", {"writes": 2, "clone": 1, "restore": 1, "faults": 2, "rolls": 2, "repeats": 1}, None),
    Row("a clone and a crash", {"writes": 2, "clone": 1, "crash": 1, "faults": 2, "rolls": 3, "repeats": 1}, None),
    Row("a clone writes between look and swap, one is destroyed",
        {"writes": 2, "clone": 1, "destroy": 1, "faults": 2, "rolls": 3, "window": 1}, {"rolls": 2, "faults": 1},
        properties=WINDOW),
    Row("it comes to a good end: two clones, both rolled, in step", ONE_CLONE, properties=("REACHED",), breaks="REACHED"),
]

RESTORED = {"writes": 2, "restore": 1, "changes": 1, "faults": 1, "rolls": 1}
STOLEN = {"writes": 2, "theft": 1, "changes": 1, "faults": 1, "rolls": 1}
FLIPPED = {"writes": 2, "flip": 1, "changes": 1, "faults": 1, "rolls": 1}
CALM = ("CALM", "ROOM")

JUMPS = [
    Row("the password changes, twice; it dies at any step",
        {"writes": 3, "crash": 1, "changes": 2, "faults": 2, "rolls": 1, "repeats": 1}, {"writes": 2, "faults": 1}),
    Row("the password changes, power is lost",
        {"writes": 2, "cut": 1, "changes": 2, "faults": 1, "rolls": 1, "repeats": 1}, {"changes": 1}),
    Row("the password changes, backups are restored", dict(RESTORED, writes=3, repeats=1), {"writes": 1}),
    Row("the password changes, the folder is stolen and sent", dict(STOLEN, writes=3, changes=2, repeats=1), {"writes": 2, "changes": 1}),
    Row("the folder is stolen, a backup restored", dict(STOLEN, writes=1, restore=1, faults=2), None),
    Row("the password changes, a bit flips", dict(FLIPPED, writes=3, repeats=1), {"writes": 2}),
    Row("the password changes, a clone", dict(ONE_CLONE, changes=1, repeats=1), None),
]

ENDS = [
    Row("the password changes, twice; deaths", {"writes": 3, "crash": 1, "changes": 2, "faults": 1, "rolls": 1},
        {"writes": 2}, properties=CALM),
    Row("the password changes, backups", dict(RESTORED, faults=2), {"writes": 1, "faults": 1}, properties=CALM),
    Row("the password changes, a theft", dict(STOLEN, changes=2), {"changes": 1}, properties=CALM),
    Row("the password changes, a flipped bit", FLIPPED, properties=CALM),
    Row("the password changes, a clone", dict(ONE_CLONE, changes=1, writes=1), None, properties=CALM),
    Row("one of two clones is destroyed", A_CLONE_LOST, None, properties=CALM),
    Row("backups, the server answers falsely", {"writes": 2, "restore": 1, "faults": 2, "rolls": 2, "lies": 1}, None, properties=CALM),
    Row("power is lost, backups", {"writes": 2, "cut": 1, "crash": 1, "restore": 1, "faults": 2, "rolls": 2}, None, properties=CALM),
]

REASONS = [
    Row("no counter, generator repeats, clones: pairs", dict(ONE_CLONE, crash=1, faults=2, repeats=1), {"faults": 1},
        errors=("NO_COUNTER",), properties=PAIRS),
    Row("no counter: it does not rise", {"writes": 2}, errors=("NO_COUNTER",), properties=("RISES",), breaks="RISES"),
    Row("no hedge, generator repeats, one machine: durable pairs", {"writes": 4, "crash": 1, "faults": 4, "repeats": 1},
        errors=("NO_HEDGE",), properties=("PAIR_KEPT",)),
    Row("no hedge, sound generator, clones: pairs", dict(ONE_CLONE, writes=3), {"writes": 2}, errors=("NO_HEDGE",), properties=PAIRS),
    Row("no hedge, generator repeats: salts", {"writes": 2, "repeats": 1}, errors=("NO_HEDGE",), properties=("SALT",), breaks="SALT"),
    Row("no hedge, generator repeats, a transaction dies", {"writes": 2, "crash": 1, "faults": 1, "repeats": 1},
        errors=("NO_HEDGE",), properties=("PAIR",), breaks="PAIR"),
    Row("no hedge, generator repeats, a clone", dict(ONE_CLONE, repeats=1), errors=("NO_HEDGE",), properties=("PAIR_KEPT",),
        breaks="PAIR_KEPT"),
    Row("neither, generator repeats, one machine", {"writes": 2, "repeats": 1}, errors=("NO_COUNTER", "NO_HEDGE"),
        properties=("PAIR_KEPT",), breaks="PAIR_KEPT"),
]

SEEDED = [
    Row("the anchor is ignored", {"writes": 2, "restore": 1, "faults": 1, "rolls": 1}, errors=("NO_ANCHOR",),
        properties=("NOTICED",), breaks="NOTICED"),
    Row("a seq is used again after a false failure", {"writes": 1}, errors=("REUSES_SEQ",), properties=("BYTES",), breaks="BYTES"),
    Row("a roll forgets unsent writes", ONE_CLONE, errors=("FORGETS",), properties=("LOST",), breaks="LOST"),
    Row("a roll is sent though the old chain went on meanwhile", A_CLONE_LOST, errors=("SENDS_BLINDLY",), properties=("STAYS",),
        breaks="STAYS"),
    Row("the same, and nobody seals again what is beyond a cut", A_CLONE_LOST, errors=("SENDS_BLINDLY", "NO_RESCUE"),
        properties=("LOST",), breaks="LOST"),
    Row("what is beyond a cut is left there", dict(A_CLONE_LOST, window=1), errors=("NO_RESCUE",), properties=("STEP",), breaks="STEP"),
    Row("a revoked device trusts what was acknowledged to it", dict(ONE_CLONE, writes=1, lies=1), errors=("TRUSTS_ACKS",),
        properties=("LOST",), breaks="LOST"),
    Row("a device that is revoked goes on sending", ONE_CLONE, errors=("REVOKED_PUSHES",), properties=("REVOKED",), breaks="REVOKED"),
]

BACKUP, THIEF, BIT = dict(RESTORED, writes=1), dict(STOLEN, writes=1), dict(FLIPPED, writes=1)
WAITS = {"writes": 1, "changes": 1}

SEEDED += [
    Row("sealed again in place, after a backup was restored", BACKUP, errors=("RESEALS",), properties=("AGREES",), breaks="AGREES"),
    Row("sealed again in place, and a thief has what was signed", THIEF, errors=("RESEALS",), properties=("CONVICTED",),
        breaks="CONVICTED"),
    Row("what waits is sent under the old vault key", WAITS, errors=("SENDS_OLD",), properties=("OLD_KEY",), breaks="OLD_KEY"),
    Row("a death between following and the jump", WAITS, errors=("TWO_STEPS",), properties=("OLD_KEY",), breaks="OLD_KEY"),
    Row("what a jump makes void is not written again", WAITS, errors=("JUMP_FORGETS",), properties=("LOST",), breaks="LOST"),
    Row("a jump does not ask what the keyring names", WAITS, errors=("JUMPS_BELOW",), properties=("PASSED",), breaks="PASSED"),
    Row("a jump that the server refuses is followed by none", THIEF, errors=("NO_SECOND",), properties=CALM, breaks="CALM"),
    Row("the own chain is judged before keyrings are pulled", BACKUP, errors=("JUDGES_FIRST",), properties=CALM, breaks="CALM"),
    Row("a superseded identity is not made again", BACKUP, errors=("GIVES_UP",), properties=CALM, breaks="CALM"),
    Row("a flipped bit is sent, and taken", BIT, errors=("UNVERIFIED", "TAKES_ANY"), properties=("NOISE",), breaks="NOISE"),
    Row("a flipped bit is sent, and refused", BIT, errors=("UNVERIFIED",), properties=CALM, breaks="CALM"),
    Row("the server takes from a thief what nobody signed", THIEF, errors=("TAKES_ANY",), properties=("NOISE",), breaks="NOISE"),
]

LIMITS = [
    Row("a clone writes between look and swap: applied stays so", dict(ONE_CLONE, window=1), properties=("STAYS",), breaks="STAYS"),
]

TABLE = {"The design: every property in every state": DESIGN, "Jumps: the same, as the vault key changes": JUMPS,
         "Once accidents end, all come in step, whatever the state": ENDS, "One reason taken away, and the other": REASONS,
         "An error put in: it must be found": SEEDED, "A limit of the design: it must show": LIMITS}


@dataclass
class Found:
    states: int
    depth: int
    broken: str | None   # the property that did not hold
    trail: list          # how, in words

    def result(self):
        return f"found in {len([s for s in self.trail if not s.startswith(' ')])} steps" if self.broken else "holds"


class Checker:
    """The model as a program, in a folder of its own."""

    def __init__(self, build):
        self.folder = Path(build).resolve() / "model"
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            Path(made, MODEL.name).write_text(MODEL.read_text())  # spin names trails by the path that it was given
            for command in (["spin", "-a", MODEL.name],
                            ["gcc", "-O1", "-w", "-DSAFETY", "-DBFS", "-DNOREDUCE", "-o", "pan", "pan.c"]):
                done = subprocess.run(command, cwd=made, capture_output=True, text=True)
                if done.returncode or not Path(made, "pan.c").exists():
                    raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
            self.pan = self.folder / "pan"
            os.replace(Path(made, "pan"), self.pan)

    def check(self, row, few=False):
        """Searches all of the space, breadth first, or as far as the first state that breaks a property."""
        env = {"PATH": os.environ["PATH"], **row.options(few)}
        with tempfile.TemporaryDirectory(dir=self.folder) as cwd:
            run = subprocess.run([self.pan, "-w22"], cwd=cwd, env=env, capture_output=True, text=True, timeout=PAN_SECONDS)
            errors = int(re.search(r"errors: (\d+)", run.stdout)[1])
            states = int(re.search(r"(\d+) states, stored", run.stdout)[1])
            depth = int(re.search(r"depth reached (\d+)", run.stdout)[1])
            if errors == 0:
                if "Search not completed" in run.stdout or "out of memory" in run.stdout + run.stderr or run.returncode:
                    raise RuntimeError(f"{row.name}: the search did not end: {run.stdout}{run.stderr}")
                return Found(states, depth, None, [])
            replay = subprocess.run([self.pan, "-r"], cwd=cwd, env=env, capture_output=True, text=True).stdout
        return Found(states, depth, *self.read_trail(row, replay))

    @staticmethod
    def read_trail(row, replay):
        steps = re.findall(r"^(?:device \d|the |a |somebody|from here|  \()[^\n]*$", replay, re.M)
        bit = re.search(r"^BROKEN (\d+)$", replay, re.M)
        if not bit:
            raise RuntimeError(f"{row.name}: the trail breaks no property: {replay}")
        (broken,) = [name for name, value in PROPERTIES.items() if value == int(bit[1])]
        return broken, [in_words(step) for step in steps]


def verdict(row, found):
    """None, or what is wrong."""
    if found.broken == row.breaks:
        return None
    if found.broken is None:
        return f"not found: {PROPERTY_WORDS[row.breaks]}"
    return f"{PROPERTY_WORDS[found.broken]}: " + "; ".join(step.strip() for step in found.trail)


def bounds(row, few):
    given = dict(row.may, **(row.few or {}) if few else row.may)
    counted = [(given["writes"], "write"), (given.get("faults", 0), "accident"), (given.get("rolls", 0), "roll"), (given.get("changes", 0), "change")]
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counted if n)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["few"]):
        sys.exit(__doc__)
    few, checker, wrong = sys.argv[2:] == ["few"], Checker(sys.argv[1]), 0
    for title, rows in TABLE.items():
        print(f"\n{title}\n  {'':58} {'bound':40} {'states':>8} {'depth':>5}  result")
        for row in rows:
            if few and row.few is None:
                continue
            found = checker.check(row, few)
            error = verdict(row, found)
            wrong += error is not None
            print(f"  {row.name:58} {bounds(row, few):40} {found.states:8} {found.depth:5}  {found.result()}"
                  + (f"  WRONG: {error}" if error else ""), flush=True)
            if found.broken and not error:
                for step in found.trail + [PROPERTY_WORDS[found.broken]]:
                    print(f"      {step}")
    print(f"\n{'WRONG: ' + str(wrong) if wrong else 'all as it must be'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes each defence away in turn and looks whether the test that is to notice it turns red.

Usage: run.py BUILD [NAME...]. A mutant is a patch NAME.patch whose first line is "red: SCRIPT [WORD...]", or a program of
the build folder in the script's place. These lines may follow:
  without: WHAT    is taken away
  builds: TARGET   that the check needs besides the programs; or targets
  says: PATTERN    must be in what the red check says: it is red for this reason and no other
It is applied to a copy of the tree below BUILD/../mutants, which is built again, and the check must
fail there in a test of its own; before that it must have passed without the patch. A patch that no longer applies fails;
`run.py --fit` looks for that alone.

A run that was cut goes on where it was: what was red on this very tree stands in BUILD/../mutants.red and is not tried
again, unless it is named.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
PYTHON = "/usr/bin/python3"
PROGRAMS = ["vaultd", "vaultd_test", "vaultctl", "vault-server", "vault-server_test"]


class Copy:
    """A copy of the tree with a build folder of its own, which every mutant uses again."""

    def __init__(self, folder):
        self.folder, self.build = folder, folder / "build" / "test"

    def refresh(self):
        """The files as they are now, those that did not change with their old time."""
        names = run(["git", "ls-files", "-co", "--exclude-standard"], TREE).stdout.splitlines()
        found = (p.relative_to(self.folder) for p in self.folder.rglob("*") if p.is_file())
        there = {str(p) for p in found if p.parts[0] != "build"}
        for name in there - set(names):
            (self.folder / name).unlink()
        for name in names:
            self.copy(TREE / name, self.folder / name)

    def digest(self):
        """Of every file's name and bytes, the build folder apart."""
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.relative_to(self.folder).parts[0] != "build")
        whole = hashlib.sha256()
        for file in files:
            whole.update(f"{file.relative_to(self.folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
        return whole.hexdigest()

    @staticmethod
    def copy(one, other):
        if not one.is_file() or other.exists() and one.read_bytes() == other.read_bytes():
            return
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one, other)

    def make(self, *targets):
        (self.folder / "build").mkdir(parents=True, exist_ok=True)
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        done = run(["cmake", "--preset", "test", "-DCMAKE_UNITY_BUILD=OFF", *launcher], self.folder)  # one file changes
        if done.returncode == 0:
            done = run(["cmake", "--build", "--preset", "test", "--target", *PROGRAMS, *targets], self.folder)
        return done

    def patch(self, file, *options):
        return run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", *options, "-i", str(file)], self.folder)


class Seen:
    """The mutants that were red on one tree, in a file that another tree empties."""

    def __init__(self, file, tree):
        self.file = file
        lines = file.read_text().split("\n")[:-1] if file.exists() else []  # a last line that was cut is not one
        self.names = set(lines[1:]) if lines[:1] == [tree] else set()
        if not self.names:
            file.write_text(tree + "\n")

    def add(self, name):
        with self.file.open("a") as out:
            out.write(name + "\n")


class Mutant:
    def __init__(self, file):
        self.file, self.name = file, file.stem
        head = dict(re.findall(r"^(red|without|builds|says): (.*)$", re.split(r"\n(?:diff|---) ", file.read_text())[0], re.M))
        self.check = tuple(shlex.split(head["red"]))
        self.what = head.get("without", self.name.replace("_", " "))
        program = [] if self.check[0].endswith(".py") else [self.check[0]]
        self.targets, self.says = program + head.get("builds", "").split(), head.get("says", "")


def run(argv, folder):
    return subprocess.run([str(word) for word in argv], cwd=folder, capture_output=True, text=True, errors="replace")


def verdicts(copy, check):
    """The words with which the check's tests ended, and all that it said."""
    script, *words = check
    if not script.endswith(".py"):
        done = run([copy.build / script, *words], copy.folder)
        ran = "No tests ran" not in done.stdout  # a comma in a name begins another name
        return [("FAIL" if done.returncode else "PASS") if ran else "SKIP"], done.stdout + done.stderr
    done = run([PYTHON, copy.folder / script, copy.build, *words], copy.folder)
    return re.findall(r"^(PASS|FAIL|SKIP) ", done.stdout, re.M), done.stdout + done.stderr


def why_not(copy, mutant, passed):
    """A sentence when the mutant goes unnoticed, or cannot be tried; else None."""
    if mutant.check not in passed:
        built = copy.make(*mutant.targets)
        if built.returncode:
            return f"the tree does not build: {built.stdout[-1500:]}"
        ended, said = verdicts(copy, mutant.check)
        if not ended or set(ended) != {"PASS"}:
            return f"the check does not pass without it: {said[-1500:]}"
        passed.add(mutant.check)
    applied = copy.patch(mutant.file, "--dry-run")
    if applied.returncode:
        return f"the patch does not apply any more: {applied.stdout.strip()}"
    copy.patch(mutant.file)
    try:
        built = copy.make(*mutant.targets)
        if built.returncode:
            return f"it does not build: {built.stdout[-1500:]}"
        ended, said = verdicts(copy, mutant.check)
        if "FAIL" not in ended:
            return f"{' '.join(mutant.check)} stays green"
        return None if re.search(mutant.says, said) else f"red for another reason, not {mutant.says!r}: {said[-1500:]}"
    finally:
        copy.patch(mutant.file, "-R")


def all_fit():
    """Whether each patch still applies to the tree as it is; says which does not."""
    fit = True
    for file in sorted(HERE.glob("*.patch")):
        done = run(["patch", "-p1", "-s", "-f", "--dry-run", "-i", str(file)], TREE)
        if done.returncode:
            print(f"{file.name} does not apply any more: make it anew from the code as it is")
            fit = False
    return fit


def main():
    if sys.argv[1:] == ["--fit"]:
        sys.exit(0 if all_fit() else 1)
    build, *names = sys.argv[1:]
    os.environ["VAULT_WRITE_ROUNDS"] = "40"  # a mutant needs few
    copy = Copy(Path(build).resolve().parent / "mutants")
    copy.refresh()
    seen = Seen(copy.folder.with_suffix(".red"), copy.digest())
    built = copy.make()
    if built.returncode:
        sys.exit(f"the tree does not build: {built.stdout[-3000:]}{built.stderr[-500:]}")
    passed, failed = set(), 0
    for mutant in map(Mutant, sorted(HERE.glob("*.patch"))):
        if names and mutant.name not in names:
            continue
        if not names and mutant.name in seen.names:
            print(f"PASS without {mutant.what}, {' '.join(mutant.check)} was red on this tree (0.0 s)", flush=True)
            continue
        began = time.monotonic()
        why = why_not(copy, mutant, passed)
        failed += why is not None
        verdict, note = ("FAIL", f": {why}") if why else ("PASS", "")
        print(f"{verdict} without {mutant.what}, {' '.join(mutant.check)} is red{note} ({time.monotonic() - began:.1f} s)", flush=True)
        if why:
            copy.make()
        else:
            seen.add(mutant.name)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

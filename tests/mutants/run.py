#!/usr/bin/python3
"""Takes each defence away in turn and looks whether the test that is to notice it turns red.

Usage: run.py BUILD [NAME...]. A mutant is a patch NAME.patch whose first line is "red: SCRIPT [WORD...]", and whose second
may be "without: WHAT". It is applied to a copy of the tree below BUILD/../mutants, which is built again, and the script must
fail there in a test of its own; before that it must have passed without the patch. A patch that no longer applies fails.
"""

import re
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

    @staticmethod
    def copy(one, other):
        if not one.is_file() or other.exists() and one.read_bytes() == other.read_bytes():
            return
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one, other)

    def make(self):
        (self.folder / "build").mkdir(parents=True, exist_ok=True)
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        done = run(["cmake", "--preset", "test", *launcher], self.folder)
        if done.returncode == 0:
            done = run(["cmake", "--build", "--preset", "test", "--target", *PROGRAMS], self.folder)
        return done

    def patch(self, file, *options):
        return run(["patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", *options, "-i", str(file)], self.folder)


class Mutant:
    def __init__(self, file):
        self.file, self.name = file, file.stem
        head = file.read_text().partition("\ndiff ")[0]
        red = re.search(r"^red: (\S+) *(.*)$", head, re.M)
        without = re.search(r"^without: (.*)$", head, re.M)
        self.script, self.words = red[1], red[2].split()
        self.what = without[1] if without else self.name.replace("_", " ")

    @property
    def check(self):
        return (self.script, *self.words)


def run(argv, folder):
    return subprocess.run([str(word) for word in argv], cwd=folder, capture_output=True, text=True, errors="replace")


def verdicts(copy, check):
    """The lines that the check's tests ended with."""
    script, *words = check
    done = run([PYTHON, copy.folder / script, copy.build, *words], copy.folder)
    return re.findall(r"^(PASS|FAIL|SKIP) ", done.stdout, re.M), done.stdout + done.stderr


def why_not(copy, mutant, passed):
    """A sentence when the mutant goes unnoticed, or cannot be tried; else None."""
    if mutant.check not in passed:
        ended, said = verdicts(copy, mutant.check)
        if not ended or set(ended) != {"PASS"}:
            return f"the check does not pass without it: {said[-1500:]}"
        passed.add(mutant.check)
    applied = copy.patch(mutant.file, "--dry-run")
    if applied.returncode:
        return f"the patch does not apply any more: {applied.stdout.strip()}"
    copy.patch(mutant.file)
    try:
        built = copy.make()
        if built.returncode:
            return f"it does not build: {built.stdout[-1500:]}"
        ended, _ = verdicts(copy, mutant.check)
        return None if "FAIL" in ended else f"{' '.join(mutant.check)} stays green"
    finally:
        copy.patch(mutant.file, "-R")


def main():
    build, *names = sys.argv[1:]
    copy = Copy(Path(build).resolve().parent / "mutants")
    copy.refresh()
    built = copy.make()
    if built.returncode:
        sys.exit(f"the tree does not build: {built.stdout[-3000:]}{built.stderr[-500:]}")
    passed, failed = set(), 0
    for mutant in map(Mutant, sorted(HERE.glob("*.patch"))):
        if names and mutant.name not in names:
            continue
        began = time.monotonic()
        why = why_not(copy, mutant, passed)
        failed += why is not None
        verdict, note = ("FAIL", f": {why}") if why else ("PASS", "")
        print(f"{verdict} without {mutant.what}, {' '.join(mutant.check)} is red{note} ({time.monotonic() - began:.1f} s)", flush=True)
        if why:
            copy.make()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All scenarios in which a key might meet an IV twice, and a table of what was seen in each: `./run nonce`. The same
scripts run in ./run test.

nonce.py BUILD [WORD...]: only scripts whose name has the words. Fails if a script fails, if a column that must be 0 is
not, and if a scenario saw fewer sealings than writes were answered for: then it has proved nothing."""

import json
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SCRIPTS = [TESTS / "e2e" / "crash_rounds.py", TESTS / "e2e" / "the_disk_fails.py",
           *sorted(path for path in (TESTS / "nonce").glob("*.py") if "\n@test" in path.read_text())]
COLUMNS = ["scenario", "sealings", "repeated", "acknowledged", "lost", "rolled"]
HEADS = ["scenario", "seals observed", "pairs repeated", "writes acknowledged", "writes lost", "identities rolled"]


def rows_of(script, build):
    """(whether all of it passed, its rows)"""
    process = subprocess.Popen(["/usr/bin/python3", str(script), str(build)], stdout=subprocess.PIPE, text=True)
    rows = []
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "row:":
            rows.append(json.loads(rest))
        else:
            print(line, end="", flush=True)
    return process.wait() == 0, rows


def faults(row):
    if row["repeated"]:
        yield "a pair of key and IV repeats"
    if row["lost"]:
        yield "writes were lost"
    if row["sealings"] < row["acknowledged"]:
        yield "fewer sealings were seen than writes were acknowledged"


def show(rows):
    cells = [HEADS, *[[str(row[column]) for column in COLUMNS] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADS))]
    for line in cells:
        print("  ".join([line[0].ljust(widths[0]), *[cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]]))


def main():
    build, words = Path(sys.argv[1]).resolve(), sys.argv[2:]
    failed, rows = [], []
    for script in SCRIPTS:
        if not all(word in script.stem for word in words):
            continue
        passed, some = rows_of(script, build)
        rows += some
        failed += [] if passed else [script.name]
    print()
    show(rows)
    wrong = [f"{row['scenario']}: {fault}" for row in rows for fault in faults(row)]
    for sentence in [f"{name} failed" for name in failed] + wrong:
        print(sentence)
    sys.exit(1 if failed or wrong or not rows else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""./run hostile: every lie in turn, then the table of them: lie, where it was published, class, rows of the device that are
byte for byte what they were, and bytes sent that were compared with those after a failure that says nothing."""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
COLUMNS = ("row", "lie", "published", "class", "kept", "compared", "program")


def scripts():
    return [p for p in sorted(HERE.glob("*.py")) if re.search(r"^ *@(test\b|lie\w*\()", p.read_text(), re.M)]


def run(script, build, words, path):
    env = dict(os.environ, VAULT_HOSTILE_TABLE=path, PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([PYTHON, script, build, *words], env=env, capture_output=True, text=True)


def show(rows):
    rows = [dict(zip(COLUMNS, COLUMNS))] + sorted(rows, key=lambda row: (row["row"], row["lie"]))
    widths = [max(len(str(row[name])) for row in rows) for name in COLUMNS]
    for row in rows:
        print("  ".join(str(row[name]).ljust(width) for name, width in zip(COLUMNS, widths)).rstrip())


def main():
    build, *words = sys.argv[1:]
    with tempfile.NamedTemporaryFile("r") as table, ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda script: run(script, build, words, table.name), scripts()))
        rows = [json.loads(line) for line in table]
    lines = [line for one in done for line in one.stdout.splitlines()]
    failed = [line for line in lines if line.startswith("FAIL ")]
    show(rows)
    passed = sum(line.startswith("PASS ") for line in lines)
    told = {row["lie"].partition(" (")[0] for row in rows}
    for line in lines:
        if line.startswith("PASS ") and line[5:].rpartition(" (")[0] not in told:
            print(f"also: {line[5:]}")
    print(f"{len(rows)} lies told, {passed} tests passed, {len(failed)} failed")
    for one in done:
        if "FAIL " in one.stdout or (one.returncode and not words):
            print(one.stdout[-6000:], one.stderr[-2000:])
    sys.exit(1 if failed or not rows else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets the compiler of a build folder read every file, and make nothing: read_by_compiler.py BUILD. A line per file of which
it says something, and what; the last line counts."""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WORKERS = 2


def read(entry):
    words = shlex.split(entry["command"])
    done = subprocess.run(words + ["-fsyntax-only"], cwd=entry["directory"], stderr=subprocess.PIPE, text=True)
    if done.returncode or done.stderr:
        print(f"FAIL {entry['file']}\n{done.stderr}", end="", flush=True)
        return False
    return True


def main():
    entries = json.loads((Path(sys.argv[1]) / "compile_commands.json").read_text())
    with ThreadPoolExecutor(WORKERS) as pool:
        clean = list(pool.map(read, entries))
    print(f"{clean.count(True)} passed, {clean.count(False)} failed")
    sys.exit(0 if clean and all(clean) else 1)


main()

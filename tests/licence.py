#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where a source file does not name the licence in its first two lines. Usage: licence.py TREE [--add]"""

import sys
from pathlib import Path

FOLDERS = ["base", "wire", "http", "crypto", "store", "ipc", "daemon", "ctl", "server", "systemd", "tests"]
LINE = "SPDX-License-Identifier: Apache-2.0"
MARK = {".cpp": "//", ".hpp": "//", ".py": "#", ".sh": "#", ".cmake": "#"}


def sources(tree):
    found = (path for folder in FOLDERS for path in sorted((tree / folder).rglob("*")))
    return [tree / "run", *(path for path in found if path.suffix in MARK or path.name == "CMakeLists.txt")]


def add(path):
    lines = path.read_text().splitlines(keepends=True)
    lines.insert(1 if lines and lines[0].startswith("#!") else 0, f"{MARK.get(path.suffix, '#')} {LINE}\n")
    path.write_text("".join(lines))


def main():
    files = sources(Path(sys.argv[1]))
    lacking = [path for path in files if not any(LINE in line for line in path.read_text().splitlines()[:2])]
    for path in lacking:
        add(path) if "--add" in sys.argv else print(f"{path}: has no line {LINE!r}")
    if len(files) < 300 or (lacking and "--add" not in sys.argv):
        sys.exit(f"{len(lacking)} of {len(files)} files lack it")


if __name__ == "__main__":
    main()

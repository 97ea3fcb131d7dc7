#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets every fuzzer of a build folder run for some seconds, as many at once as there are cores; what they learn stays
below that folder. Ends with 1, and the input's path, when one of them found something.

fuzz.py BUILD SECONDS
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "corpus"
LIMITS = ["-max_len=1400000", "-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"]


def fuzz(program, seconds):
    """Runs one; its verdict as a line, and whether it was good."""
    door = program.name.removeprefix("fuzz_")
    learnt, found = (program.parent / "fuzz" / kind / door for kind in ("corpus", "found"))
    for folder in (learnt, found):
        folder.mkdir(parents=True, exist_ok=True)
    argv = [program, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={found}/", learnt, SEEDS / door]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    (found / "log").write_text(done.stderr)
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    edges = re.findall(r"cov: (\d+)", done.stderr)
    line = f"{door}: {runs[1] if runs else '?'} runs, {edges[-1] if edges else '?'} edges, exit {done.returncode}"
    inputs = [str(path) for path in sorted(found.iterdir()) if path.name != "log"]
    return "\n".join([line, *(f"  found {path}" for path in inputs)]), done.returncode == 0 and not inputs


def main():
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} BUILD SECONDS")
    programs = sorted(path for path in Path(sys.argv[1]).resolve().glob("fuzz_*") if os.access(path, os.X_OK))
    good = bool(programs)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for line, fine in pool.map(lambda program: fuzz(program, int(sys.argv[2])), programs):
            print(line, flush=True)
            good = good and fine
    print(f"{len(programs)} fuzzers, {'nothing found' if good else 'something found'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

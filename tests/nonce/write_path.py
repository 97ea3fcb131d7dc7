#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The write path alone, killed at any step of it, many times over on one database: build/write_rounds does it and notes
what it seals; here its notes are audited."""

import os
import subprocess
from collections import Counter

import near  # noqa: F401
from scenario import COMMITS, SOAK, main, sealed, show_row, test

CLAIMS = "1"

ROUNDS = int(os.environ.get("VAULT_WRITE_ROUNDS") or (20_000 if SOAK else 1000))


@test
def what_the_writer_said_is_durable_is_there_and_no_pair_repeats_however_often_it_dies(world):
    ledger = world.folder / "ledger"
    env = {**world.bare_env, "VAULT_AUDIT": str(world.folder / "audit"), "VAULT_WRITE_ROUNDS": str(ROUNDS),
           "VAULT_WRITE_LEDGER": str(ledger)}
    if os.access("/dev/shm", os.W_OK):
        env["TMPDIR"] = "/dev/shm"  # it is the processes that die here, and not the disk
    done = subprocess.run([world.build / "write_rounds"], env=env, capture_output=True, text=True)
    audit = sealed(world)
    audit.check({})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    acknowledged = {branch: int(told) for branch, told in map(str.split, ledger.read_text().splitlines())}
    assert len(acknowledged) == ROUNDS + 1
    told = sum(acknowledged.values())
    print(f"    {ROUNDS} rounds, {done.stderr.strip()}")
    commits = Counter(branch for branch, _ in {(s.branch, s.counter) for s in audit.sealings if s.kind in COMMITS})
    for branch, count in acknowledged.items():
        seen = commits[branch]
        assert seen >= count, f"{branch}: {seen} commits seen of {count} that it was told of"
    again = len({s.counter for s in audit.sealings if s.kind == 1})
    assert len({s.pair for s in audit.sealings if s.kind == 1}) > again, "no counter came again: this proves little"
    show_row("write path, forked", audit, told)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What was sealed in a scenario, by all clones and lives of its devices together, and what must hold of it.

vaultd_test notes each invocation of AES-GCM in the file VAULT_AUDIT, sent or not; of a release the sealed exports tell,
by the independent reader. Both give hashes: of key and IV, and of the ciphertext. A *branch* is one life of one clone."""

import json
import re
import subprocess
from collections import Counter, defaultdict
from typing import NamedTuple

COMMITS = range(1, 6)  # kinds whose counter is the device's; of the others it is 0 or a chunk's index
DATA = 1


class Sealing(NamedTuple):
    pair: str  # sha256(ek ‖ iv)
    text: str  # sha256(ciphertext)
    key: str  # of sha256(K), what stands for the key that it was derived from; "-" where nobody says
    device: str
    counter: int
    kind: int
    branch: str


LINE = re.compile(r"(\w+) (\w+) (\w+) (\w+) ([0-9]+) ([0-9]+) (\S+)\n")


class Audit:
    """Merges what any number of files and exports say. The same bytes, told twice, are one sealing."""

    def __init__(self):
        self.sealings = set()

    @classmethod
    def of(cls, *files):
        audit = cls()
        for file in files:
            audit.add_file(file)
        return audit

    def add_file(self, file):
        """A process that is killed while it writes leaves a line torn, and the next one writes on behind it."""
        text = file.read_text()
        lines = list(LINE.finditer(text))
        torn = len(text) - sum(len(line[0]) for line in lines)
        assert torn <= len(text) / 50, f"{torn} of {len(text)} bytes of {file} are no lines of an audit"
        for line in lines:
            pair, sealed, key, device, counter, kind, branch = line.groups()
            self.sealings.add(Sealing(pair[-64:], sealed, key, device, int(counter), int(kind), branch))

    def add_export(self, lines, branch):
        """What the reader prints with --sealings."""
        for line in lines.splitlines():
            pair, text, device, counter, kind = line.split()
            self.sealings.add(Sealing(pair, text, "-", device, int(counter), int(kind), branch))

    def count(self):
        """Different ciphertexts, or the same one under different pairs."""
        return len({(s.pair, s.text) for s in self.sealings})

    def repeated_pairs(self):
        """Pairs under which two different texts were sealed: there must be none, ever."""
        texts = defaultdict(set)
        for sealing in self.sealings:
            texts[sealing.pair].add(sealing.text)
        return [pair for pair, sealed in texts.items() if len(sealed) > 1]

    def repeated_counters(self):
        """(branch, device, counter) with two different texts. Only a transaction that was rolled back may do that, and
        whoever was killed in the middle of one is another branch afterwards."""
        texts = defaultdict(set)
        for sealing in self.sealings:
            if sealing.kind in COMMITS:
                texts[sealing.branch, sealing.device, sealing.counter].add(sealing.text)
        return [place for place, sealed in texts.items() if len(sealed) > 1]

    def keys_of_two_devices(self):
        """A device makes its own key and never takes over another's."""
        devices = defaultdict(set)
        for sealing in self.sealings:
            if sealing.kind in COMMITS and sealing.key != "-":
                devices[sealing.key].add(sealing.device)
        return [key for key, some in devices.items() if len(some) > 1]

    def seen_by_branch(self):
        """Segments of data commits."""
        return Counter(s.branch for s in {s._replace(key="") for s in self.sealings} if s.kind == DATA)

    def check_pairs(self):
        repeated = self.repeated_pairs()
        assert not repeated, f"{len(repeated)} pairs of key and IV repeat, such as {repeated[0]}"

    def check_counters(self):
        repeated = self.repeated_counters()
        assert not repeated, f"{len(repeated)} counters repeat on one branch, such as {repeated[0]}"

    def check_keys(self):
        shared = self.keys_of_two_devices()
        assert not shared, f"the key {shared[0]} seals for two devices"

    def check_seen(self, acknowledged):
        """acknowledged: {branch: data commits that it answered for}. An audit that misses one proves nothing."""
        seen = self.seen_by_branch()
        for branch, commits in acknowledged.items():
            assert seen[branch] >= commits, f"{branch}: {seen[branch]} sealings seen of {commits} answered commits"

    def check_counters_seen(self, device, counter):
        """Each counter that the device says it has used was seen."""
        seen = {s.counter for s in self.sealings if s.device == device and s.kind in COMMITS}
        missing = set(range(counter)) - seen
        assert not missing, f"{len(missing)} counters of {counter} of {device} were not seen, such as {min(missing)}"

    def check(self, acknowledged):
        self.check_pairs()
        self.check_counters()
        self.check_keys()
        self.check_seen(acknowledged)


def show_row(scenario, audit, acknowledged, lost=0, rolled=0):
    """A line for the table of ./run nonce, which reads it."""
    row = {"scenario": scenario, "sealings": audit.count(), "repeated": len(audit.repeated_pairs()),
           "acknowledged": acknowledged, "lost": lost, "rolled": rolled}
    print(f"    row: {json.dumps(row)}")


def pairs_differ(file, at_least):
    """No pair of key and IV sealed two different texts; and there was a sealing for every write."""
    audit = Audit.of(file)
    audit.check_pairs()
    assert audit.count() >= at_least, f"{audit.count()} sealings for {at_least} answered puts"


def sealings_of_export(reader, folder, password_file, *options):
    """The reader's lines for an export, which it has verified with that."""
    argv = ["/usr/bin/python3", str(reader), str(folder), "--password-file", str(password_file), "--sealings", *options]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, f"the reader refuses {folder.name}: {done.stderr}"
    return done.stdout

# SPDX-License-Identifier: Apache-2.0
"""A program whose disk and clock the test can break: libvault_preload.so between it and the system, see
tests/support/preload.cpp."""


class Waits:
    """The calls with which the processes that log to this file waited for the disk."""

    def __init__(self, log):
        self.log, self.skipped = log, 0

    def forget(self):
        self.skipped = len(self._lines())

    def _lines(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def calls(self):
        """(pid, thread, call, path) of each, since forget()."""
        return [tuple(line.split(" ", 3)) for line in self._lines()[self.skipped:]]

    def syncs(self):
        """Those that bring data to the disk. LMDB adds one write of its root page, through O_DSYNC, to each. The anchor's
        are not among them: it is written after the answer, and no more often than every tenth of a second."""
        return [call for call in self.calls() if call[2] != "dsync" and not call[3].endswith("/anchor")]


class Disk:
    """Of one program: `env` is what it must be started with."""

    def __init__(self, world, name):
        self.rule, self.clock = world.folder / f"{name}.rule", world.folder / f"{name}.clock"
        self.waits = Waits(world.folder / f"{name}.syncs")
        self.env = {
            "LD_PRELOAD": str(world.build / "libvault_preload.so"),
            "VAULT_DISK_RULE": str(self.rule),
            "VAULT_CLOCK": str(self.clock),
            "VAULT_SYNC_LOG": str(self.waits.log),
        }

    def fail(self, calls, name, error):
        """From now on these calls on files whose path ends so fail."""
        part = self.rule.with_suffix(".part")
        part.write_text(f"{calls} {name} {error}\n")
        part.rename(self.rule)  # at once, or a call would read half of it

    def power(self, folder):
        """What it must be started with so that power.cut(folder) knows what to take."""
        folder.with_name(folder.name + ".power").mkdir(parents=True, mode=0o700, exist_ok=True)
        return {"LD_PRELOAD": self.env["LD_PRELOAD"], "VAULT_POWER": str(folder)}

    def random(self, byte):
        """What it must be started with so that each random byte is this one."""
        return {"LD_PRELOAD": self.env["LD_PRELOAD"], "VAULT_RANDOM": str(byte)}

    def heal(self):
        self.rule.unlink()

    def set_clock(self, seconds):
        """What the clock says from now on, less what it should."""
        part = self.clock.with_suffix(".part")
        part.write_text(str(int(seconds)))
        part.rename(self.clock)

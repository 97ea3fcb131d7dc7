# SPDX-License-Identifier: Apache-2.0
"""The files of a sealed export (FORMAT 11): their names and their order."""

import os
import re

from .primitives import Refused, need

NUMBERED = re.compile(r"(0|[1-9][0-9]*)\.bin")
DEVICE = re.compile(r"[0-9a-f]{32}")


class Export:
    """A folder with keyring/, chains/ and, where there are blobs, blobs/."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def read(self, *parts):
        try:
            with open(self.path(*parts), "rb", 0) as file:
                return file.read()
        except OSError as why:
            raise Refused(f"{'/'.join(parts)}: {why.strerror.lower()}") from None

    def has(self, name):
        return os.path.isfile(self.path(name))

    def names(self, *parts):
        """Those of a folder, and none where there is no such folder. What a dot begins is no object: a system or an editor
        has left it there."""
        try:
            return sorted(name for name in os.listdir(self.path(*parts)) if not name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as why:
            raise Refused(f"{'/'.join(parts)}: {why.strerror.lower()}") from None

    def numbers(self, *parts):
        """The numbers of a folder's files, ascending."""
        where, found = "/".join(parts), []
        for name in self.names(*parts):
            match = NUMBERED.fullmatch(name)
            need(match, f"{where}/{name}: is no object of an export")
            found.append(int(match[1]))
        return sorted(found)

    def versions(self):
        """Those of the keyring, which follow each other without a gap."""
        found = self.numbers("keyring")
        for before, after in zip(found, found[1:]):
            need(after == before + 1, f"keyring/{before + 1}.bin: missing")
        need(found, "keyring: there is none")
        need(found[0] == 1, f"keyring/{min(1, found[0])}.bin: " + ("missing" if found[0] else "no such version"))
        return found

    def devices(self):
        for name in self.names("chains"):
            need(DEVICE.fullmatch(name), f"chains/{name}: is no device_id")
        return [bytes.fromhex(name) for name in self.names("chains")]

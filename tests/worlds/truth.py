# SPDX-License-Identifier: Apache-2.0
"""What must be true of a world, by what its people were told: a plain model that knows no key and no format."""

from dataclasses import dataclass, field

ANY = object()  # a value that nobody here knows, such as that of a merge


class Broken(AssertionError):
    """A property that does not hold. `kind` names it in few words, so that a smaller world can be seen to break alike."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def value_of(serial, size):
    """The bytes of a put: no two alike but the empty ones."""
    text = f"{serial}\n".encode()
    return (text * (size // len(text) + 1))[:size]


@dataclass
class Write:
    """One that was acknowledged."""

    name: str
    version: str
    value: object  # bytes; None of a removal; or ANY
    by: str
    safe: bool = False  # the server has acknowledged it, to somebody who was told so by a sync
    excuse: str = ""  # why it may be gone

    @property
    def due(self):
        return self.safe or not self.excuse


@dataclass
class Folder:
    """What is in the folder of a device, or in a backup of one: those acknowledged writes which may be nowhere else."""

    unsent: dict = field(default_factory=dict)  # version → Write
    ids: tuple = ()  # whom it has been

    def copy(self):
        return Folder(dict(self.unsent), self.ids)


class Truth:
    def __init__(self):
        self.writes, self.tried = {}, {}  # version → Write, name → values
        self.passwords, self.codes = [], []  # tried ones, the newest last
        self.revoked = set()  # ids which a person has, or may have, revoked
        self.copied = set()  # ids which have been two, or twice
        self.notes = []

    def hears(self, slot, said):
        """What this server, which never forges and shows no two the halves of a fork, gives no reason for."""
        text = said.err.decode(errors="replace")
        for kind, words in (("fork", "two different histories"), ("tamper", "is not authentic"), ("damaged", "the database is damaged")):
            if words in text and not (kind == "damaged" and slot.flipped):
                raise Broken(kind, f"{slot.name} says: {text}")

    def tries(self, name, value):
        self.tried.setdefault(name, []).append(value)

    def wrote(self, folder, name, version, value, by):
        write = self.writes.setdefault(version, Write(name, version, value, by))
        if not write.safe:
            folder.unsent[version] = write

    def synced(self, folder):
        """A sync of the folder's device was answered with success, by the server as it is."""
        for write in folder.unsent.values():
            write.safe = True
        folder.unsent.clear()

    def excuse(self, folder, why, kept=()):
        """The folder's unsent writes may be gone, but for those that `kept` has too."""
        for version, write in folder.unsent.items():
            if version not in kept and not write.safe:
                write.excuse = write.excuse or why

    def due(self):
        return [write for write in self.writes.values() if write.due]

    def value(self, version):
        return self.writes[version].value if version in self.writes else ANY

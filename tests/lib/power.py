# SPDX-License-Identifier: Apache-2.0
"""A power cut, of a program that libvault_preload.so watched: what its files would be afterwards.

The journals are those of tests/support/power_journal.hpp. What was synced stays; of the rest a disk may have written
any pages and not others, which a random choice stands for."""

import struct

PAGE = 4096
HEAD = struct.Struct("=cQQQQ")


def records(journal):
    raw, at, found = journal.read_bytes(), 0, []
    while at + HEAD.size <= len(raw):
        what, place, size, old_size, count = HEAD.unpack_from(raw, at)
        at += HEAD.size
        if at + count > len(raw):  # it was killed while it wrote this one, before the write itself
            break
        found.append((what, place, size, old_size, raw[at:at + count]))
        at += count
    return found


def patched(image, place, content):
    if len(image) < place + len(content):
        image.extend(bytes(place + len(content) - len(image)))
    image[place:place + len(content)] = content


def pages_of(found):
    return {page for _, place, size, _, _ in found for page in range(place // PAGE, -(-(place + size) // PAGE))}


def durable(file, found):
    """The file as of its last sync, with what lasted since."""
    image = bytearray(file.read_bytes())
    for what, place, size, old_size, old in reversed(found):
        if what == b"u":
            patched(image, place, old + bytes(size - len(old)))
            del image[old_size:]
    for what, place, _, _, now in found:
        if what == b"d":
            patched(image, place, now)
    return image


def cut(folder, chance=None):
    """Leaves in the folder what a power cut would, or, without `chance`, one that took all that was not synced. The
    process must be dead. Gives the number of pages that were lost."""
    lost = 0
    for journal in sorted(folder.with_name(folder.name + ".power").iterdir()):
        file, found = folder / journal.name, records(journal)
        if found and file.exists():  # a file that was removed stays away
            newest, image = file.read_bytes(), durable(file, found)
            for page in sorted(pages_of([r for r in found if r[0] == b"u"])):
                here = slice(page * PAGE, (page + 1) * PAGE)
                if bytes(image[here]) == newest[here]:
                    continue
                if chance and chance.random() < 0.5:
                    patched(image, page * PAGE, newest[here])  # it had been written, by chance
                else:
                    lost += 1
            file.write_bytes(image)
        journal.write_bytes(b"")
    return lost

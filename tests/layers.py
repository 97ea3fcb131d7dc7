#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every `#include "folder/..."` of every room, at any depth, and fails on an arrow that the room's USES list does
not allow, on a circle of rooms, and on a file that is in no room.

Usage: layers.py TREE "store=base|daemon/sync=base,daemon/os,crypto/hash.hpp|..." A room is a folder with all below it
that is no room of its own. A list names rooms, or single headers."""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def rooms_of(text):
    """room -> what it may use."""
    rows = (row.split("=", 1) for row in text.split("|") if row)
    return {room: [use for use in uses.split(",") if use] for room, uses in rows}


def room_of(path, rooms):
    """The innermost room of a path below the tree; None if there is none."""
    folders = [str(folder) for folder in Path(path).parents]
    return next((folder for folder in folders if folder in rooms), None)


def circle_of(rooms):
    """Rooms that use each other, in a row; [] if there are none."""
    def walk(room, way):
        if room in way:
            return [*way[way.index(room):], room]
        above = (walk(room_of(use, rooms) if "." in use else use, [*way, room]) for use in rooms.get(room, []))
        return next((found for found in above if found), [])

    return next((found for found in (walk(room, []) for room in rooms) if found), [])


def faults_of(tree, rooms):
    """What is wrong, a sentence each; and how many includes were read."""
    faults, read = [], 0
    files = [path for top in sorted({room.split("/")[0] for room in rooms}) for path in sorted((tree / top).rglob("*.[ch]pp"))]
    for path in files:
        name = path.relative_to(tree)
        room = room_of(name, rooms)
        if room is None:
            faults.append(f"{name}: is in no room")
            continue
        for header in INCLUDE.findall(path.read_text()):
            read += 1
            if room_of(header, rooms) != room and room_of(header, rooms) not in rooms[room] and header not in rooms[room]:
                faults.append(f"{name}: {room} may not include {header}")
    return faults, read


def main():
    tree, rooms = Path(sys.argv[1]), rooms_of(sys.argv[2])
    faults, read = faults_of(tree, rooms)
    unknown = [f"{room} uses {use}, which is not there" for room, uses in rooms.items() for use in uses
               if use not in rooms and not (tree / use).is_file()]
    circle = circle_of(rooms)
    for fault in [*faults, *unknown, *(["rooms in a circle: " + " -> ".join(circle)] if circle else [])]:
        print(fault)
    if faults or unknown or circle or read < 500:
        sys.exit(f"{len(faults)} includes against the rooms, {read} read")


if __name__ == "__main__":
    main()

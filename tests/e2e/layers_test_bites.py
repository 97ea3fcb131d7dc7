#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The test that keeps the rooms apart fails on an include that goes up or sideways, on a circle, and on a file without a
room, at any depth."""

import json
import shutil
import subprocess

import near  # noqa: F401
from harness import TREE, main, test

LAYERS = ("base", "wire", "http", "crypto", "store", "ipc", "daemon", "ctl", "server")
WRONG = {"base": "wire/origin.hpp", "wire": "crypto/key.hpp", "crypto": "store/store.hpp", "store": "crypto/key.hpp",
         "ipc": "store/store.hpp", "ctl": "daemon/index/index.hpp", "server": "crypto/seal.hpp", "http": "store/store.hpp",
         "daemon/os": "daemon/state/writer.hpp", "daemon/vault": "daemon/sync/sync.hpp", "daemon/app": "ipc/registry.hpp",
         "daemon/index": "daemon/items/items.hpp"}


def layers_command(world, tree, change=lambda rooms: rooms):
    """The command of the ctest `layers`, about another tree, and perhaps other rooms."""
    listed = subprocess.check_output(["ctest", "--test-dir", world.build, "--show-only=json-v1"])
    (found,) = [t["command"] for t in json.loads(listed)["tests"] if t["name"] == "layers"]
    return [*found[:-2], tree, change(found[-1])]


def copied_tree(world):
    copy = world.folder / "tree"
    for layer in LAYERS:
        shutil.copytree(TREE / layer, copy / layer)
    return copy


def refused(command, *words):
    done = subprocess.run(command, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 and all(word in said for word in words), (words, said)


@test
def a_tree_as_it_is_passes(world):
    subprocess.run(layers_command(world, copied_tree(world)), check=True, capture_output=True)


@test
def one_wrong_include_in_any_room_fails_at_any_depth_and_under_any_name(world):
    copy = copied_tree(world)
    command = layers_command(world, copy)
    for layer, header in WRONG.items():
        for name in ("wrong.hpp", "Wrong_2.cpp", "deep/down/wrong-too.hpp"):
            wrong = copy / layer / name
            wrong.parent.mkdir(parents=True, exist_ok=True)
            wrong.write_text(f'#pragma once\n#include "{header}"\n')
            refused(command, f"{layer}/{name}", header)
            wrong.unlink()


@test
def rooms_that_use_each_other_and_lists_that_name_what_is_not_there_fail(world):
    copy = copied_tree(world)
    refused(layers_command(world, copy, lambda rooms: rooms.replace("base=", "base=wire")), "circle", "base")
    refused(layers_command(world, copy, lambda rooms: rooms.replace("wire=base", "wire=base,attic")), "attic")


@test
def a_file_of_no_room_fails(world):
    refused(layers_command(world, copied_tree(world), lambda rooms: rooms.replace("ipc=", "ipc/api=")), "ipc/client.hpp", "no room")


if __name__ == "__main__":
    main()

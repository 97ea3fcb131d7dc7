#!/usr/bin/python3
"""The test that keeps the folders apart fails on an include that goes up or sideways."""

import json
import shutil
import subprocess

from harness import TREE, main, test

LAYERS = ("base", "wire", "crypto", "store", "ipc", "daemon", "ctl", "server")
WRONG = {"base": "wire/origin.hpp", "wire": "crypto/key.hpp", "crypto": "store/store.hpp", "store": "crypto/key.hpp",
         "ipc": "store/store.hpp", "ctl": "daemon/index.hpp", "server": "crypto/seal.hpp"}


def layers_command(world, source):
    """The command of the ctest `layers`, about another tree."""
    listed = subprocess.check_output(["ctest", "--test-dir", world.build, "--show-only=json-v1"])
    (found,) = [t["command"] for t in json.loads(listed)["tests"] if t["name"] == "layers"]
    return [f"-DSOURCE={source}" if word.startswith("-DSOURCE=") else word for word in found]


def copied_tree(world):
    copy = world.folder / "tree"
    for layer in LAYERS:
        shutil.copytree(TREE / layer, copy / layer)
    return copy


@test
def a_tree_as_it_is_passes(world):
    subprocess.run(layers_command(world, copied_tree(world)), check=True, capture_output=True)


@test
def one_wrong_include_in_any_folder_fails(world):
    copy = copied_tree(world)
    command = layers_command(world, copy)
    for layer, header in WRONG.items():
        wrong = copy / layer / "wrong.hpp"
        wrong.write_text(f'#pragma once\n#include "{header}"\n')
        done = subprocess.run(command, capture_output=True)
        said = done.stdout + done.stderr
        assert done.returncode != 0 and f"{layer}/wrong.hpp".encode() in said, (layer, said)
        wrong.unlink()


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the known-answer vectors (*.vec) beside this file, and the long example of crypto/FORMAT.md; running it again gives
the same bytes."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reader")]

from generators import chains, commits, content, ed25519, jumps, kdf, keyrings, large_keyring, misc, seals, slots  # noqa: E402

FILES = {"kdf": kdf, "seal": seals, "content": content, "commit": commits, "jump": jumps, "chains": chains, "slots": slots,
         "keyring": keyrings, "ed25519": ed25519, "misc": misc}


def main():
    for name, module in FILES.items():
        (HERE / f"{name}.vec").write_text(module.make().text(), encoding="ascii")
    large_keyring.write()


if __name__ == "__main__":
    main()

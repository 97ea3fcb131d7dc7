#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is linked into each program: nothing that seals, opens or derives in vault-server, no test seam in a release."""

import re
import subprocess

import near  # noqa: F401
from harness import main, test

# What Botan offers to somebody who holds a key.
OPENS = re.compile(r"Botan(_\w+)?::(AEAD_Mode|Cipher_Mode|KDF|PasswordHash|[Aa]rgon2|Curve25519|X25519|AES|Block)")
SEAMS = [b"VAULT_FAULT", b"VAULT_AUDIT", b"VAULT_PAUSE"]


def nm(*words):
    return subprocess.check_output(["nm", *map(str, words)]).decode().splitlines()


def own_functions(path):
    """Strong definitions of ours, by their mangled names."""
    rows = [line.split() for line in nm("--defined-only", path)]
    return {row[-1] for row in rows if len(row) == 3 and row[1] in "TtDdBbRr" and "5vault" in row[-1]}


def imports(path):
    return {line.split(None, 1)[-1] for line in nm("-D", "-C", "--undefined-only", path)}


@test(proves="8")
def the_server_has_nothing_of_ours_that_seals_opens_or_derives(world):
    library = next(world.build.rglob("libvault_crypto.a"))
    keys = own_functions(library)
    assert len(keys) > 20, "the library with the keys is a library"
    assert not own_functions(world.build / "vault-server") & keys
    assert len(own_functions(world.build / "vaultd") & keys) > 20, "and the same look finds them where they are"


@test
def the_server_uses_no_cipher_of_the_library_below(world):
    assert not [name for name in imports(world.build / "vault-server") if OPENS.search(name)]
    assert [name for name in imports(world.build / "vaultd") if OPENS.search(name)], "as vaultd does"


@test
def a_release_has_no_seam_for_tests(world):
    for name in ("vaultd", "vaultctl", "vault-server"):
        program = (world.build / name).read_bytes()
        assert not [seam for seam in SEAMS if seam in program], name
    program = (world.build / "vaultd_test").read_bytes()
    assert all(seam in program for seam in SEAMS), "and the same look finds them where they are"


@test
def vaultctl_holds_no_key_and_no_database(world):
    library = next(world.build.rglob("libvault_crypto.a"))
    assert not own_functions(world.build / "vaultctl") & own_functions(library)
    linked = subprocess.check_output(["objdump", "-p", world.build / "vaultctl"]).decode()
    assert not re.search(r"NEEDED.*(botan|lmdb)", linked)


if __name__ == "__main__":
    main()

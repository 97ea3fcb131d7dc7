#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a password may be, what happens with a wrong one, and that the same word typed on two keyboards is one
password."""

import os
import unicodedata

import near  # noqa: F401
from harness import main, test


def files(folder):
    """Every file below, with its bytes, and every folder; but for the locks of readers."""
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*") if not p.name.endswith("-lock")}


def contents(folder):
    """The files of an export, but for the manifest, which says when it was made."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*")
            if path.is_file() and path.name != "manifest.bin"}


def fresh_pair(world, program="vaultd_test"):
    world.start_server()
    laptop, phone = world.device("laptop", program), world.device("phone", program)
    laptop.create()
    return laptop, phone


def refused_join_leaves_nothing(world, program):
    laptop, phone = fresh_pair(world, program)
    before, stored = phone.status(), files(phone.state)
    phone.fails(6, *phone.enrolment("join"), password="not the password")
    assert phone.status() == before, "the vault is as absent as before"
    assert files(phone.state) == stored, "its folder too"
    assert len(laptop.status()["devices"]) == 1
    phone.join()
    laptop.sync()
    assert len(laptop.status()["devices"]) == 2, "one join, one device"


@test(proves="L14")
def a_join_with_a_wrong_password_leaves_nothing_and_can_be_repeated(world):
    refused_join_leaves_nothing(world, "vaultd_test")


@test(proves="L14")
def so_it_does_with_a_release(world):
    refused_join_leaves_nothing(world, "vaultd")


@test
def an_account_that_does_not_exist_is_refused_as_a_wrong_password_is(world):
    laptop, phone = fresh_pair(world)
    wrong = phone.fails(6, *phone.enrolment("join"), password="not the password")
    world.account = "nobody"
    assert phone.fails(6, *phone.enrolment("join"), password=world.password) == wrong


@test
def an_unlock_with_a_wrong_password_changes_nothing(world):
    laptop, _ = fresh_pair(world)
    laptop.put("note", b"here")
    laptop.sync()
    laptop.ok("lock")
    laptop.ok("export", "--sealed", str(world.folder / "before"), "--without-large")
    before = laptop.status()
    laptop.fails(6, "unlock", password="not the password")
    after = laptop.status()
    for part in ("vault", "device", "trust", "items", "conflicts"):
        assert after[part] == before[part], part
    laptop.ok("export", "--sealed", str(world.folder / "after"), "--without-large")
    assert contents(world.folder / "after") == contents(world.folder / "before"), "not a sealed byte changed"
    laptop.unlock()
    assert laptop.get("note") == b"here"


@test(proves="K11")
def composed_and_decomposed_spellings_are_one_password(world):
    world.start_server()
    word = "Zoë grüßt Ångström 한글"
    composed, decomposed = unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)
    assert composed.encode() != decomposed.encode()
    laptop, phone = world.device("laptop"), world.device("phone")
    laptop.create(password=composed)
    phone.join(password=decomposed)
    phone.ok("lock")
    phone.ok("unlock", password=composed)
    phone.fails(6, "unlock", password=composed.replace("ß", "ss"))


@test
def one_trailing_newline_is_no_part_of_the_password_and_a_second_one_is(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create(password="secret")
    laptop.ok("unlock", password="secret\n")
    laptop.ok("lock")
    for wrong in ("secret\n\n", " secret", "secret ", "\nsecret", "Secret"):
        laptop.fails(6, "unlock", password=wrong)
    laptop.ok("unlock", password="secret\n")


@test
def a_password_file_is_read_like_a_pipe(world):
    world.start_server()
    laptop, file = world.device("laptop"), world.folder / "password"
    file.write_bytes(b"from a file\n")
    laptop.ok("--password-file", str(file), *laptop.enrolment("create"))
    laptop.ok("lock")
    laptop.ok("unlock", "--password-file", str(file))
    laptop.ok("lock")
    laptop.ok("unlock", password="from a file")


REFUSED = {
    "empty": (b"", 2, "empty"),
    "a newline alone": (b"\n", 2, "empty"),
    "a NUL": (b"se\0cret", 2, "NUL"),
    "invalid UTF-8": (b"se\xffcret", 2, "UTF-8"),
    "an overlong UTF-8 slash": (b"se\xc0\xafcret", 2, "UTF-8"),
    "1025 bytes": (b"x" * 1025, 14, "1024"),
    "64 KiB": (b"x" * 65535, 14, "1024"),
}


@test
def what_cannot_be_a_password_is_refused_with_a_sentence_that_says_why(world):
    world.start_server()
    laptop = world.device("laptop")
    stored = files(laptop.state)
    for what, (password, code, word) in REFUSED.items():
        sentence = laptop.fails(code, *laptop.enrolment("create"), password=password)
        assert word in sentence, f"{what}: {sentence}"
    assert laptop.status()["vault"]["state"] == "absent"
    assert files(laptop.state) == stored


@test
def the_longest_password_is_a_password(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create(password=b"x" * 1024)
    laptop.ok("lock")
    laptop.fails(6, "unlock", password=b"x" * 1023)
    laptop.ok("unlock", password=b"x" * 1024)


@test
def no_password_at_all_is_a_clear_error_and_not_a_wait(world):
    world.start_server()
    laptop = world.device("laptop")
    assert "password" in laptop.fails(2, *laptop.enrolment("create"), timeout=10)


@test(proves="L13")
def no_password_is_ever_in_a_command_line_or_an_environment(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    for what in ("cmdline", "environ"):
        with open(f"/proc/{laptop.process.pid}/{what}", "rb") as file:
            assert world.password.encode() not in read_or_nothing(file)


def read_or_nothing(file):
    try:
        return file.read()
    except PermissionError:  # the daemon is not dumpable: nobody but root reads its environment
        assert os.geteuid() != 0
        return b""


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vaultread as a command: what it prints, and its exit codes."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from vaultformat.blob import chunk_plain, merkle_root, seal_chunk  # noqa: E402
from vaultformat.commit import Blob, state_code  # noqa: E402
from vaultformat.recovery import code_text  # noqa: E402
from writer import SUITE, Writer, write_files  # noqa: E402

CLAIMS = "9"


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.password = os.path.join(folder.name, "export"), os.path.join(folder.name, "password")
        w = Writer("p\u00e4ss".encode())
        first = w.put("a", "work/db", b"old")
        w.put("a", "work/db", b"\0new", [first])
        w.put("a", "caf\u00e9", b"")
        w.put("a", "gone", None)
        write_files(self.folder, w.files() | w.manifest())
        self.write("p\u00e4ss\n")

    def write(self, password):
        pathlib.Path(self.password).write_text(password, encoding="utf-8")

    def run_with(self, *given, suite=("--allow-test-suite",)):
        return subprocess.run([HERE / "vaultread.py", self.folder, "--password-file", self.password, *suite, *given],
                              capture_output=True, check=False)

    def test_password_with_carriage_return(self):
        pathlib.Path(self.password).write_bytes("p\u00e4ss\r\n".encode())
        self.assertEqual(self.run_with("--get", "work/db").stdout, b"\0new")
        pathlib.Path(self.password).write_bytes("p\u00e4ss\r".encode())
        self.assertEqual(self.run_with("--get", "work/db").returncode, 1)

    def test_list(self):
        self.assertEqual(self.run_with("--list").stdout.decode(), "caf\u00e9\nwork/db\n")

    def test_get(self):
        self.assertEqual(self.run_with("--get", "work/db").stdout, b"\0new")
        self.assertEqual(self.run_with("--get", "caf\u00e9").returncode, 0)
        self.assertEqual(self.run_with("--get", "gone").returncode, 1)

    def test_json(self):
        lines = [json.loads(line) for line in self.run_with().stdout.splitlines()]
        self.assertEqual([line["name"] for line in lines], ["caf\u00e9", "work/db"])
        self.assertEqual(sorted(lines[1]), ["attributes", "clock", "content_type", "heads", "name", "value_base64",
                                            "version", "wall"])
        self.assertEqual((lines[1]["value_base64"], lines[1]["heads"]), ("AG5ldw==", [lines[1]["version"]]))

    def test_history(self):
        lines = [json.loads(line) for line in self.run_with("--history", "work/db").stdout.splitlines()]
        self.assertEqual([(line["value_base64"], line["winner"]) for line in lines],
                         [("b2xk", False), ("AG5ldw==", True)])
        self.assertEqual(self.run_with("--history", "gone").returncode, 0)
        self.assertEqual(self.run_with("--history", "never").returncode, 1)

    def test_check_only(self):
        self.assertEqual(self.run_with("--check-only").stdout,
                         b"verified: 1 keyring versions, 1 chains, 5 commits, 2 items\n")

    def test_sealings(self):
        """A line for each segment of what was opened: a password slot, a keyring body, and the commits' counters."""
        lines = [line.split() for line in self.run_with("--sealings").stdout.decode().splitlines()]
        self.assertEqual([(kind, ctr) for _, _, _, ctr, kind in lines],
                         [("17", "0"), ("16", "0"), ("2", "0"), *(("1", str(n)) for n in range(1, 5))])
        self.assertEqual(len({pair for pair, *_ in lines}), len(lines))
        self.assertTrue(all(len(pair) == len(text) == 64 for pair, text, *_ in lines))

    def write_large(self):
        """An export whose work/film has two chunks; its bytes, and the files' names."""
        w, value = Writer("p\u00e4ss".encode()), os.urandom(983040) + b"end"
        key, blob_id = bytes(32), bytes(16)
        chunks = [seal_chunk(key, SUITE, w.vault_id, w.devices["a"].id, blob_id, i, 2, chunk_plain(value, i), w.fresh())
                  for i in range(2)]
        w.blobs = {f"blobs/{blob_id.hex()}/{i}.bin": chunk for i, chunk in enumerate(chunks)}
        w.put("a", "work/film", Blob(blob_id, key, len(value), merkle_root(chunks)))
        self.folder += "-large"
        write_files(self.folder, w.files() | w.manifest())
        return value, sorted(w.blobs)

    def test_large_to_stdout_and_to_a_file(self):
        value, _ = self.write_large()
        self.assertEqual(self.run_with("--get", "work/film").stdout, value)
        output = self.folder + ".mkv"
        self.assertEqual(self.run_with("--get", "work/film", "--output", output).returncode, 0)
        self.assertEqual(pathlib.Path(output).read_bytes(), value)
        again = self.run_with("--get", "work/film", "--output", output)
        self.assertEqual((again.returncode, again.stderr.count(b"\n")), (1, 1))
        self.assertEqual(self.run_with("--output", output).returncode, 2)
        line = json.loads(self.run_with().stdout)
        self.assertEqual((line["value_base64"], line["size"], line["sha256"]),
                         (None, len(value), hashlib.sha256(value).hexdigest()))
        self.assertIn(b"1 items, 1 large values\n", self.run_with("--check-only").stdout)
        self.assertEqual(sum(line.endswith(" 20") for line in self.run_with("--sealings").stdout.decode().splitlines()), 60 + 1)

    def test_lacking(self):
        _, files = self.write_large()
        os.unlink(os.path.join(self.folder, files[1]))
        self.assertEqual(self.run_with("--list").returncode, 1)
        done = self.run_with("--list", "--lacking")
        self.assertEqual((done.returncode, done.stdout), (1, b"work/film\n"))
        self.assertEqual(done.stderr.decode(), f"vaultread: {files[1]}: missing\n")
        self.assertEqual(self.run_with("--get", "work/film", "--lacking").stdout, b"")
        self.assertEqual(json.loads(self.run_with("--lacking").stdout)["missing"], [files[1]])
        self.assertTrue(self.run_with("--lacking", "--check-only").stdout.startswith(b"verified in part: "))
        self.assertIn(b" 0 of 1 large values\n", self.run_with("--lacking", "--check-only").stdout)

    def test_damaged(self):
        _, files = self.write_large()
        path = pathlib.Path(self.folder, files[0])
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        done = self.run_with()
        self.assertEqual((done.returncode, done.stderr.decode()), (1, f"vaultread: {os.path.dirname(files[0])}: root wrong\n"))
        self.assertEqual(json.loads(done.stdout)["damaged"], f"{os.path.dirname(files[0])}: root wrong")
        self.assertEqual(self.run_with("--get", "work/film").stdout, b"")
        self.assertIn(b" 0 of 1 large values\n", self.run_with("--check-only").stdout)

    def test_manifest(self):
        w = Writer("p\u00e4ss".encode())
        w.put("a", "work/db", b"mine")
        self.folder += "-with-a-manifest"
        write_files(self.folder, w.files() | w.manifest())
        done = self.run_with("--check-only")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        os.unlink(os.path.join(self.folder, w.path("a", 2)))
        done = self.run_with("--check-only")
        self.assertEqual((done.returncode, done.stdout.split(b":")[0]), (1, b"verified in part"))
        self.assertEqual(done.stderr.decode().splitlines()[0], f"vaultread: manifest.bin: names {w.path('a', 2)}, which is missing")
        os.unlink(os.path.join(self.folder, "manifest.bin"))
        done = self.run_with("--check-only")
        self.assertEqual((done.returncode, done.stderr), (0, b"vaultread: manifest.bin: missing, so nothing says how many commits there should be\n"))

    def test_wrong_password(self):
        self.write("pass")
        done = self.run_with()
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(done.stderr, rb"^vaultread: keyring/1.bin: wrong password[^\n]*\n$")

    def test_code(self):
        w = Writer()
        code = code_text(w.print_sheet())
        w.put("a", "work/db", b"new")
        self.folder += "-with-a-sheet"
        write_files(self.folder, w.files() | w.manifest())
        self.write(code.lower() + "\n")
        command = [HERE / "vaultread.py", self.folder, "--allow-test-suite", "--get", "work/db", "--code", self.password]
        self.assertEqual(subprocess.run(command, capture_output=True, check=False).stdout, b"new")
        self.assertEqual(self.run_with("--code", self.password).returncode, 2)
        self.write(code[:-1] + ("2" if code[-1] != "2" else "3"))
        done = subprocess.run(command, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"recovery code: check wrong", done.stderr)

    def test_sheet_from_standard_input(self):
        w = Writer()
        code = code_text(w.print_sheet())
        w.checkpoint("a")
        self.folder += "-with-a-sheet"
        write_files(self.folder, w.files() | w.manifest())
        state = state_code(w.vault_id, hashlib.sha256(w.devices["a"].chain[-1]).digest())
        other = "12345 " + state[6:]
        line = f"vaultd-recovery:1:{code.replace('-', '')}:{state.replace(' ', '')}:alice:https://vault.example"
        command = [HERE / "vaultread.py", self.folder, "--allow-test-suite", "--check-only"]

        def said(*words, stdin):
            return subprocess.run([*command, *words], input=stdin.encode(), capture_output=True, check=False)

        self.assertEqual(said("--sheet", "-", stdin=line).returncode, 0)
        self.assertEqual(said("--sheet", "-", stdin=line).stderr, b"")
        self.assertEqual(said("--sheet", "-", stdin=line.replace(state.replace(" ", ""), "1" * 20)).returncode, 1)
        self.assertIn(b"nobody can tell a false vault", said("--code", "-", stdin=code).stderr)
        self.write(code)
        self.assertEqual(said("--code", self.password, "--state-code", "-", stdin=state).stderr, b"")
        self.assertIn(b"of no commit that is here", said("--code", self.password, "--state-code", "-", stdin=other).stderr)
        self.assertEqual(said("--code", "-", "--state-code", "-", stdin=code).returncode, 2)
        self.assertEqual(said("--sheet", "-", "--code", self.password, stdin=line).returncode, 2)

    def test_release_suite_only(self):
        self.assertEqual(self.run_with(suite=()).returncode, 1)

    def test_usage(self):
        self.assertEqual(self.run_with("--list", "--json").returncode, 2)
        self.password += "-not-there"
        self.assertEqual(self.run_with().returncode, 2)
        self.folder += "-not-there"
        self.assertEqual(self.run_with().returncode, 2)


if __name__ == "__main__":
    unittest.main()

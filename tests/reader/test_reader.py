#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The reader takes what the writer makes, and refuses every change of it, naming the object and the rule."""

import copy
import hashlib
import pathlib
import sys
import tempfile
import unittest
from dataclasses import replace
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from vaultformat.blob import chunk_plain, merkle_root, seal_chunk  # noqa: E402
from vaultformat.commit import CHECKPOINT, DATA, EPOCH, Blob, data_body, make_record, seen_bytes, signed_part, state_code  # noqa: E402
from vaultformat.primitives import Refused, ed25519_sign  # noqa: E402
from vaultformat.recovery import Sheet, code_text, parse_sheet  # noqa: E402
from vaultformat.seal import frame  # noqa: E402
from vaultformat.vault import Damaged, Vault, add_version  # noqa: E402
from writer import SUITE, Writer, write_files  # noqa: E402

CLAIMS = "9"


def read(files, password=b"password", test_suite=True, code=None, **how):
    """The vault; what is wrong with one value counts here as much as the rest."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, files)
        vault = Vault(folder, password, test_suite, sheet=Sheet(code) if code else None, **how)
    if vault.damaged:
        raise Refused(vault.damaged[0])
    return vault


def flipped(raw, at):
    at %= len(raw)
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]


def proves(claims):
    """Marks a test for the index of tests/claims.py."""
    return lambda function: function


class Case(unittest.TestCase):
    """What the cases share."""

    def refuses(self, files, says, **how):
        with self.assertRaisesRegex(Refused, says):
            read(files, **how)

    def two_devices(self):
        """a: epoch, data, ack of b; b: epoch, data."""
        w = Writer()
        w.put("a", "work/db", b"one")
        w.join("b")
        w.put("b", "work/mail", b"two", seen=w.seen("a"))
        w.ack("a", "b")
        return w


class Reads(Case):
    def values(self, w, **how):
        return {k.decode(): v for k, v in read(w.files(), **how).values.items() if v is not None}

    def test_two_devices(self):
        self.assertEqual(self.values(self.two_devices()), {"work/db": b"one", "work/mail": b"two"})

    def test_no_commits(self):
        w = Writer()
        w.devices["a"].chain.clear()
        self.assertEqual(self.values(w), {})

    def test_replaced_and_removed(self):
        w = Writer()
        first = w.put("a", "n", b"one")
        second = w.put("a", "n", b"two", [first])
        self.assertEqual(self.values(w), {"n": b"two"})
        w.put("a", "n", None, [second])
        self.assertEqual(self.values(w), {})
        self.assertEqual(len(read(w.files()).names[b"n"]), 3)

    def test_conflict_put_wins(self):
        w = self.two_devices()
        w.put("a", "n", b"kept")
        w.put("b", "n", None)
        vault = read(w.files())
        (_, best, heads), = [item for item in vault.items() if item[0] == b"n"]
        self.assertEqual((best.value, len(heads)), (b"kept", 2))

    def test_long_values(self):
        w = Writer()
        w.put("a", "long", bytes(range(256)) * 256)
        self.assertEqual(self.values(w), {"long": bytes(range(256)) * 256})

    @proves("6")
    def test_password_change_and_generations(self):
        w = self.two_devices()
        w.change_password(b"another")
        w.epoch("a")
        w.put("a", "later", b"three")
        self.assertEqual(self.values(w, password=b"another")["later"], b"three")
        self.refuses(w.files(), "keyring/3.bin: wrong password")

    def test_recovery_code_instead_of_the_password(self):
        w = self.two_devices()
        code = w.print_sheet()
        w.put("a", "later", b"three")
        self.assertEqual(self.values(w, password=None, code=code), self.values(w))
        self.refuses(w.files(), "keyring/3.bin: wrong recovery code", code=bytes(20))
        newer = w.print_sheet()
        self.refuses(w.files(), "keyring/4.bin: wrong recovery code", code=code)
        self.assertEqual(self.values(w, password=None, code=newer)["later"], b"three")

    def test_recovery_code_of_another_body(self):
        w = self.two_devices()
        code = w.print_sheet()
        k = w.rings.pop()
        k.rpsk = bytes([1]) * 32
        w.ring(k)
        self.refuses(w.files(), "another code's keys", code=code)

    def test_many_slices(self):
        w = Writer()
        for i in range(2500):
            w.put("a", f"n{i % 10}", b"%d" % i)
        self.assertEqual(len(self.values(w)), 10)
        w.devices["a"].chain[2400] = flipped(w.devices["a"].chain[2400], -1)
        self.refuses(w.files(), "2402.bin: prev is not")

    def test_revoked_writes_beyond_the_cut_are_ignored(self):
        w = self.two_devices()
        cut = len(w.devices["b"].chain)
        w.put("b", "evil", b"beyond")
        w.ack("a", "b")
        w.revoke("b", cut)
        files = w.files()
        self.assertNotIn("evil", self.values(w))
        self.assertIsNotNone(read(files | {w.path("b", cut + 1): b"anything"}))
        del files[w.path("b", cut + 1)]
        self.assertIsNotNone(read(files))
        del files[w.path("b", cut)]
        self.refuses(files, f"{cut}.bin: missing, and the keyring names it as the cut")

    def test_revoked_whole(self):
        w = Writer()
        w.join("b")
        w.put("b", "evil", b"beyond")
        w.revoke("b", 0)
        self.assertEqual(self.values(w), {})



class Proofs(Case):
    """Of a clone: two commits of one device for one seq, both signed by it."""

    CLAIMS = "4"

    def setUp(self):
        self.one = Writer()
        self.other = copy.deepcopy(self.one)
        self.one.put("a", "note", b"one")
        self.other.put("a", "note", b"other")

    def proofs(self, *raws, seq=2):
        folder = f"proofs/{self.one.devices['a'].id.hex()}"
        return {f"{folder}/{seq}-{hashlib.sha256(raw).hexdigest()}.bin": raw for raw in raws}

    def commits(self):
        return self.one.devices["a"].chain[1], self.other.devices["a"].chain[1]

    def test_two_commits_that_differ(self):
        vault = read(self.one.files() | self.proofs(*self.commits()))
        self.assertEqual(vault.proofs, [(self.one.devices["a"].id, 2)])
        self.assertEqual(vault.values, {b"note": b"one"})

    def test_one_commit_alone(self):
        self.refuses(self.one.files() | self.proofs(self.commits()[1]), "one commit alone proves nothing")

    def test_a_commit_that_nobody_signed(self):
        one, other = self.commits()
        self.refuses(self.one.files() | self.proofs(one, flipped(other, -1)), "the signature is wrong")
        self.refuses(self.one.files() | self.proofs(one, flipped(other, 300)), "the signature is wrong")

    def test_another_name_than_the_commits_own(self):
        self.refuses(self.one.files() | self.proofs(*self.commits(), seq=3), "is not what its name says")
        files = self.proofs(*self.commits())
        first, second = sorted(files)
        self.refuses(self.one.files() | {first: files[second], second: files[first]}, "is not what its name says")

    def test_a_commit_of_another_device(self):
        one, _ = self.commits()
        self.one.join("b")
        self.one.put("b", "note", b"x")
        self.refuses(self.one.files() | self.proofs(one, self.one.devices["b"].chain[1]), "another vault or device")


class Strangers(Case):
    """What lies in an export and is no object of it."""

    def setUp(self):
        self.w = self.two_devices()
        self.chain = f"chains/{self.w.devices['a'].id.hex()}"

    def test_what_systems_and_editors_leave_is_passed_by(self):
        for place in ("", "keyring/", "chains/", f"{self.chain}/", "proofs/"):
            for name in (".DS_Store", ".1.bin.swp", "._1.bin"):
                with self.subTest(place=place, name=name):
                    self.assertIn(b"work/db", read(self.w.files() | {place + name: b"what a Mac leaves"}).values)
        self.assertIn(b"work/db", read(self.w.files() | {"README": b"mine", "blobs/notes": b"mine"}).values)

    def test_any_other_name_is_refused(self):
        for path in ("keyring/1.bin~", "keyring/02.bin", f"{self.chain}/2.bin.bak", f"{self.chain}/2 (copy).bin"):
            self.refuses(self.w.files() | {path: b"x"}, "is no object of an export")
        self.refuses(self.w.files() | {"chains/README": b"x"}, "chains/README: is no device_id")

    def test_a_file_in_place_of_a_folder(self):
        for place in ("keyring", "chains", self.chain, "proofs"):
            files = {path: raw for path, raw in self.w.files().items() if not path.startswith(place + "/")}
            with self.subTest(place=place):
                self.refuses(files | {place: b"x"}, f"^{place}: not a directory")

    def test_a_folder_in_place_of_a_file(self):
        files = self.w.files()
        del files[f"{self.chain}/2.bin"]
        self.refuses(files | {f"{self.chain}/2.bin/x": b"x"}, "2.bin: is a directory")


class Sheets(Case):
    """A vault that somebody who knows the code's public halves makes around it is not the sheet's."""

    def setUp(self):
        self.true = Writer()
        self.false = Writer(b"an evil password")  # the same vault_id, keys and code
        self.code = self.true.print_sheet()
        self.assertEqual(self.false.print_sheet(), self.code)
        for w in (self.true, self.false):
            w.put("a", "note", b"one")
            w.checkpoint("a")

    def state(self, w):
        return state_code(w.vault_id, hashlib.sha256(w.devices["a"].chain[-1]).digest())

    def with_sheet(self, files, *sheet):
        with tempfile.TemporaryDirectory() as folder:
            write_files(folder, files)
            return Vault(folder, None, True, sheet=Sheet(self.code, *sheet))

    def test_the_state_code_tells_them_apart(self):
        self.assertEqual(self.with_sheet(self.true.files(), self.state(self.true), "alice").values, {b"note": b"one"})
        with self.assertRaisesRegex(Refused, "the state code is of no commit that is here"):
            self.with_sheet(self.false.files(), self.state(self.true), "alice")
        self.assertIsNotNone(self.with_sheet(self.false.files()), "and nothing else does")

    def test_a_state_code_goes_with_a_password(self):
        self.assertIsNotNone(read(self.true.files(), state_code=self.state(self.true)))
        self.refuses(self.true.files(), "the state code is of no commit", state_code=self.state(self.false))

    def test_a_commit_that_is_no_checkpoint_has_no_state_code(self):
        self.true.put("a", "note", b"two")
        self.refuses(self.true.files(), "the state code is of no commit", state_code=self.state(self.true))

    def test_a_checkpoint_under_a_sibling_has_none_either(self):
        w = self.true
        w.ring(w.next(siblings=(bytes(32),)))
        w.commit("a", CHECKPOINT, b"", version=2, version_hash=bytes(32))
        self.assertIsNotNone(read(w.files()))
        self.refuses(w.files(), "the state code is of no commit", state_code=self.state(w))

    def test_another_account(self):
        with self.assertRaisesRegex(Refused, "keyring/2.bin: the sheet is of the account bert, and this of alice"):
            self.with_sheet(self.true.files(), self.state(self.true), "bert")

    def test_as_it_is_printed_framed_and_in_its_qr_code(self):
        text, state = code_text(self.code), self.state(self.true)
        plain = f"RECOVERY SHEET\n\naccount     alice\nserver      https://x:1\ncode        {text}\nstate code  {state}\n\nAll devices lost"
        framed = "\n".join(f"\u2502 {line:60} \u2502" for line in plain.split("\n"))
        line = f"vaultd-recovery:1:{text.replace('-', '')}:{state.replace(' ', '')}:alice:https://x:1"
        for form in (plain, framed, line, f"{line}\n", plain.replace("\n", "\r\n")):
            self.assertEqual(parse_sheet(form), Sheet(self.code, state, "alice"))
        for bad, says in ((plain.replace("state code", "state"), "no state code"), (line.replace(":1:", ":2:", 1), "no code"),
                          (plain.replace(state, state[1:]), "not twenty digits"), (line + "x" * 1024, "above 1024"),
                          (plain.replace("alice", "").replace("account", ""), "no account")):
            with self.assertRaisesRegex(Refused, says):
                parse_sheet(bad)


class Manifests(Case):
    """A manifest says what should be there, so what the end of a chain has lost is noticed."""

    def setUp(self):
        self.w = self.two_devices()
        self.w.put("b", "work/mail", b"three")
        self.chain = f"chains/{self.w.devices['b'].id.hex()}"

    def lost(self, files):
        vault = read(files)
        return vault.lost, vault.notes

    def test_all_is_there(self):
        self.assertEqual(self.lost(self.w.files() | self.w.manifest()), ([], []))
        self.w.put("a", "later", b"x")
        manifest = self.w.manifest()
        self.w.put("a", "after the manifest", b"x")
        self.assertEqual(self.lost(self.w.files() | manifest), ([], []), "an export may have more")

    def test_the_end_of_a_chain_is_missing(self):
        files = self.w.files() | self.w.manifest()
        self.assertIsNotNone(files.pop(self.w.path("b", 3)))
        self.assertEqual(self.lost(files), ([f"manifest.bin: names {self.chain}/3.bin, which is missing",
                                             "manifest.bin: names 6 commits, and 5 are here"], []))

    def test_all_chains_of_one_device_are_missing(self):
        w = Writer()
        w.put("a", "note", b"mine")
        files = {path: raw for path, raw in (w.files() | w.manifest()).items() if not path.startswith("chains/")}
        lost, _ = self.lost(files)
        self.assertEqual(lost, [f"manifest.bin: names {w.path('a', 2)}, which is missing", "manifest.bin: names 2 commits, and 0 are here"])

    def test_a_keyring_version_is_missing_or_another(self):
        manifest = self.w.manifest(version=3, version_hash=bytes(32))
        self.assertEqual(self.lost(self.w.files() | manifest)[0], ["manifest.bin: names keyring/3.bin, which is missing or another"])

    def test_a_head_with_another_hash(self):
        heads = tuple((i, seq, bytes(32)) for i, seq, _ in self.w.heads())
        self.assertIn("with another hash", self.lost(self.w.files() | self.w.manifest(heads=heads))[0][0])

    def test_a_checkpoint(self):
        self.w.checkpoint("a", "b")
        head = self.w.head_at("a", len(self.w.devices["a"].chain))[1:]
        self.assertEqual(self.lost(self.w.files() | self.w.manifest(checkpoint=head)), ([], []))
        self.assertIn("with another hash", self.lost(self.w.files() | self.w.manifest(checkpoint=(head[0], bytes(32))))[0][0])

    def test_a_device_that_was_revoked(self):
        self.w.revoke("b", 2)
        self.assertEqual(self.lost(self.w.files() | self.w.manifest()), ([], []))
        self.assertEqual(self.lost(self.w.files() | self.w.manifest(by="b")), ([], []), "it has signed before")

    def test_none_at_all(self):
        self.assertEqual(self.lost(self.w.files()), ([], ["manifest.bin: missing, so nothing says how many commits there should be"]))

    def test_a_servers(self):
        files = self.w.files() | self.w.manifest(by=None)
        self.assertEqual(self.lost(files), ([], ["manifest.bin: made by a server, and not signed"]))
        del files[self.w.path("b", 3)]
        self.assertEqual(len(self.lost(files)[0]), 2)

    def test_each_flipped_byte_is_noticed(self):
        raw = self.w.manifest()["manifest.bin"]
        for at in range(len(raw)):
            if at % 7 == 0 or at > len(raw) - 66 and at % 3 == 0:
                self.assertNotEqual(self.lost(self.w.files() | {"manifest.bin": flipped(raw, at)})[0], [], at)

    def test_not_a_manifest(self):
        true = self.w.manifest()["manifest.bin"]
        other = Writer(b"another")
        for raw, says in ((b"", "malformed"), (true + b"x", "malformed: bytes left over"), (true[:-65] + b"\0", "the signature is wrong"),
                          (self.w.manifest(by=None)["manifest.bin"][:-1] + true[-65:], "has a signature, and names nobody"),
                          (self.w.manifest(vault_id=bytes(16))["manifest.bin"], "is of another vault"),
                          (self.w.manifest(device_id=bytes([1]) * 16)["manifest.bin"], "is by a device that the keyring has not")):
            lost, notes = self.lost(self.w.files() | {"manifest.bin": raw})
            self.assertEqual((len(lost), notes), (1, []))
            self.assertIn(f"manifest.bin: {says}", lost[0])


class Limits(Case):
    def test_devices(self):
        for devices, says in ((256, None), (257, "above 256 devices")):
            w = Writer()
            for i in range(1, devices):
                w.add_device(f"device {i}", 2)
            w.ring(w.next())
            if says:
                self.refuses(w.files(), f"keyring/2.bin: {says}")
            else:
                self.assertEqual(len(read(w.files()).rings.newest.devices), devices)

    def test_name_of_a_device(self):
        for name, says in ((b"", "not 1 to 64 bytes"), (b"n" * 65, "not 1 to 64 bytes"), (b"n" * 64, None)):
            w = Writer()
            w.add_device("b", 2)
            w.devices["b"].public = w.devices["b"].public._replace(name=name)
            w.ring(w.next())
            if says:
                self.refuses(w.files(), f"keyring/2.bin: device name is {says}")
            else:
                self.assertIsNotNone(read(w.files()))

    def test_versions_replaced(self):
        w = Writer()
        old = sorted(hashlib.shake_256(b"%d" % i).digest(36) for i in range(1025))
        w.put("a", "n", b"one", old[:1024])
        self.assertIsNotNone(read(w.files()))
        w.put("a", "n", b"two", old)
        self.refuses(w.files(), "3.bin: record: above 1,024 versions replaced")


class Unchecked(Case):
    """What nobody can compare with anything is not compared."""

    def test_a_version_id_of_nobody(self):
        w = Writer()
        for device, seq, index in ((bytes(16), 0, 2**32 - 1), (w.devices["a"].id, 2**64 - 1, 0)):
            draft = w.record("a", "n", b"one")[0]
            w.commit("a", DATA, data_body([make_record(w.checking, device, seq, index, draft)[1]]))
        self.assertEqual(len(read(w.files()).names[b"n"]), 2)

    def test_commits_beyond_a_cut(self):
        w = self.two_devices()
        cut = len(w.devices["b"].chain)
        for i in range(3):
            w.put("b", "evil", b"%d" % i)
        w.revoke("b", cut)
        files = w.files()
        del files[w.path("b", cut + 1)]
        files[w.path("b", cut + 3)] = flipped(files[w.path("b", cut + 3)], -1)
        self.assertNotIn(b"evil", read(files).values)

    def test_a_sealer_that_is_no_device(self):
        w = Writer()
        w.ring(replace(w.next(), sealer=b"\x99" * 16))
        self.assertIsNotNone(read(w.files()))

    def test_another_suite_in_a_proof(self):
        one, other = Writer(), Writer()
        one.put("a", "note", b"one")
        other.put("a", "note", b"other")
        raws = [w.devices["a"].chain[1] for w in (one, other)]
        raws[1] = raws[1][:5] + b"\1" + raws[1][6:-64]
        raws[1] += ed25519_sign(other.devices["a"].sig, signed_part(raws[1] + bytes(64)))
        folder = f"proofs/{one.devices['a'].id.hex()}"
        proofs = {f"{folder}/2-{hashlib.sha256(raw).hexdigest()}.bin": raw for raw in raws}
        self.refuses(one.files() | proofs, "suite is not the vault's")


class Bases(Case):
    def based(self):
        """a repeats what is live from commit 4 on and says so in a base."""
        w = Writer()
        w.put("a", "n", b"one")
        w.put("a", "n", b"two")
        w.join("b")
        w.put("b", "m", b"three", seen=w.seen("a"))
        w.epoch("a")
        w.put("a", "n", b"two")
        w.base("a", 4, "b")
        w.put("a", "after", b"four")
        return w

    def test_from_the_start_and_from_the_base(self):
        w = self.based()
        files = w.files()
        self.assertEqual(read(files).values[b"n"], b"two")
        for seq in (1, 2, 3):
            del files[w.path("a", seq)]
            self.assertEqual(read(files).values[b"after"], b"four")

    def test_more_is_missing(self):
        w = self.based()
        files = w.files()
        for seq in (1, 2, 3, 4):
            del files[w.path("a", seq)]
        self.refuses(files, "4.bin: missing, and the")

    def test_no_base(self):
        w = Writer()
        w.put("a", "n", b"one")
        files = w.files()
        del files[w.path("a", 1)]
        self.refuses(files, "1.bin: missing, and no base stands for it")

    def test_base_begins_elsewhere(self):
        """What is missing is not what the newest base stands for."""
        w = self.based()
        w.epoch("a")
        w.base("a", 4, "b")
        files = w.files()
        for seq in range(1, 7):
            del files[w.path("a", seq)]
        self.refuses(files, "6.bin: missing, and the newest base begins elsewhere")

    def test_base_begins_at_itself(self):
        w = Writer()
        w.base("a", 2)
        self.refuses(w.files(), "2.bin: base begins at or above itself")

    def test_epoch_of_the_base_names_no_version(self):
        w = Writer()
        w.put("a", "n", b"one")
        w.commit("a", EPOCH, bytes(32), epoch=2, version=9)
        w.base("a", 3)
        files = w.files()
        del files[w.path("a", 1)], files[w.path("a", 2)]
        self.refuses(files, "3.bin: names keyring version 9")

    def test_base_of_another_commit(self):
        w = Writer()
        w.put("a", "n", b"one")
        w.put("a", "n", b"two")
        w.base("a", 2)
        self.refuses(w.files(), "4.bin: base does not begin at an epoch commit")


class FlippedBytes(Case):
    COMMIT = {"magic": 0, "format": 4, "suite": 5, "kind": 6, "zero": 7, "vault": 8, "device": 24, "ctr": 47, "n": 51,
              "total": 55, "epoch": 59, "seq": 67, "version": 71, "version hash": 72, "prev": 104, "salt": 136,
              "ck": 168, "segment": 200, "padding": -90, "tag": -65, "R": -64, "S": -1}
    KEYRING = {"magic": 0, "suite": 5, "kind": 6, "vault": 8, "device": 24, "ctr": 47, "n": 51, "total": 55, "v": 59,
               "g": 63, "prev": 64, "siblings": 96, "seed": 97, "auth": 129, "rauth": 161, "account length": 193,
               "account": 194, "slot length": 200, "slot": 201, "slot tag": 376, "recovery length": 378,
               "link": -98, "count": -66, "role": -65, "signature": -1, "body": -150}

    def flip_each(self, w, path, regions):
        files = w.files()
        for region, at in regions.items():
            with self.subTest(region=region, path=path):
                self.refuses(files | {path: flipped(files[path], at)}, "^(keyring|chains)/")

    def test_commits(self):
        w = self.two_devices()
        for name, seq in (("a", 1), ("a", 2), ("a", 3), ("b", 2)):
            self.flip_each(w, w.path(name, seq), self.COMMIT)

    def test_keyrings(self):
        w = self.two_devices()
        for v in (1, 2):
            self.flip_each(w, f"keyring/{v}.bin", self.KEYRING)

    def test_every_byte_of_a_commit(self):
        w = Writer()
        w.put("a", "n", b"one")
        files, path = w.files(), w.path("a", 2)
        for at in range(len(files[path])):
            self.refuses(files | {path: flipped(files[path], at)}, "^chains/")

    def test_lengths(self):
        w = self.two_devices()
        for path, raw in w.files().items():
            for other in (b"", raw[:-1], raw + b"\0", raw[:60]):
                with self.subTest(path=path, length=len(other)):
                    self.refuses(w.files() | {path: other}, "^(keyring|chains)/")


class Missing(Case):
    def without(self, w, path):
        files = w.files()
        del files[path]
        return files

    def test_in_the_middle(self):
        w = self.two_devices()
        self.refuses(self.without(w, w.path("a", 2)), "2.bin: missing")

    def test_at_the_end_when_a_seen_vector_names_it(self):
        w = self.two_devices()
        self.refuses(self.without(w, w.path("b", 2)), "/3.bin: names chains/.*/2.bin, which is missing")

    def test_at_the_end_when_the_keyring_names_it(self):
        w = self.two_devices()
        w.join("c")
        self.refuses(self.without(w, w.path("a", 3)), "keyring/3.bin: names chains/.*/3.bin, which is missing")

    def test_whole_chain(self):
        w = self.two_devices()
        files = {k: v for k, v in w.files().items() if w.devices["b"].id.hex() not in k}
        self.refuses(files, "which is missing")

    def test_keyring_versions(self):
        w = self.two_devices()
        w.join("c")
        self.refuses(self.without(w, "keyring/2.bin"), "keyring/2.bin: missing")
        self.refuses(self.without(w, "keyring/1.bin"), "keyring/1.bin: missing")
        self.refuses(self.without(w, "keyring/3.bin"), "the keyring has no such device")
        self.refuses({}, "keyring: there is none")

    def test_swapped(self):
        w = self.two_devices()
        files, one, two = w.files(), w.path("a", 2), w.path("a", 3)
        self.refuses(files | {one: files[two], two: files[one]}, "2.bin: has seq 3")
        one, two = w.path("a", 2), w.path("b", 2)
        self.refuses(files | {one: files[two], two: files[one]}, "2.bin: is of another vault or device")
        self.refuses(files | {"keyring/1.bin": files["keyring/2.bin"], "keyring/2.bin": files["keyring/1.bin"]},
                     "keyring/1.bin: is version 2")

    def test_other_names(self):
        w = self.two_devices()
        for name in ("keyring/01.bin", "keyring/x", w.path("a", 3) + "~"):
            self.refuses(w.files() | {name: b""}, f"^{name}: is no object of an export")
        self.refuses(w.files() | {w.path("a", 0): b""}, "0.bin: there is no commit 0")
        self.refuses(w.files() | {"chains/zz/1.bin": b""}, "chains/zz: is no device_id")
        self.refuses(w.files() | {"chains/" + "0" * 32 + "/1.bin": b""}, "the keyring has no such device")


class Forks(Case):
    def test_keyring(self):
        w, other = self.two_devices(), self.two_devices()
        other.add_device("x", 3)
        fork = other.ring(other.next())
        w.join("c")
        w.join("d")
        self.refuses(w.files() | {"keyring/3.bin": fork.raw}, "keyring/4.bin: prev is not the hash")

    def test_keyring_of_a_generation_that_the_newest_has_not(self):
        w = Writer()
        first, auth = w.rings[0], w.auth
        w.change_password(b"another")
        w.ring(replace(first, v=3, prev=w.rings[-1].hash(), raw=b""), [(1, auth)])
        self.refuses(w.files(), "keyring/2.bin: no vault key of that generation")

    def test_commit_under_a_forked_keyring(self):
        w = self.two_devices()
        w.commit("a", DATA, data_body([w.record("a", "n", b"x")[1]]), version_hash=bytes(32))
        self.refuses(w.files(), "4.bin: names a keyring version 1 that is not there")

    def test_chain(self):
        w, other = self.two_devices(), self.two_devices()
        other.devices["b"].chain.pop()
        other.put("b", "work/mail", b"forked")
        files = w.files() | {w.path("b", 2): other.devices["b"].chain[1]}
        self.refuses(files, "3.bin: names chains/.*/2.bin with another hash")


class Siblings(Case):
    """b has joined in a version that another one, in which c has, took the place of."""

    def two_branches(self):
        w = Writer()
        w.join("b")
        w.put("b", "by b", b"1")
        w.devices["a"].version = 2
        w.put("a", "under it", b"2")
        gone, b = w.rings.pop(), w.devices.pop("b")
        w.join("c")
        w.put("c", "by c", b"3")
        w.devices["b"] = b
        return w, gone.hash()

    def test_named(self):
        w, gone = self.two_branches()
        w.ring(w.next(siblings=(gone,)))
        w.devices["b"].version = 3
        w.put("b", "after", b"4")
        w.join("d")
        self.assertEqual(Reads.values(self, w), {"by b": b"1", "under it": b"2", "by c": b"3", "after": b"4"})

    def test_not_named(self):
        w, _ = self.two_branches()
        w.ring(w.next())
        self.refuses(w.files(), "3.bin: new device has joined in another version")

    def test_another_is_named(self):
        w, _ = self.two_branches()
        w.ring(w.next(siblings=(b"another version".ljust(32),)))
        self.refuses(w.files(), "names a keyring version 2 that is not there|of the keyring that enrolled")

    def test_one_of_the_history_is_named(self):
        w, _ = self.two_branches()
        w.ring(w.next(siblings=(w.rings[0].hash(),)))
        self.refuses(w.files(), "3.bin: a sibling is a version that is here")


class BrokenWriters(Case):
    """Commits that a device with all its keys seals and signs against the rules."""

    def broken(self, says, kind=DATA, body=None, w=None, **how):
        w = w or self.two_devices()
        body = data_body([w.record("a", "n", b"x")[1]]) if body is None else body
        w.commit("a", kind, body, **how)
        self.refuses(w.files(), says)

    def test_order(self):
        self.broken("4.bin: has seq 9", seq=9)
        self.broken("prev is not", prev=bytes(32))
        self.broken("epoch wrong", epoch=2)
        self.broken("epoch wrong", kind=EPOCH, body=bytes(32))
        self.broken("keyring version 7 that is not there", version=7)
        self.broken("ctr falls", ctr=0)
        self.broken("ctr above", ctr=2**48)
        self.broken("kind or zero byte", kind=7)
        self.broken("suite is not the vault's", suite=1)

    def test_first_commit(self):
        w = Writer()
        w.devices["a"].chain.clear()
        w.commit("a", DATA, data_body([w.record("a", "n", b"x")[1]]))
        self.refuses(w.files(), "1.bin: the first commit is no epoch commit")

    def test_generation(self):
        w = self.two_devices()
        w.change_password(b"password")
        w.devices["a"].version = 3
        self.broken("4.bin: generation is not that of its epoch commit", w=w)

    def test_keyring_version_falls(self):
        w = self.two_devices()
        w.devices["a"].version = 2
        w.put("a", "n", b"x")
        w.devices["a"].version = 1
        self.broken("5.bin: keyring version falls", w=w)

    def test_padding(self):
        w = self.two_devices()
        framed = frame(seen_bytes(()) + data_body([w.record("a", "n", b"x")[1]]))
        self.broken("4.bin: frame: padding is not zero", framed=framed[:-1] + b"\1", w=w)
        self.broken("4.bin: frame: length is not the padded", framed=framed + bytes(16))

    def test_records(self):
        w = self.two_devices()
        made, raw = w.record("a", "n", b"x")
        self.broken("4.bin: record: check", body=data_body([flipped(raw, 50)]), w=w)
        self.broken("4.bin: data: not 1 to 1000", body=data_body([]))
        self.broken("4.bin: malformed: bytes left over", body=data_body([raw]) + b"\0")
        self.broken("4.bin: malformed: a field", body=data_body([raw])[:-1])
        self.broken("control character", body=data_body([w.record("a", "n\n", b"x")[1]]))

    def test_seen(self):
        w = self.two_devices()
        b, a = w.devices["b"], w.devices["a"]
        older, other = (b.id, 1, bytes(32)), (b.id, 2, bytes(32))
        self.broken("4.bin: seen vector goes back", seen=(older,))
        self.broken("4.bin: seen vector goes back", seen=(other,))
        self.broken("4.bin: seen: own device", seen=((a.id, 1, bytes(32)),))
        self.broken("4.bin: names a commit of 0000", seen=((bytes(16), 1, bytes(32)),))
        self.broken("4.bin: names chains/.*/9.bin, which is missing", seen=((b.id, 9, bytes(32)),))

    def test_checkpoint_leaves_out(self):
        w = self.two_devices()
        w.checkpoint("a")
        self.refuses(w.files(), "4.bin: seen vector of a checkpoint, base or jump leaves out")

    def test_signature_of_the_last_commit(self):
        w = self.two_devices()
        raw = w.devices["a"].chain[-1]
        w.devices["a"].chain[-1] = raw[:-64] + ed25519_sign(bytes(32), signed_part(raw))
        self.refuses(w.files(), "3.bin: signature does not verify")

    def test_signature_of_a_commit_before_the_last(self):
        """The last one's stands for it, whoever reads: a device, or this reader."""
        w = self.two_devices()
        sign, d = w.devices["a"].sig, w.devices["a"]
        d.sig = bytes(32)
        w.put("a", "unsigned", b"1")
        d.sig = sign
        self.refuses(w.files(), "4.bin: signature does not verify")
        w.put("a", "signed", b"2")
        self.assertEqual(read(w.files()).values[b"unsigned"], b"1")

    def test_signature_of_the_commit_at_a_cut(self):
        """What lies beyond is not looked at, so its signature stands for nothing."""
        w = self.two_devices()
        sign, d = w.devices["a"].sig, w.devices["a"]
        d.sig = bytes(32)
        w.put("a", "unsigned", b"1")
        d.sig = sign
        w.put("a", "signed", b"2")
        w.revoke("a", 4)
        self.refuses(w.files(), "4.bin: signature does not verify")

    def test_repeated_pair(self):
        """hdr0 is in the derivation, so only one that gives every object the same key can repeat a pair."""
        with mock.patch("vaultformat.seal.seal_keys", lambda *_: (bytes(32), bytes(32))):
            self.refuses(Writer().files(), "repeats the pair .ek, iv. of")

    def test_sizes(self):
        w = self.two_devices()
        self.assertEqual(len(w.commit("a", DATA, bytes(983036 - 2))), 984264)
        w.devices["a"].chain.pop()
        self.broken("4.bin: commit above 984,264", body=bytes(983036 - 1), w=w)
        self.refuses(w.files() | {w.path("a", 4): bytes(984265)}, "4.bin: commit above 984,264")

    def test_version_id_with_another_record(self):
        w = Writer()
        one = w.record("a", "n", b"x")[0]
        with self.assertRaisesRegex(Refused, "occurs with another record"):
            add_version({one.version_id: one}, one._replace(wall=1))

    def test_keyring_too_long(self):
        self.refuses({"keyring/1.bin": bytes(262145)}, "keyring/1.bin: above 262,144")

    def test_version_id_twice(self):
        w = self.two_devices()
        record = w.record("a", "n", b"x")[1]
        w.commit("a", DATA, data_body([record]))
        w.commit("a", DATA, data_body([record]))
        self.assertEqual(len(read(w.files()).names[b"n"]), 1)


class Blobs(Case):
    def with_blob(self, length=983040 + 300, tail=b""):
        w, value = Writer(), b"\x5a" * length
        key, blob_id = bytes(range(32)), bytes(range(16))
        chunks = [seal_chunk(key, SUITE, w.vault_id, w.devices["a"].id, blob_id, i, 2, plain, w.fresh())
                  for i, plain in enumerate((chunk_plain(value, 0), chunk_plain(value, 1)[:-len(tail) or None] + tail))]
        w.blobs = {f"blobs/{blob_id.hex()}/{i}.bin": chunk for i, chunk in enumerate(chunks)}
        w.put("a", "big", Blob(blob_id, key, length, merkle_root(chunks)))
        return w, value

    def opened(self, w, **how):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        write_files(folder.name, w.files())
        return Vault(folder.name, b"password", True, **how), pathlib.Path(folder.name)

    def test_reads(self):
        w, value = self.with_blob()
        vault, _ = self.opened(w)
        large = vault.values[b"big"]
        self.assertEqual((large.length, large.sha256), (len(value), hashlib.sha256(value).hexdigest()))
        self.assertEqual([len(part) for part in large.parts()], [983040, 300])
        self.assertEqual(b"".join(large.parts()), value)

    def test_older_versions_are_verified_too(self):
        w, _ = self.with_blob()
        w.put("a", "big", b"small now", [vault_version(w, b"big")])
        self.assertEqual(read(w.files()).values[b"big"], b"small now")
        path = sorted(w.blobs)[1]
        self.refuses(w.files() | {path: flipped(w.blobs[path], 300)}, "^blobs/[0-9a-f]*: root wrong")

    def test_one_blob_named_twice_is_read_once(self):
        w, value = self.with_blob()
        w.put("a", "copy", next(iter(read(w.files()).blobs)))
        vault, _ = self.opened(w)
        self.assertIs(vault.values[b"copy"], vault.values[b"big"])

    def test_two_records_of_one_blob_are_judged_each_by_itself(self):
        w, value = self.with_blob()
        true = next(iter(read(w.files()).blobs))
        w.put("a", "another key", true._replace(key=bytes(32)))
        w.put("a", "another root", true._replace(root=bytes(32)))
        w.put("a", "another length", true._replace(length=true.length - 1))
        vault, _ = self.opened(w)
        self.assertEqual(b"".join(vault.values[b"big"].parts()), value)
        for name, why in ((b"another key", "does not open"), (b"another root", "root wrong"), (b"another length", "padding wrong")):
            self.assertIn(why, vault.values[name].why)

    def test_refuses(self):
        w, _ = self.with_blob()
        first, path = sorted(w.blobs)
        files = w.files()
        for bad in (flipped(w.blobs[path], 300), w.blobs[path][:-1], w.blobs[path] + b"x", b""):
            self.refuses(files | {path: bad}, "^blobs/[0-9a-f]*: root wrong")
        self.refuses(files | {first: w.blobs[path], path: w.blobs[first]}, "^blobs/[0-9a-f]*: root wrong")
        self.refuses(self.with_blob(tail=b"\1")[0].files(), "/1.bin: padding wrong")
        del w.blobs[path]
        self.refuses(w.files(), "blobs/.*/1.bin: missing")

    def test_right_root_and_wrong_place(self):
        """Chunks whose root the record has, and which were sealed for other places."""
        w, _ = self.with_blob()
        blob = next(iter(read(w.files()).blobs))
        chunks = [w.blobs[path] for path in sorted(w.blobs)]
        for wrong, says in ((chunks[::-1], "/0.bin: vault or ctr of a chunk wrong"), ([chunks[0], chunks[0]], "/1.bin: vault or ctr of a chunk wrong")):
            bad = Writer()
            bad.blobs = dict(zip(sorted(w.blobs), wrong))
            bad.put("a", "big", blob._replace(root=merkle_root(wrong)))
            self.refuses(bad.files(), says)

    def test_no_key_twice(self):
        w, _ = self.with_blob()
        with mock.patch("vaultformat.vault.Vault.use_key", side_effect=Refused("asked")):
            self.refuses(w.files(), "asked")
        vault, _ = self.opened(w)
        with self.assertRaisesRegex(Refused, "repeats the key of blobs/.*/1.bin"):
            vault.use_key("x", list(vault.keys)[-1])

    def test_lacking(self):
        w, _ = self.with_blob()
        w.put("a", "small", b"here")
        path = sorted(w.blobs)[1]
        del w.blobs[path]
        vault, _ = self.opened(w, lacking=True)
        self.assertEqual((vault.missing, vault.values[b"small"]), ([path], b"here"))
        self.refuses(w.files(), "1.bin: missing")
        w.blobs[sorted(w.blobs)[0]] = b"bad"
        self.assertEqual(self.opened(w, lacking=True)[0].missing, [path])

    def test_damage_is_of_one_value_and_the_others_are_read(self):
        w, _ = self.with_blob()
        w.put("a", "small", b"here")
        path = sorted(w.blobs)[1]
        w.blobs[path] = flipped(w.blobs[path], 300)
        vault, _ = self.opened(w)
        self.assertEqual(vault.values[b"small"], b"here")
        self.assertIsInstance(vault.values[b"big"], Damaged)
        self.assertEqual(vault.damaged, [f"{path.rsplit('/', 1)[0]}: root wrong"])

    def test_changed_while_it_is_read(self):
        w, _ = self.with_blob()
        vault, folder = self.opened(w)
        parts = vault.values[b"big"].parts()
        next(parts)
        path = sorted(w.blobs)[1]
        (folder / path).write_bytes(flipped(w.blobs[path], 300))
        with self.assertRaisesRegex(Refused, "/1.bin: changed while it was read"):
            next(parts)


def vault_version(w, name):
    return read(w.files()).names[name][0].version_id


class Passwords(Case):
    def test_wrong(self):
        self.refuses(Writer().files(), "keyring/1.bin: wrong password", password=b"Password")

    def test_no_password(self):
        for password in (b"", b"a\0", b"\xff", b"a" * 1025):
            self.refuses(Writer().files(), "keyring/1.bin: password: ", password=password)

    def test_composed_or_not(self):
        w = Writer("\u00e9".encode())
        self.assertIsNotNone(read(w.files(), password="e\u0301".encode()))

    def test_test_suite(self):
        self.refuses(Writer().files(), "keyring/1.bin: suite 0xfe is unknown", test_suite=False)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Jumps: what a device leaves behind with an old vault key, in exports that have it and in such that have not (FORMAT 6)."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import test_reader  # noqa: E402
from test_reader import flipped, read  # noqa: E402
from vaultformat.commit import DATA, JUMP, data_body, signed_part  # noqa: E402
from vaultformat.primitives import ed25519_sign  # noqa: E402
from writer import Writer  # noqa: E402

CLAIMS = "9"


class Jumping(test_reader.Case):
    """What the cases share: a chain of a, of which 3 and 4 are void. 1 epoch, 2 "kept", 3 "one", 4 "two", 5 jump, 6 both again."""

    VOID = (3, 4)

    def unsent(self):
        w = Writer()
        w.join("b")
        w.put("a", "kept", b"0")
        w.devices["a"].shown = 2
        self.again = [self.unsent_put(w, "one", b"1"), self.unsent_put(w, "two", b"2")]
        w.change_password(b"password")
        return w

    def unsent_put(self, w, item, value):
        raw = w.record("a", item, value)[1]
        w.commit("a", DATA, data_body([raw]))
        return raw

    def jumped(self, **header):
        w = self.unsent()
        w.jump("a", 2, **header)
        w.commit("a", DATA, data_body(self.again))
        w.devices["a"].shown = None
        return w

    def values(self, files):
        return {k.decode(): v for k, v in read(files).values.items()}

    def broken(self, says, *gone, **header):
        self.refuses(self.jumped(**header).without("a", *gone), says)


class Reads(Jumping):
    ALL = {"kept": b"0", "one": b"1", "two": b"2"}

    def test_with_what_is_void_and_without(self):
        w = self.jumped()
        for gone in ((), (4,), (3, 4)):
            self.assertEqual(self.values(w.without("a", *gone)), self.ALL)

    def test_what_came_again_is_one_version(self):
        self.assertEqual([len(v) for v in read(self.jumped().files()).names.values()], [1, 1, 1])

    def test_what_is_void_and_there_is_applied(self):
        w = self.jumped()
        w.devices["a"].chain.pop()
        self.assertEqual(self.values(w.files()), self.ALL)
        self.assertEqual(self.values(w.without("a", 3, 4)), {"kept": b"0"})

    def test_first_commit(self):
        """Nothing of the chain was sent before the password changed."""
        w = Writer()
        w.put("a", "n", b"1")
        w.devices["a"].shown = 0
        w.change_password(b"password")
        w.jump("a", 0)
        w.put("a", "m", b"2")
        self.assertEqual(self.values(w.without("a", 1, 2)), {"m": b"2"})
        self.assertEqual(self.values(w.without("a", 2)), {"m": b"2"})
        self.assertEqual(self.values(w.files()), {"n": b"1", "m": b"2"})

    def test_a_jump_over_a_jump(self):
        """Two changes before anything was sent: the epoch rises by two where the first jump is not there."""
        w = self.jumped()
        w.devices["a"].shown = 2
        w.change_password(b"password")
        w.jump("a", 2)
        w.commit("a", DATA, data_body(self.again))
        for gone in ((), (6,), (3, 4, 5, 6), (3, 4)):
            self.assertEqual(self.values(w.without("a", *gone)), self.ALL)

    def test_a_jump_that_the_server_has_not_taken(self):
        """It had 3, whose answer was lost: 7 goes on after that, and what 5 left behind is there once more."""
        w = self.jumped()
        w.jump("a", 3)
        w.commit("a", DATA, data_body(self.again))
        self.assertEqual(self.values(w.without("a", 4, 5, 6)), self.ALL)
        self.assertEqual(self.values(w.without("a", 3, 4)), self.ALL)

    def test_revoked_below_beyond_and_at_the_jump(self):
        for cut, there in ((2, {"kept": b"0"}), (5, {"kept": b"0"}), (6, self.ALL)):
            w = self.jumped()
            w.revoke("a", cut)
            self.assertEqual(self.values(w.without("a", 3, 4)), there)


class Refuses(Jumping):
    def test_what_is_missing_is_not_void(self):
        w = self.jumped()
        self.refuses(w.without("a", 2, 3, 4), "5.bin: goes on after chains/.*/2.bin, which is missing")
        self.refuses(w.without("a", 3), "/3.bin: missing")
        self.refuses(w.without("a", 5), "/5.bin: missing")
        self.refuses(w.without("a", 3, 4, 5), "/3.bin: missing")

    def test_after(self):
        for gone in ((), (4,), (3, 4)):
            self.broken("5.bin: goes on after another commit than chains/.*/2.bin", *gone, after_hash=bytes(32))
        self.broken("5.bin: goes on after another commit than chains/.*/3.bin", after=3, after_hash=bytes(32))
        for after in (5, 6, 2**64 - 1):
            self.broken("5.bin: jumps to itself, or back", 3, 4, after=after, after_hash=bytes(32))

    def test_after_nothing(self):
        for gone in ((), (2, 3, 4), (1, 2, 3, 4)):
            self.broken("5.bin: goes on after another commit than chains/.*/0.bin", *gone, after=0, after_hash=bytes(32))

    def test_first_commit_goes_on_after_one_that_is_not_there(self):
        self.broken("4.bin: missing, and no base stands for it", 1, 2, 3, 4)

    def test_prev(self):
        self.broken("5.bin: prev is not", prev=bytes(32))
        self.assertEqual(self.values(self.jumped(prev=bytes(32)).without("a", 3, 4)), Reads.ALL)

    def test_epoch(self):
        self.broken("5.bin: epoch wrong", epoch=3)
        self.assertEqual(self.values(self.jumped(epoch=9).without("a", 3, 4)), Reads.ALL)
        for gone in ((), (3, 4)):
            for epoch in (0, 1):
                self.broken("5.bin: epoch wrong", *gone, epoch=epoch)

    def test_counter(self):
        for gone in ((), (3, 4)):
            self.broken("5.bin: ctr falls", *gone, ctr=1)
            self.broken("5.bin: ctr above", *gone, ctr=2**48)

    def test_keyring_version(self):
        for gone in ((), (3, 4)):
            self.broken("5.bin: names a keyring version 9", *gone, version=9)
            self.broken("5.bin: names a keyring version 3", *gone, version_hash=bytes(32))
        w = self.jumped()
        w.put("a", "n", b"9")
        w.jump("a", 6, version=2, version_hash=w.rings[1].hash())
        for gone in ((), (3, 4), (7,)):
            self.refuses(w.without("a", *gone), "8.bin: keyring version falls")

    def test_leaves_out_a_chain(self):
        w = self.unsent()
        w.ack("a", "b")
        w.jump("a", 2, "b")
        self.assertIsNotNone(read(w.files()))
        w.jump("a", 2)
        for gone in ((), (3, 4, 5, 6)):
            self.assertIsNotNone(read(w.without("a", *gone, 7)))
        self.refuses(w.files(), "7.bin: seen vector of a checkpoint, base or jump leaves out")

    def test_signature_and_seal(self):
        w = self.jumped()
        path, raw = w.path("a", 5), w.devices["a"].chain[4]
        for files in (w.files(), w.without("a", 3, 4)):
            self.refuses(files | {path: flipped(raw, -1)}, "6.bin: prev is not")
        w.devices["a"].chain.pop()
        for files in (w.files(), w.without("a", 3, 4)):
            self.refuses(files | {path: flipped(raw, -1)}, "5.bin: signature does not verify")
            self.refuses(files | {path: resigned(w, flipped(raw, -80))}, "5.bin: does not open")

    def test_each_byte(self):
        w = self.jumped()
        for path in (w.path("a", 5), w.path("a", 6)):
            test_reader.FlippedBytes.flip_each(self, w, path, test_reader.FlippedBytes.COMMIT | {"after": 143, "after hash": 144, "jump's salt": 176})
        path, files = w.path("a", 5), w.without("a", 3, 4, 6)
        for at in range(len(files[path])):
            self.refuses(files | {path: flipped(files[path], at)}, "^chains/")


def resigned(w, raw):
    return raw[:-64] + ed25519_sign(w.devices["a"].sig, signed_part(raw))


class References(Jumping):
    """b and keyrings name what became void."""

    def named(self, seq, digest=None, *gone, jump=True):
        w = self.unsent()
        seen = [(w.devices["a"].id, seq, digest or w.head_at("a", seq)[2])]
        w.ack("b")
        w.commit("b", DATA, data_body([w.record("b", "by b", b"3")[1]]), seen)
        if jump:
            w.jump("a", 2)
        return w.without("a", *gone)

    def test_void_is_no_gap(self):
        for seq in (3, 4):
            for gone in ((), (3, 4)):
                self.assertIsNotNone(read(self.named(seq, None, *gone)))
            self.refuses(self.named(seq, None, 3, 4, jump=False), f"names chains/.*/{seq}.bin, which is missing")

    def test_another_hash(self):
        self.refuses(self.named(3, bytes(32)), "3.bin with another hash")
        self.assertIsNotNone(read(self.named(3, bytes(32), 3, 4)))   # nobody can tell
        self.refuses(self.named(4, bytes(32), 3, 4), "4.bin with another hash")
        self.refuses(self.named(2, bytes(32), 3, 4), "2.bin with another hash")

    def test_above_the_end(self):
        self.refuses(self.named(9, bytes(32), 3, 4), "9.bin, which is missing")

    def test_a_jump_that_is_void_itself(self):
        """5 passed over 3, and 7 goes on after that: who was shown 5 has no 3, and what it held is there again."""
        w = self.jumped()
        w.jump("a", 3)
        w.commit("a", DATA, data_body(self.again))
        w.ack("b")
        named = [w.head_at("a", 3)]
        w.commit("b", DATA, data_body([w.record("b", "by b", b"3")[1]]), named)
        for gone in ((), (4, 5, 6), (3, 4)):
            self.assertEqual(self.values(w.without("a", *gone)), Reads.ALL | {"by b": b"3"})
        self.refuses(w.without("a", 3, 4, 5, 6), "7.bin: goes on after chains/.*/3.bin, which is missing")

    def joined(self):
        """A keyring version that names 4, where others have seen it."""
        w = self.unsent()
        w.devices["a"].shown = None
        w.join("c")
        return w

    def test_keyring_of_before_names_what_is_passed_over(self):
        for gone in ((), (4,)):
            w = self.joined()
            w.jump("a", 3)
            self.refuses(w.without("a", *gone), "5.bin: passes over a commit that keyring/4.bin names")
        w = self.joined()
        w.put("a", "n", b"9")
        w.jump("a", 4)
        self.assertIsNotNone(read(w.without("a", 5)))

    def test_keyring_of_after_names_what_is_passed_over(self):
        for gone in ((), (4,), (3, 4)):
            w = self.joined()
            w.jump("a", 2, version=3, version_hash=w.rings[2].hash())
            self.assertIsNotNone(read(w.without("a", *gone)))


class Cuts(Jumping):
    """Others have revoked a at a commit that is void."""

    def cut(self, at, other=None, **header):
        """a is revoked there before it jumped, as by somebody whom its old server showed so much."""
        w = self.unsent()
        d = w.devices["a"]
        w.jump("a", 2, **header)
        w.commit("a", DATA, data_body(self.again))
        true, d.chain[at - 1] = d.chain[at - 1], other or d.chain[at - 1]
        w.revoke("a", at)
        d.chain[at - 1] = true
        return w

    def test_the_chain_ends_below(self):
        for at in self.VOID:
            self.assertEqual(self.values(self.cut(at).without("a", 3, 4)), {"kept": b"0"})
        self.assertEqual(self.values(self.cut(4).without("a", 4)), {"kept": b"0", "one": b"1"})

    def test_the_cut_is_there(self):
        self.assertEqual(self.values(self.cut(3).files()), {"kept": b"0", "one": b"1"})
        self.assertEqual(self.values(self.cut(3).without("a", 4, 5, 6)), {"kept": b"0", "one": b"1"})
        self.refuses(self.cut(3, b"another").files(), "3.bin with another hash")

    def test_the_cut_is_the_jumps_prev(self):
        self.refuses(self.cut(4, b"another").without("a", 3, 4), "4.bin with another hash")

    def test_no_jump(self):
        self.refuses(self.cut(3).without("a", 3, 4, 5), "3.bin: missing, and the keyring names it as the cut")
        self.refuses(self.cut(3).without("a", 3, 4, 5, 6), "3.bin: missing, and the keyring names it as the cut")

    def test_of_the_jump_nothing_else_is_read(self):
        w = self.cut(3)
        path, raw = w.path("a", 5), w.devices["a"].chain[4]
        for bad in (resigned(w, flipped(raw, -80)), resigned(w, flipped(raw, 180)), resigned(w, flipped(raw, 104))):
            self.assertEqual(self.values(w.without("a", 3, 4) | {path: bad}), {"kept": b"0"})

    def test_a_jump_whose_header_or_signature_is_wrong(self):
        w = self.cut(3)
        path, raw = w.path("a", 5), w.devices["a"].chain[4]
        says = "3.bin: missing, and the keyring names it as the cut"
        self.refuses(w.without("a", 3, 4) | {path: flipped(raw, -1)}, says)
        self.refuses(w.without("a", 3, 4) | {path: flipped(raw, -80)}, says)
        for at in (4, 5, 8, 24, 40, 67, 71, 72, 150):
            self.refuses(w.without("a", 3, 4) | {path: resigned(w, flipped(raw, at))}, says)
        self.refuses(self.cut(3, epoch=1).without("a", 3, 4), says)
        self.refuses(self.cut(3, after=3, after_hash=bytes(32)).without("a", 3, 4), says)


class Bases(Jumping):
    def based(self, n, seqs=1):
        w = self.jumped()
        w.put("a", "kept", b"0")
        w.base("a", n)
        w.put("a", "after", b"9")
        return w

    def test_begins_at_a_jump(self):
        w = self.based(5)
        for gone in ((), (3, 4), (1, 2, 3, 4), (1,), (1, 2)):
            self.assertEqual(self.values(w.without("a", *gone))["after"], b"9")

    def test_with_another_prev(self):
        w = self.jumped(prev=bytes(32))
        w.base("a", 5)
        for gone in ((3, 4), (1, 2, 3, 4)):
            self.refuses(w.without("a", *gone), "prev")

    def test_begins_at_what_is_void(self):
        w = Writer()
        w.put("a", "n", b"1")
        w.epoch("a")
        w.jump("a", 2)
        w.base("a", 3)
        self.refuses(w.files(), "5.bin: base begins at a commit that a jump passes over")
        self.refuses(w.without("a", 3), "5.bin: base does not begin at an epoch commit")


if __name__ == "__main__":
    unittest.main()

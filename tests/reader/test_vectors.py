#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The files in tests/vectors are those that make_vectors.py writes, and what they call an error is refused here."""

import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"
sys.path[:0] = [str(VECTORS), str(HERE)]

import make_vectors  # noqa: E402
from vaultformat.commit import check_key, open_commit, parse_content, parse_header, signed_part  # noqa: E402
from vaultformat.primitives import Refused, ed25519_valid, need, password_root  # noqa: E402
from vaultformat.recovery import parse_code  # noqa: E402
from vaultformat.seal import check_common, unframe, unseal  # noqa: E402
from vaultformat.slots import check_slot, open_device_slot, open_password_slot, open_recovery_slot  # noqa: E402
from vaultformat.vault import Vault  # noqa: E402
from writer import write_files  # noqa: E402

CLAIMS = "9"


class Block(dict):
    """One block; b[key] is text, b(key) bytes."""

    def __call__(self, key):
        return bytes.fromhex(self[key])


def blocks(name):
    text = (VECTORS / f"{name}.vec").read_text(encoding="ascii")
    for part in text.split("\n\n"):
        lines = [line.split(" =", 1) for line in part.splitlines() if line and not line.startswith("#")]
        if lines:
            yield Block((key, value.strip()) for key, value in lines)


def kdf(b):
    password_root(b("password"), int(b["suite"]), b["account"], b("vault_id"), b("seed"))


def seal(b):
    header, trailer = int(b["header"]), int(b["trailer"])
    check_common(b("object"), 0xFE, (21,), header, trailer)
    unseal(b("k"), b("object"), header, trailer)


def content(b):
    if b["what"] == "frame":
        unframe(b("frame"))
    else:
        raw = b("content") + (b("repeat_unit") * int(b["repeat_count"]) if "repeat_unit" in b else b"")
        parse_content(int(b["kind"]), b("device_id"), raw, check_key(b("nk"), b("vault_id")))


def commit(b):
    raw = b("commit")
    h = parse_header(raw, 0xFE)
    need(ed25519_valid(b("sig_pk"), signed_part(raw), raw[-64:]), "signature")
    parse_content(h.kind, h.device_id, open_commit(b("key"), raw)[0], check_key(b("nk"), h.vault_id))


def vault(b, objects):
    """Reads the vault of a block of chains.vec; what it is must be what the block says."""
    numbered = [(key.rstrip("0123456789"), key, b[key].split(" ")) for key in b]
    files = {f"keyring/{key[7:]}.bin": objects[name] for what, key, (name, *_) in numbered if what == "keyring"}
    for device_id, *commits in (words for what, _, words in numbered if what == "chain"):
        pairs = [commit.split(":") for commit in commits]
        files |= {f"chains/{device_id}/{seq}.bin": objects[name] for seq, name in pairs}
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, files)
        read = Vault(folder, b("password"), True)
    ends = [[c.device.device_id.hex(), str(c.last()), c.hash_of(c.last()).hex()] for c in read.chains.values()]
    return ends, [[name.hex(), value.hex()] for name, value in read.values.items()]


def slots(b):
    slot, kind = b("slot"), int(b["kind"])
    check_slot(slot, kind, 0xFE, slot[8:24])
    if kind == 17:
        open_password_slot(b("pwk"), slot)
    elif kind == 18:
        open_recovery_slot(b("rbox"), b("rpsk"), slot)
    else:
        open_device_slot(b("box"), b("vk_before"), slot)


def misc(b):
    parse_code(b["text"])


class Vectors(unittest.TestCase):
    def test_files(self):
        for name, module in make_vectors.FILES.items():
            with self.subTest(file=name):
                self.assertEqual(module.make().text(), (VECTORS / f"{name}.vec").read_text(encoding="ascii"))

    def test_the_long_example_of_the_format(self):
        self.assertEqual(make_vectors.large_keyring.parts()[1], make_vectors.large_keyring.text() + "\n")

    def test_names_are_unique(self):
        for name in make_vectors.FILES:
            names = [b["name"] for b in blocks(name)]
            self.assertEqual(len(names), len(set(names)), name)

    def test_errors_are_refused(self):
        for name, act in (("kdf", kdf), ("seal", seal), ("content", content), ("commit", commit), ("jump", commit), ("slots", slots),
                          ("misc", misc)):
            for b in blocks(name):
                if b["expect"] == "error":
                    with self.subTest(file=name, name=b["name"]), self.assertRaises(Refused):
                        act(b)

    def test_right_ones_are_not(self):
        for name, act, given in (("content", content, "content"), ("commit", commit, "commit"),
                                 ("jump", commit, "commit"), ("seal", seal, "header")):
            for b in blocks(name):
                if b["expect"] == "ok" and given in b:
                    with self.subTest(file=name, name=b["name"]):
                        act(b)

    def test_vaults(self):
        objects = {b["name"]: b("object") for b in blocks("chains") if b["what"] == "object"}
        for b in (b for b in blocks("chains") if b["what"] in ("vault", "part")):
            with self.subTest(name=b["name"]):
                if b["expect"] == "error":
                    self.assertRaisesRegex(Refused, re.escape(b["rule"]), vault, b, objects)
                else:
                    said = [[b[key].split(" ") for key in b if key.startswith(what)] for what in ("end", "item")]
                    self.assertEqual(list(vault(b, objects)), said)


if __name__ == "__main__":
    unittest.main()

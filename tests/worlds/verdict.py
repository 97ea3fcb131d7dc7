# SPDX-License-Identifier: Apache-2.0
"""What must hold of a world in which everybody has come to rest."""

import shutil

from audit import Audit
from rpc import Refused
from truth import ANY, Broken
from vaultformat.commit import PUT, heads
from vaultformat.primitives import Refused as ReaderRefused
from vaultformat.vault import Large, Missing, Vault, winner
from waiting import wait_until


def need(true, kind, text):
    if not true:
        raise Broken(kind, text() if callable(text) else text)


class Verdict:
    def __init__(self, home, living):
        self.home, self.truth, self.living = home, home.truth, living

    def check(self):
        self.nobody_is_convicted()
        password, joiner = self.one_password()
        self.all_agree([*self.living, joiner])
        for slot in (*self.living, joiner):
            self.all_is_there(slot)
        self.the_reader_agrees(joiner, password)
        self.no_pair_repeats()
        self.codes_are_known()

    # --- who is who

    def nobody_is_convicted(self):
        for slot in self.living:
            status = slot.status()
            now = status["device"]["id"]
            if slot.kept and not slot.flipped and slot.first_id not in self.truth.copied | self.truth.revoked:
                need(now == slot.first_id and not status["identity"]["former"], "convicted",
                     f"{slot.name} kept its state and is another device now: {status['identity']}")
            need(now not in slot.dead_ids, "not rolled", f"{slot.name} was set back and is still {now}")
            if status["identity"].get("proofs"):
                self.proofs_of(slot)
        ids = [slot.status()["device"]["id"] for slot in self.living]
        need(len(set(ids)) == len(ids), "one id for two", f"two devices have one id: {ids}")

    def proofs_of(self, slot):
        folder = self.export(slot, "proofs", "--without-large")
        for device in (folder / "proofs").iterdir():
            need(device.name in self.truth.copied, "proof", f"{slot.name} has a proof about {device.name}, which was never two: {sorted(p.name for p in device.iterdir())}")
        shutil.rmtree(folder)

    def export(self, slot, name, *options):
        folder = self.home.world.folder / f"{name}-{slot.name}"
        said = slot.ctl("export", "--sealed", str(folder), *options)
        need(said.code == 0, "export", f"{slot.name}: {said.err.decode(errors='replace')}")
        return folder

    # --- passwords

    def one_password(self):
        """A fresh device joins with each that was ever tried; gives the one that does, and who joined with it."""
        came = {}
        for number, password in enumerate(self.truth.passwords[::-1]):
            if len(came) and number > 4:
                break
            slot = self.home.add(f"joiner{number}", self.home.lines[-1])
            slot.start()
            code = self.home.enrol(slot, "join", password).code
            need(code in (0, 6, 12), "join", f"a new device's join exits {code}")
            if code == 0:
                came[password] = slot
            else:
                slot.stop()
                slot.retired = True
        need(len(came) == 1, "passwords", f"{len(came)} of {len(self.truth.passwords)} passwords log in")
        return next(iter(came.items()))

    # --- data

    def view(self, slot):
        """What a device shows: name → (its heads, the winner)."""
        shown = {}
        with slot.device.rpc() as rpc:
            for name in self.truth.tried:
                try:
                    versions = rpc.call("item.history", name=name)["versions"]
                except Refused as refused:
                    need(refused.kind == "E_NOT_FOUND", "history", f"{slot.name}: {refused}")
                    continue
                shown[name] = (sorted(v["version"] for v in versions if v["head"]), [v["version"] for v in versions if v["winner"]])
        return shown

    def syncs(self, slot):
        said = self.home.do_sync(slot)
        need(said.code == 0, "syncs no more", f"{slot.name}, which was at rest: {said.err.decode(errors='replace')}")

    def all_agree(self, slots):
        def agreed():
            for slot in slots:
                self.syncs(slot)
            first, *others = [self.view(slot) for slot in slots]
            return all(other == first for other in others)

        try:
            wait_until(agreed, "they agree")
        except AssertionError as why:
            if isinstance(why, Broken):
                raise
            raise Broken("apart", "\n".join(f"{slot.name}: {self.view(slot)}" for slot in slots)) from None

    def all_is_there(self, slot):
        with slot.device.rpc() as rpc:
            for name in self.truth.tried:
                self.versions_are_there(slot, rpc, name)

    def versions_are_there(self, slot, rpc, name):
        due = [write for write in self.truth.due() if write.name == name]
        try:
            found = {v["version"]: v for v in rpc.call("item.history", name=name)["versions"]}
        except Refused:
            found = {}
        for write in due:
            need(write.version in found, "lost", f"{slot.name} lacks {write.version} of {name!r}, written by {write.by} (safe: {write.safe})")
            if write.value is None:
                need(found[write.version]["operation"] == "remove", "changed", f"{name!r} {write.version} is no removal")
            elif write.value is not ANY:
                said = slot.device.ctl("get", name, "--version", write.version) if len(write.value) > 60000 else None
                value = said.out if said else rpc.get(name, version=write.version)
                need(value == write.value, "changed", f"{slot.name}: {name!r} {write.version} is {value[:40]!r}, not {write.value[:40]!r}; {said.err if said else ''}")

    # --- outside

    def the_reader_agrees(self, slot, password):
        folder = self.export(slot, "sealed")
        try:
            vault = Vault(str(folder), password.encode(), True)
        except ReaderRefused as why:
            raise Broken("reader", str(why)) from None
        for write in self.truth.due():
            records = {r.version_id: r for r in vault.names.get(write.name.encode(), [])}
            record = records.get(version_bytes(write.version))
            need(record is not None, "reader lacks", f"{write.version} of {write.name!r}")
            value = vault.value(record) if record.operation == PUT else None
            need(write.value is ANY or same(value, write.value), "reader differs", f"{write.version} of {write.name!r}")
        shown = self.view(slot)
        for name, versions in vault.names.items():
            if name.decode() in shown:
                mine = (sorted(text_of(r.version_id) for r in heads(versions)), [text_of(winner(versions).version_id)])
                need(mine == shown[name.decode()], "reader apart", f"{name}: {mine}, the daemon {shown[name.decode()]}")
        for device, seq in vault.proofs:
            need(device.hex() in self.truth.copied, "proof", f"an export proves that {device.hex()} was two, at {seq}")
        shutil.rmtree(folder)

    def no_pair_repeats(self):
        audit = Audit.of(self.home.audit)
        repeated = audit.repeated_pairs()
        need(not repeated, "pair", f"{len(repeated)} pairs of key and IV repeat")
        shared = audit.keys_of_two_devices()
        need(not shared, "key", f"{len(shared)} keys seal for two devices")

    def codes_are_known(self):
        """Each device's newest code, made now, is one that all others know."""
        for slot in self.living[:2]:
            said = slot.ctl("verify")
            need(said.code == 0, "code", f"{slot.name}: {said.err}")
            self.syncs(slot)
            for other in self.living:
                if other is not slot:
                    self.syncs(other)
                    answer = other.ctl("verify", *said.out.decode().split())
                    need(answer.code == 0, "code", f"{other.name} does not know a code of {slot.name}: {answer.err.decode(errors='replace')}")


def version_bytes(text):
    device, seq, index, check = text.split("-")
    return bytes.fromhex(device) + int(seq).to_bytes(8, "big") + int(index).to_bytes(4, "big") + bytes.fromhex(check)


def text_of(version):
    return f"{version[:16].hex()}-{int.from_bytes(version[16:24], 'big')}-{int.from_bytes(version[24:28], 'big')}-{version[28:].hex()}"


def same(value, wanted):
    if isinstance(value, Large):
        return b"".join(value.parts()) == wanted
    return not isinstance(value, Missing) and value == wanted

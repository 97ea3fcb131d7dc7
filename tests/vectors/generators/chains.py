# SPDX-License-Identifier: Apache-2.0
"""chains.vec: whole vaults with jumps and bases in their chains, which must be read, or be refused (FORMAT 6).
An object stands once, in a block of its own; a vault names its keyring versions and the commits of its chains."""

import tempfile

from vaultformat.commit import DATA, data_body, signed_part
from vaultformat.primitives import Refused, ed25519_sign, sha256
from vaultformat.vault import Vault
from writer import ACCOUNT, Writer, write_files

from .blocks import Blocks, flipped

PASSWORD = b"password"
TAMPER, GAP, FORK, ROLLBACK = "E_TAMPER", "E_GAP", "E_FORK", "E_ROLLBACK"
NO = bytes(32)


class Story:
    """A vault of a and b. Of a's chain 3 and 4 were never sent: 1 epoch, 2 "kept", 3 "one", 4 "two"; then another vault key."""

    def __init__(self, name, note, wrong=None, shown=2):
        self.name, self.note, self.wrong, self.w, self.gone = name, note, wrong, Writer(PASSWORD), ()
        self.a.shown = min(shown, 1)
        self.w.join("b")
        self.w.put("a", "kept", b"0")
        self.a.shown = shown
        self.records = [self.unsent("one", b"1"), self.unsent("two", b"2")]
        self.w.change_password(PASSWORD)

    @property
    def a(self):
        return self.w.devices["a"]

    def unsent(self, item, value):
        raw = self.w.record("a", item, value)[1]
        self.w.commit("a", DATA, data_body([raw]))
        return raw

    def jump(self, end=2, *others, names=None, **header):
        """names: the keyring version that it names."""
        if names:
            header |= {"version": names, "version_hash": self.w.rings[names - 1].hash()}
        self.w.jump("a", end, *others, **header)
        return self

    def epoch(self):
        self.w.epoch("a")
        return self

    def again(self):
        """What was written in 3 and 4, with its version ids; from now on others see the chain."""
        self.w.commit("a", DATA, data_body(self.records))
        self.a.shown = None
        return self

    def named(self, seq, digest=None):
        """b names a commit of a."""
        self.w.ack("b")
        head = (self.a.id, seq, digest or self.w.head_at("a", seq)[2])
        self.w.commit("b", DATA, data_body([self.w.record("b", "by b", b"3")[1]]), [head])
        return self

    def rekeyed(self):
        self.a.shown = 2
        self.w.change_password(PASSWORD)
        return self

    def joined(self):
        """A keyring version that names all of a's chain."""
        self.a.shown = None
        self.w.join("c")
        return self

    def put(self, item="later"):
        self.w.put("a", item, b"9")
        return self

    def cut(self, at, other=None):
        """Others revoke a there; other: they have seen that commit in its place."""
        true, self.a.chain[at - 1] = self.a.chain[at - 1], other or self.a.chain[at - 1]
        self.w.revoke("a", at)
        self.a.chain[at - 1] = true
        return self

    def spoil(self, seq, at, sign=True):
        """One bit of a commit; signed again, or not."""
        raw = flipped(self.a.chain[seq - 1], at % len(self.a.chain[seq - 1]))
        self.a.chain[seq - 1] = raw[:-64] + ed25519_sign(self.a.sig, signed_part(raw)) if sign else raw
        return self

    def without(self, *gone):
        self.gone = gone
        return self

    def base(self, n, digest=None):
        self.w.base("a", n, digest=digest)
        return self

    def based(self):
        """5 jump, 6 again, 7 what is live, 8 a base of 5, 9 epoch, 10 what is live, 11 a base of 9."""
        return self.jump().again().put("kept").base(5).epoch().put("kept").base(9)

    def files(self):
        return self.w.without("a", *self.gone)


def good():
    story = Story
    yield story("void-there", "all is there").jump().again()
    yield story("void-left-out", "3 and 4 are not there").jump().again().without(3, 4)
    yield story("void-in-part", "3 is there, 4 is not").jump().again().without(4)
    yield story("void-applied", "3 and 4 are there, and did not come again").jump().put()
    yield story("void-gone", "3 and 4 are not there, and did not come again").jump().put().without(3, 4)
    for name, gone in (("", (3, 4, 5, 6)), ("-there", ()), ("-in-part", (6,)), ("-last-there", (3, 4))):
        yield (story("over-a-jump" + name, "two changes of the vault key before anything was sent: 7 passes over 5").jump().again()
               .rekeyed().jump().again().without(*gone))
    for name, gone in (("", (4, 5, 6)), ("-there", ()), ("-other-branch", (3, 4))):
        yield (story("not-taken" + name, "the server had 3, so 5 after 2 was refused: 7 is after 3").jump().again().jump(3).again()
               .without(*gone))
    yield story("names-passed-over", "the same; b names 3, which is not there: 5 passed over it, though 7 makes 5 void").jump().again(
    ).jump(3).again().named(3).without(3, 4)
    yield story("epoch-rises-by-more", "3 and 4 are not there, and the epoch is 9").jump(epoch=9).again().without(3, 4)
    yield story("prev-unknown", "the prev of a jump above a gap is anything").jump(prev=NO).again().without(3, 4)
    for name, gone in (("", (3, 4)), ("-there", ())):
        yield story("names-void-3" + name, "b names 3").named(3).jump().without(*gone)
        yield story("names-void-4" + name, "b names 4, with the hash that the jump has as prev").named(4).jump().without(*gone)
        yield (story("later-keyring-names-void" + name, "version 4 names 4; the jump names version 3").joined()
               .jump(2, names=3).without(*gone))
    yield story("names-void-other", "b names 3 with any hash, and 3 is not there").named(3, NO).jump().without(3, 4)
    yield story("keyring-names-after", "version 4 names 4; a jump after 4 names it").joined().put().jump(4).without(5)
    for name, gone in (("", (1, 2, 3, 4)), ("-in-part", (2, 3, 4)), ("-there", ())):
        yield story("nothing-was-sent" + name, "the first commit that counts is a jump", shown=0).jump(0).again().without(*gone)
    for at in (2, 3, 4, 5, 6):
        yield story(f"cut-{at}", f"revoked at {at}; 3 and 4 are not there").jump().again().cut(at).without(3, 4)
    yield story("cut-3-there", "revoked at 3, which is there").jump().again().cut(3)
    yield story("cut-4-without", "revoked at 4, which is not there; 3 is").jump().again().cut(4).without(4)
    yield story("cut-body", "of a jump beyond a cut that is void only header and signature are read").jump().again().cut(3).spoil(
        5, -80).without(3, 4)
    for name, gone in (("", (3, 4)), ("-there", ())):
        yield story("base" + name, "a base begins at a jump").jump().again().put("kept").base(5).without(*gone)


    yield story("base-of-1", "a base that begins at commit 1 says that nothing lies below").base(1).jump(5).put()
    yield story("two-bases", "all is there").based()


def parts():
    """Of an export only, whose reader may begin at a base."""
    story = Story
    below = tuple(range(1, 9))
    yield story("part-newest-base", "nothing below 9 is there, where the newest base begins").based().without(*below)
    yield story("part-gaps-below", "of what lies below 9, 2 and 7 are there").based().without(1, 3, 4, 5, 6, 8)
    yield story("part-noise-below", "2 is noise; nothing below 9 is looked at").based().spoil(2, 6, sign=False).without(1, 3, 4, 5, 6, 8)
    yield story("part-cut-8", "revoked at 8: the newest base is 8, and begins at 5").based().cut(8).without(1, 2, 3, 4)
    yield story("part-void-base", "9 to 11 are void by a jump after 8: so 8 is the newest base, and not 11").based().jump(8).without(
        1, 2, 3, 4)


def bad_parts():
    yield Story("part-without-its-start", "9 is not there, where the newest base begins", GAP).based().without(*range(1, 10))
    yield Story("part-cut-7", "revoked at 7: no base is below", GAP).based().cut(7).without(1, 2, 3, 4)
    yield Story("part-one-lacks", "1 is there, and 2 is not: then all must be", GAP).based().without(2)


def bad():
    def story(name, wrong, note):
        return Story(name, note, wrong)

    yield story("after-missing", GAP, "2 is not there").jump().again().without(2, 3, 4)
    yield story("no-jump", GAP, "3 is not there, and 5 is no jump").put().without(3)
    yield story("jump-missing", GAP, "the jump is not there").jump().again().without(5)
    for name, gone in (("", (3, 4)), ("-there", ())):
        yield story("after-other-hash" + name, FORK, "2 has another hash").jump(after_hash=NO).again().without(*gone)
        yield story("after-itself" + name, TAMPER, "after is the jump's own seq").jump(after=5, after_hash=NO).again().without(*gone)
        yield story("after-above" + name, TAMPER, "after is above the jump").jump(after=6, after_hash=NO).again().without(*gone)
        yield story("after-nothing" + name, TAMPER, "0, with another hash than the enrolling keyring's").jump(
            after=0, after_hash=NO).again().without(*gone)
        yield story("epoch-stays" + name, TAMPER, "the epoch does not rise").jump(epoch=1).again().without(*gone)
        yield story("epoch-falls" + name, TAMPER, "the epoch falls").jump(epoch=0).again().without(*gone)
        yield story("counter-falls" + name, TAMPER, "ctr is below those used").jump(ctr=1).again().without(*gone)
        yield story("version-unknown" + name, ROLLBACK, "a keyring version that is not there").jump(version=9).again().without(*gone)
        yield story("version-hash" + name, FORK, "another hash of a keyring version").jump(version_hash=NO).again().without(*gone)
        yield story("names-other-4" + name, FORK, "b names 4 with another hash than the jump's prev").named(4, NO).jump().without(*gone)
        yield story("keyring-names-void" + name, TAMPER, "the keyring version that the jump names has a head at 4").joined().jump(
            3).without(*gone and (4,))
        yield story("does-not-open" + name, TAMPER, "the seal is broken, and signed again").jump().spoil(5, -80).without(*gone)
        yield story("not-signed" + name, TAMPER, "the signature is broken").jump().spoil(5, -1, sign=False).without(*gone)
    yield story("prev-other", TAMPER, "4 is there, with another hash than the jump's prev").jump(prev=NO).again()
    yield story("epoch-linked", TAMPER, "4 is there, and the epoch rises by two").jump(epoch=3).again()
    yield story("seen-leaves-out", TAMPER, "a jump does not name b, which 5 has named").jump(2, "b").jump(5)
    yield story("version-falls", TAMPER, "a jump names an older keyring version").jump().again().put().jump(6, names=2).without(3, 4, 7)
    yield story("names-other-3", FORK, "b names 3, which is there, with another hash").named(3, NO).jump()
    yield story("names-more", GAP, "b names 9").named(9, NO).jump().without(3, 4)
    yield story("void-jump-missing", GAP, "7 is after 3, which is not there, and neither is 5, which passed over 3").jump().again(
    ).jump(3).again().without(3, 4, 5, 6)
    yield story("cut-no-jump", GAP, "revoked at 3, which is not there, and no jump is").jump().again().cut(3).without(3, 4, 5, 6)
    yield story("cut-not-signed", GAP, "the jump beyond a void cut is not signed").jump().again().cut(3).spoil(
        5, -1, sign=False).without(3, 4)
    yield story("cut-other-3", FORK, "revoked at 3, which is there, with another hash").jump().again().cut(3, b"other")
    yield story("cut-other-4", FORK, "revoked at 4 with another hash than the jump's prev").jump().again().cut(4, b"other").without(3, 4)
    yield story("base-of-1-other", TAMPER, "a base of 1 with another hash than the enrolling keyring's").base(1, digest=NO)
    yield story("base-at-void", TAMPER, "a base begins at an epoch commit that a jump passes over").epoch().jump(2).base(5)


class Objects:
    """Each object's bytes once, under a name."""

    def __init__(self, out):
        self.out, self.names = out, {}

    def name(self, wish, raw):
        if raw not in self.names:
            taken = sum(1 for name in self.names.values() if name.partition(".")[0] == wish)
            self.names[raw] = f"{wish}.{taken + 1}"
            self.out.add(self.names[raw], what="object", object=raw)
        return self.names[raw]


def tell(objects, story):
    w, files = story.w, story.files()
    lines = {"suite": w.rings[-1].suite, "vault_id": w.vault_id, "seed": w.seed}
    lines |= {f"keyring{k.v}": objects.name(f"keyring-{k.v}", k.raw) for k in w.rings}
    for i, (who, d) in enumerate(sorted(w.devices.items())):
        there = [seq for seq in range(1, len(d.chain) + 1) if w.path(who, seq) in files]
        names = [f"{seq}:{objects.name(f'{who}-{seq}', files[w.path(who, seq)])}" for seq in there]
        lines |= {f"chain{i}": " ".join([d.id.hex(), *names])}
        lines |= {f"shown{i}": f"{d.id.hex()} {there[-1]} {sha256(files[w.path(who, there[-1])]).hex()}"}
    return files, lines


def read(files):
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, files)
        return Vault(folder, PASSWORD, True)


def make():
    out = Blocks(__doc__)
    objects = Objects(out)
    for story, what in [(s, "vault") for s in good()] + [(s, "part") for s in parts()]:
        files, lines = tell(objects, story)
        vault = read(files)
        ends = {f"end{i}": f"{c.device.device_id.hex()} {c.last()} {c.hash_of(c.last()).hex()}"
                for i, c in enumerate(vault.chains.values())}
        items = {f"item{i}": f"{name.hex()} {value.hex()}" for i, (name, value) in enumerate(vault.values.items())}
        out.add(story.name, what=what, note=story.note, account=ACCOUNT, password=PASSWORD, **lines, **ends, **items)
    for story, what in [(s, "vault") for s in bad()] + [(s, "part") for s in bad_parts()]:
        files, lines = tell(objects, story)
        try:
            read(files)
        except Refused as why:
            out.add(story.name, "error", what=what, reason=story.note, account=ACCOUNT, password=PASSWORD,
                    **{"class": story.wrong}, rule=why, **lines)
        else:
            raise AssertionError(story.name + " is accepted")
    return out

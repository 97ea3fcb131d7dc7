# SPDX-License-Identifier: Apache-2.0
"""The steps of a world, drawn by a seed: each is a list of words and numbers, the first of which is the deed. They do not depend
on each other, so any of them may be left out: a deed that makes no sense any more does nothing.

An *adversity* is a kind of trouble that can be left out of all worlds: WORLD_WITHOUT=flips,copies."""

import json
import os
import random

DEVICES = ("laptop", "phone", "tablet")
NAMES = ("a", "work/github", "é", "z", "naïve/ключ", "名前/鍵", "עברית", "🔑", "e\u0301", "ﬁ/ß", "~", "\u00a0x", "ÿ/\U0010ffff")
SMALL, LARGE = (0, 1, 20, 300, 5000, 60000), (65537, 70000, 1048577)

POINTS = ("write.committed", "write.before-commit", "anchor.before-write", "push.remembered", "push.before-send", "push.acknowledged",
          "verify.before-commit", "verify.committed", "pull.before-commit", "pull.keyrings-stored", "pull.page-stored", "change.journaled",
          "change.before-commit", "change.before-send", "change.answered", "roll.before-commit", "roll.committed", "roll.before-send",
          "roll.answered", "roll.acknowledged", "reseal.before-commit", "reseal.committed", "put.file-durable", "upload.chunk-sent", "upload.confirmed", "merge.before-write",
          "repair.page-sent", "repair.before-send", "crypto.commit-sealed", "reject.remembered", "drop.before-commit")

# adversity → {deed: how often}
ADVERSITIES = {
    "kills": {"kill": 3, "die": 4, "die_at_disk": 2},
    "backups": {"backup": 3, "put_back": 3},
    "lost_anchors": {"put_back_data": 2, "put_back_without_anchor": 1},
    "copies": {"copy": 1, "copy_backup": 1, "copy_locked": 1},
    "thefts": {"steal": 1, "thief_syncs": 2},
    "full_disks": {"full": 2, "space": 3},
    "flips": {"flip": 1},
    "partitions": {"net": 5, "server": 2},
    "losses": {"lose": 4},
    "lateness": {"lose_late": 1, "deliver": 1},
    "old_states": {"snapshot": 2, "show_old": 2, "show_now": 2},
    "branches": {"show_branch": 1, "snapshot": 1, "show_now": 1},
    "passwords": {"passwd": 2},
    "revocations": {"revoke": 1},
    "sheets": {"sheet": 1, "use": 1},
    "renames": {"rename": 1},
    "large_values": {"put_large": 2},
    "copies_and_passwords": {},  # no deed of its own: a device with a copy, or set back, keeps its writes though the password changes
}
PLAIN = {"put": 18, "put_many": 2, "rm": 1, "restore": 1, "resolve": 1, "sync": 8, "lock": 2, "unlock": 3, "restart": 2, "verify": 1,
         "compare": 1, "export": 1, "repair": 1, "join": 1}


def without():
    return {word for word in os.environ.get("WORLD_WITHOUT", "").split(",") if word}


def adversity_of(deed):
    """Those which have this deed; none for what everybody does."""
    return {name for name, deeds in ADVERSITIES.items() if deed in deeds}


def needs(text):
    """What a script says of itself, in lines "# needs ADVERSITY": beside those that its steps show."""
    return {line.split()[2] for line in text.splitlines() if line.startswith("# needs ")}


def allowed(steps, left_out):
    """Whether a list of steps has nothing that is left out."""
    return all(not (kinds := adversity_of(step[0])) or kinds - left_out for step in steps)


class Generator:
    def __init__(self, seed, left_out=frozenset()):
        self.rng, self.left_out = random.Random(seed), left_out
        self.serial = self.backups = self.snapshots = 0
        kinds = sorted(ADVERSITIES.keys() - left_out)
        chosen = self.rng.sample(kinds, min(len(kinds), self.rng.choice((2, 3, 4, 5, len(kinds)))))
        self.weights = dict(PLAIN)
        for kind in chosen:
            for deed, often in ADVERSITIES[kind].items():
                self.weights[deed] = self.weights.get(deed, 0) + 2 * often

    def steps(self):
        """Steps at random, and among them, in their order, those of a few stories."""
        deeds, weights = zip(*sorted(self.weights.items()))
        steps = [self.step(deed) for deed in self.rng.choices(deeds, weights, k=self.rng.randrange(8, 25))]
        for _ in range(self.rng.choice((0, 1, 1, 2, 3))):
            steps = self.mixed(steps, self.story())
        return self.few_passwords(steps)

    @staticmethod
    def few_passwords(steps, most=3):
        """More of them nobody could keep apart, and after five wrong ones a daemon lets people wait."""
        changes = [step for step in steps if step[0] in ("passwd", "revoke", "use")]
        return [step for step in steps if not any(step is change for change in changes[most:])]

    def mixed(self, some, more):
        out, some, more = [], list(some), list(more)
        while some or more:
            out.append((some if self.rng.random() * (len(some) + len(more)) < len(some) else more).pop(0))
        return out

    # --- stories: what random steps alone would tell too rarely; without what is left out, and each step but with some chance

    def story(self):
        told = self.rng.choice((self.set_back, self.set_back, self.copied, self.copied, self.stolen, self.killed, self.shown_the_past, self.lost, self.out_of_touch, self.filled))()
        return [step for step in told if allowed([step], self.left_out) and self.rng.random() < 0.96]

    def change(self, who, other):
        """Something that changes the keyring."""
        deed = self.rng.choice(("passwd", "passwd", "revoke", "sheet", "use", "rename", "put", "join"))
        steps = {"passwd": ["passwd", who, f"password {self.next()}"], "revoke": ["revoke", who, other, f"password {self.next()}"],
                 "sheet": ["sheet", who], "use": ["use", who, f"password {self.next()}"], "rename": ["rename", who, other, f"name {self.next()}"],
                 "put": self.write(who), "join": ["join", "desk"]}
        return steps[deed]

    def write(self, who):
        return ["put", who, self.rng.choice(NAMES), self.rng.choice(SMALL[:4]), self.next()]

    def pair(self):
        return self.rng.sample(DEVICES, 2)

    def set_back(self):
        who, other = self.pair()
        self.backups += 1
        back = self.rng.choice(("put_back", "put_back", "put_back_data", "put_back_without_anchor"))
        apart = self.rng.random() < 0.6
        return ([["net", who, "off"]] * (self.rng.random() < 0.5) + [self.write(who), ["backup", who, self.backups], self.write(who), ["net", who, "on"], ["sync", who]]
                + [["net", who, "off"]] * apart + [[back, who, self.backups], self.change(other, who), ["unlock", who], self.write(who), ["net", who, "on"], ["sync", who],
                                                   ["unlock", who], self.write(who), ["sync", other]])

    def copied(self):
        who, other = self.pair()
        copy, how = f"{who}-copy", self.rng.choice(("copy", "copy_locked", "copy_locked"))
        return [["net", who, "off"], self.write(who), [how, who], ["net", who, "on"], self.change(other, who), self.rng.choice((["sync", copy], ["unlock", copy], self.write(copy))), ["sync", who], self.write(who), ["sync", copy], ["sync", other], ["sync", who]]

    def stolen(self):
        who, other = self.pair()
        return [["net", who, "off"], self.write(who), ["steal", who], self.change(other, who), self.write(who), ["net", who, "on"], ["thief_syncs", who], ["sync", other], ["sync", who], self.write(who),
                ["thief_syncs", who], ["sync", who], ["sync", other]]

    def killed(self):
        who, other = self.pair()
        points = self.rng.choice((("change.", [["passwd", who, f"password {self.next()}"]]), ("roll.", [["put_back_without_anchor", who, self.backups], ["unlock", who]]),
                                  ("push.", [self.write(who), ["sync", who]]), ("verify.", [self.change(other, who), ["sync", who]]), ("pull.", [self.write(other), ["sync", other], ["sync", who]]),
                                  ("write.", [self.write(who)]), ("reseal.", [self.change(other, who), ["sync", who]]), ("jump.", [self.change(other, who), ["sync", who]])))
        prefix, deeds = points
        named = [point for point in POINTS if point.startswith(prefix)] or ["verify.committed"]
        return [["net", who, "off"], self.write(who), ["net", who, "on"], ["die", who, self.rng.choice(named), self.rng.choice((1, 1, 2))], *deeds, ["sync", who], self.write(who), ["sync", other]]

    def shown_the_past(self):
        who, other = self.pair()
        self.snapshots += 1
        return [["snapshot", self.snapshots], self.write(who), ["sync", who], self.change(other, who), ["sync", other], [self.rng.choice(("show_old", "show_branch")), who, self.snapshots],
                ["sync", who], self.write(who), ["sync", who], self.change(other, who), ["show_now", who], ["sync", who], ["repair", who]]

    def lost(self):
        who, other = self.pair()
        return [self.write(who), self.rng.choice((["lose", who, "request"], ["lose", who, "answer"], ["lose_late", who])), self.change(who, other), ["sync", who], self.change(other, who),
                ["sync", other], ["deliver", who], ["sync", who]]

    def out_of_touch(self):
        who, other = self.pair()
        return [["net", who, "off"], self.write(who), ["lock", who], self.change(other, who), ["sync", other], self.write(other), ["net", who, "on"], ["sync", who], ["unlock", who], self.write(who), ["sync", who]]

    def filled(self):
        who, other = self.pair()
        return [self.write(who), ["full", who, self.rng.choice(("ENOSPC", "EIO")), self.rng.choice(("data.mdb", "data.mdb", "anchor"))], ["sync", who], self.write(who), ["kill", who] if self.rng.random() < 0.5 else ["space", who],
                self.change(other, who), ["unlock", who], ["sync", who]]

    # --- steps

    def step(self, deed):
        return [deed, *getattr(self, deed, self.one)()]

    def who(self):
        """A copy, where there is none, is nobody."""
        return self.rng.choice(DEVICES * 3 + tuple(f"{name}-copy" for name in DEVICES[:2]) + ("desk",))

    def next(self):
        self.serial += 1
        return self.serial

    def one(self):
        return [self.who()]

    def two(self):
        return [self.who(), self.who()]

    def nobody(self):
        return []

    compare = two
    space = deliver = one

    def put(self):
        return [self.who(), self.rng.choice(NAMES), self.rng.choice(SMALL), self.next()]

    def put_large(self):
        return [self.who(), self.rng.choice(NAMES), self.rng.choice(LARGE), self.next()]

    def put_many(self):
        names = self.rng.sample(NAMES, self.rng.randrange(2, len(NAMES)))
        return [self.who(), [[name, self.rng.choice(SMALL), self.next()] for name in names]]

    def rm(self):
        return [self.who(), self.rng.choice(NAMES)]

    def restore(self):
        return [self.who(), self.rng.choice(NAMES), self.rng.randrange(4)]

    def resolve(self):
        return [self.who(), self.rng.randrange(4)]

    def rename(self):
        return [self.who(), self.who(), f"name {self.next()}"]

    def passwd(self):
        return [self.who(), f"password {self.next()}"]

    use = passwd

    def revoke(self):
        return [self.who(), self.who(), f"password {self.next()}"]

    def die(self):
        return [self.who(), self.rng.choice(POINTS), self.rng.choice((1, 1, 1, 2, 3))]

    def die_at_disk(self):
        return [self.who(), self.rng.choice(("write", "dsync", "sync")), self.rng.randrange(1, 12)]

    def full(self):
        return [self.who(), self.rng.choice(("ENOSPC", "ENOSPC", "EIO")), self.rng.choice(("data.mdb", "anchor"))]

    def flip(self):
        return [self.who(), self.rng.randrange(1 << 16)]

    def net(self):
        return [self.who(), self.rng.choice(("off", "on"))]

    def server(self):
        return [self.rng.choice(("off", "on", "on", "kill"))]

    def lose(self):
        return [self.who(), self.rng.choice(("request", "answer"))]

    lose_late = copy_locked = steal = thief_syncs = one

    def backup(self):
        self.backups += 1
        return [self.who(), self.backups]

    def some_backup(self):
        return [self.who(), self.rng.randrange(max(self.backups, 1)) + 1]

    put_back = put_back_data = put_back_without_anchor = copy_backup = some_backup

    def snapshot(self):
        self.snapshots += 1
        return [self.snapshots]

    def show_old(self):
        return [self.who(), self.rng.randrange(max(self.snapshots, 1)) + 1]

    show_branch = show_old

    def join(self):
        return ["desk"]


def text_of(steps, *notes):
    """A script that can be replayed: a step a line; lines that begin with # are for people."""
    return "".join(f"# {note}\n" for note in notes) + "".join(json.dumps(step, ensure_ascii=False) + "\n" for step in steps)


def steps_of(text):
    return [json.loads(line) for line in text.splitlines() if line and not line.startswith("#")]

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ten thousand commits in two hundred pages: a pull that lacks, repeats, swaps or changes any part of them is refused,
changes nothing on the device, and the next honest answer heals it."""

import near  # noqa: F401
from harness import SOAK, main, test
from pages import COMMITS, SmallPages, seq_of

PAGES = 200


def write_commits(device, last_seq):
    """Puts until the device's chain ends at or beyond last_seq."""
    with device.rpc() as rpc:
        while device.status()["device"]["seq"] < last_seq:
            puts = (("item.put", {"name": f"many/{n}", "value": f"written {n}"}) for n in range(1000))
            for _ in rpc.many(puts):
                pass


class Scene:
    """A phone that was off while a laptop wrote two hundred pages and a desk a few; the proxy cuts the pages."""

    def __init__(self, world):
        self.world = world
        world.start_server(proxied=True)
        self.laptop, self.desk, self.phone = (world.device(name) for name in ("laptop", "desk", "phone"))
        self.laptop.create()
        self.desk.join()
        self.phone.join()
        self.phone.stop()
        self.laptop.sync()
        self.writer, begin = (self.laptop.status()["device"][member] for member in ("id", "seq"))
        write_commits(self.laptop, begin + PAGES * COMMITS)
        write_commits(self.desk, PAGES * COMMITS // 20)
        self.laptop.sync()
        self.desk.sync()
        self.laptop.stop()
        self.other = self.desk.status()["device"]["id"]
        self.desk.stop()
        self.proxy_learns()
        self.phone_starts_lied_to()

    def proxy_learns(self):
        """A witness joins through the proxy, which then has every commit."""
        self.pages = self.world.proxy.rule = SmallPages()
        self.witness = self.world.device("witness")
        self.witness.join()
        assert self.pages.pages >= PAGES, self.pages.pages

    def phone_starts_lied_to(self):
        """It never hears the truth about the laptop; what it asks for tells where its first page begins."""
        self.firsts = []
        self.pages.lie = self.nothing_at_all
        self.phone.start()
        self.phone.unlock()
        self.phone.fails(11, "sync")
        begin = min(self.firsts)
        last = max(seq for device, seq in self.pages.stored if device == self.writer)
        self.firsts = list(range(begin, last + 1, COMMITS))
        assert len(self.firsts) >= PAGES

    def nothing_at_all(self, device, first, commits, chain):
        if device == self.writer:
            self.firsts.append(first)
            return []
        return commits

    def shape(self):
        """What the phone shows of its state."""
        status = self.phone.status()
        del status["vault"]["lock_at"]
        return self.phone.names(), status["devices"], status["device"], status["vault"], status["items"]

    def refuses(self, what, lie):
        before = self.shape()
        self.pages.lies, self.pages.lie = 0, lie
        sentence = self.phone.fails(11, "sync")
        assert self.pages.lies, f"{what}: the phone never asked for that page"
        assert self.shape() == before, f"{what}: the refused pull changed something"
        trust = self.phone.status()["trust"]
        assert trust["state"] != "distrusted", f"{what}: {trust}: {sentence}"

    def heals(self):
        self.pages.lie = None
        self.phone.sync()
        assert self.phone.values() == self.witness.values()

    def at(self, page, change):
        """A lie about one page of the laptop's chain; change(commits, chain) is what it becomes."""
        begin = self.firsts[page]

        def lie(device, first, commits, chain):
            return change(commits, chain) if (device, first) == (self.writer, begin) else commits

        return lie

    def another(self, page):
        """The commits of another page, as a change."""

        def change(_, chain):
            numbers = range(self.firsts[page], self.firsts[page] + COMMITS)
            return [chain(self.writer, n) for n in numbers if (self.writer, n) in self.pages.stored]

        return change


def some(scene):
    last = len(scene.firsts) - 1
    return range(last + 1) if SOAK else (0, 1, last // 2, last - 1, last)


@test(proves="3")
def a_pull_that_lacks_a_page_is_refused(world):
    scene = Scene(world)
    last = len(scene.firsts) - 1
    for page in some(scene):
        scene.refuses(f"no page {page}", scene.at(page, lambda commits, chain: []))
        if page < last:
            scene.refuses(f"page {page} left out", scene.at(page, scene.another(page + 1)))
    scene.phone.ok("lock")
    before = scene.phone.status()["devices"]
    scene.pages.lies, scene.pages.lie = 0, scene.at(last // 2, lambda commits, chain: [])
    scene.phone.fails(11, "sync")
    assert scene.pages.lies and scene.phone.status()["devices"] == before, "locked, too"
    scene.phone.unlock()
    scene.heals()


def flipped(where):
    def change(commits, _):
        commit = bytearray(commits[7])
        commit[where] ^= 1
        return commits[:7] + [bytes(commit)] + commits[8:]

    return change


@test(proves="3")
def a_pull_with_a_page_or_a_commit_changed_is_refused(world):
    scene = Scene(world)
    middle = len(scene.firsts) // 2
    scene.refuses("a page twice", scene.at(middle, scene.another(middle - 1)))
    scene.refuses("a later page early", scene.at(middle, scene.another(middle + 3)))
    scene.refuses("two commits swapped", scene.at(middle, lambda c, _: c[:5] + [c[6], c[5]] + c[7:]))
    scene.refuses("a commit twice", scene.at(middle, lambda c, _: c[:6] + [c[5]] + c[6:]))
    scene.refuses("a commit left out", scene.at(middle, lambda c, _: c[:5] + c[6:]))
    fields = {"magic": 0, "kind": 6, "seq": 67, "prev": 120, "salt": 140, "segment": 210, "signature": -1}
    for name, where in fields.items():
        scene.refuses(f"a bit of the {name}", scene.at(middle, flipped(where)))
    foreign = lambda c, chain: [chain(scene.other, min(seq_of(one), 100)) if one is c[0] else one for one in c]
    scene.refuses("a commit of another device", scene.at(middle, foreign))
    foreign_same_seq = lambda c, chain: c[:3] + [chain(scene.other, seq_of(c[3]))] + c[4:]
    scene.refuses("another device's commit of the same seq", scene.at(2, foreign_same_seq))
    scene.heals()


if __name__ == "__main__":
    main()

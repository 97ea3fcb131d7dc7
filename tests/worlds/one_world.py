# SPDX-License-Identifier: Apache-2.0
"""One world from beginning to end: its steps are taken, its troubles end, its people do what they are told, and it is judged."""

import traceback

from harness import World
from household import Household
from person import People
from truth import Broken
from verdict import Verdict


class Outcome:
    """Of a world: what broke, if anything did, and what was done and said until then."""

    def __init__(self, kind, text, home, folder):
        self.kind, self.text, self.folder = kind, text, folder
        self.transcript = home.transcript if home else []
        self.counts = home.counts() if home else {}

    @property
    def good(self):
        return self.kind is None


def live(build, steps, left_out=frozenset(), verbose=False, keep=False, spoil=None):
    """`spoil` is told of the world when all is at rest, to see whether what it does is noticed."""
    world, home = World(build), None
    try:
        home = Household(world, verbose, left_out)
        home.settle_down()
        for step in steps:
            home.take(step)
        people = People(home)
        people.troubles_end()
        people.come_to_rest()
        if spoil:
            spoil(home)
        Verdict(home, people.living()).check()
        ends_well(world)
        kind, text = None, ""
    except Broken as broken:
        kind, text = broken.kind, str(broken)
    except Exception as error:  # a fault of the test itself, perhaps: it is shown as it is
        kind, text = f"{type(error).__name__}", traceback.format_exc()
    finally:
        if home:
            home.close()
        logs = {program.name: program.stderr()[-6000:].decode(errors="replace") for program in world.programs}
        world.destroy(keep)
    outcome = Outcome(kind, text, home, world.folder)
    if kind and keep:
        outcome.transcript += [f"=== {name}\n{log}" for name, log in logs.items()]
    return outcome


def ends_well(world):
    for program in world.programs:
        if program.running:
            program.ask_to_stop()
    for program in world.programs:
        if program.process is not None:
            code = program.process.wait(20)
            if code not in (0, -9):
                raise Broken("crash", f"{program.name} ended with {code}")


def smaller(build, steps, kind, tries, left_out=frozenset()):
    """Fewer steps that break alike, in one of two tries: halves are left out, then quarters, and so on down to single ones."""
    still = lambda some: any(live(build, some, left_out).kind == kind for _ in range(2))
    size = max(len(steps) // 2, 1)
    while tries > 0:
        at, shrunk = 0, False
        while at < len(steps) and tries > 0:
            some = steps[:at] + steps[at + size:]
            tries -= 1
            if some and still(some):
                steps, shrunk = some, True
            else:
                at += size
        if size == 1 and not shrunk:
            break
        size = max(size // 2, 1)
    return steps

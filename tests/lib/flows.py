# SPDX-License-Identifier: Apache-2.0
"""The flows of a vault's life in which a keyring changes, as a person goes through them: what is there before, the
command, the same again when nobody knows what became of it, and what must be true in the end."""

import json
import shutil

from proxy import Cut

OLD, NEW = "correct horse battery staple", "a new one, never seen before"


def refuse(exchange):
    raise Cut


class Flow:
    changes = 2  # so many requests of it change something, at least, before it is done again

    def __init__(self, world):
        self.world = world
        world.password = OLD
        world.start_server(proxied=True)
        self.passwords = [OLD]  # that may be the vault's in the end
        self.items, self.actor, self.devices, self.revoked = {}, None, [], []
        self.arrange()

    def device(self, name):
        device = self.world.device(name)
        self.devices.append(device)
        return device

    def vault_with(self, *names):
        """Devices of one vault, the first of which acts; the others are off, and have written what nobody has got."""
        for name in names:
            device = self.device(name)
            device.create() if device is self.devices[0] else device.join()
            self.write(device, f"by the {name}")
            device.sync()
        self.actor, *others = self.devices
        self.world.proxy.rule = refuse
        for device in others:
            self.write(device, f"by the {device.name}, off-line")
            device.stop()
        self.world.proxy.rule = None

    def write(self, device, name):
        device.put(name, name.encode())
        self.items[name] = name.encode()

    def tries(self, *words, lines):
        """A command of the actor's that may come to nothing, and what it would have sent soon after."""
        said = self.actor.ctl(*words, password="\n".join(lines))
        if self.actor.running:
            self.actor.ctl("sync")
        return said

    def writes_on(self):
        """Whoever is unlocked still can, whatever became of the command."""
        if self.actor.ctl("put", "meanwhile", input=b"meanwhile").code == 0:
            self.items["meanwhile"] = b"meanwhile"
            self.actor.ctl("sync")

    def opens(self):
        """The actor, with one of the passwords: one of them must do."""
        assert any(self.actor.ctl("unlock", password=password).code == 0 for password in self.passwords)


class Create(Flow):
    def arrange(self):
        self.actor = self.device("laptop")

    def act(self):
        self.tries(*self.actor.enrolment("create"), lines=[OLD])

    def again(self):
        self.enrol_again("create")
        self.write(self.actor, "after")

    def enrol_again(self, verb):
        said = self.actor.ctl(*self.actor.enrolment(verb), password=OLD)
        assert said.code == 0 or (said.code == 8 and self.actor.status()["vault"]["state"] != "absent"), said
        self.opens()


class Join(Create):
    def arrange(self):
        self.vault_with("laptop", "tablet")
        self.actor.sync()
        self.actor.stop()
        self.actor = self.device("phone")

    def act(self):
        self.tries(*self.actor.enrolment("join"), lines=[OLD])

    def again(self):
        self.enrol_again("join")
        self.write(self.actor, "after")


class Passwd(Flow):
    changes = 1  # what is written after it may go with what comes later

    def arrange(self):
        self.vault_with("laptop", "phone")
        self.passwords = [OLD, NEW]

    def act(self):
        self.tries("passwd", lines=[OLD, NEW])
        self.writes_on()

    def again(self):
        """The old one again: it is taken, or no more the vault's."""
        said = self.tries("passwd", lines=[OLD, NEW])
        assert said.code == 0 or self.actor.ctl("unlock", password=NEW).code == 0, said
        self.actor.sync()
        self.write(self.actor, "after")


class Revoke(Flow):
    changes = 1  # what is written after it may go with what comes later

    def arrange(self):
        self.vault_with("laptop", "phone", "tablet")
        self.passwords = [OLD, NEW]
        self.revoked = [self.devices[2]]
        del self.items["by the tablet, off-line"]

    def act(self):
        self.tries("device", "revoke", "tablet", lines=[OLD, NEW])
        self.writes_on()

    def again(self):
        said = self.tries("device", "revoke", "tablet", lines=[OLD, NEW])
        if said.code:
            self.actor.ok("unlock", password=NEW)
        self.actor.sync()
        status = {d["name"]: d["status"] for d in self.actor.status()["devices"]}
        assert status["tablet"] == "revoked", (said, status)
        self.write(self.actor, "after")


class Roll(Flow):
    def arrange(self):
        """A laptop whose database is older than its witness."""
        self.vault_with("laptop", "phone")
        laptop, old = self.actor, self.world.folder / "old.mdb"
        laptop.sync()
        laptop.stop()
        shutil.copyfile(laptop.vault_folder / "data.mdb", old)
        laptop.start()
        laptop.unlock()
        self.write(laptop, "lost")
        laptop.sync()
        laptop.stop()
        shutil.copyfile(old, laptop.vault_folder / "data.mdb")
        laptop.start()

    def act(self):
        self.tries("unlock", lines=[OLD])

    def again(self):
        self.actor.unlock()
        self.actor.sync()
        self.actor.unlock()
        self.actor.sync()
        assert self.actor.status()["identity"]["former"]
        self.write(self.actor, "after")


class Recover(Flow):
    """The password is forgotten; the sheet is there."""

    changes = 1  # likewise

    def arrange(self):
        self.vault_with("laptop", "phone")
        self.passwords = [OLD, NEW]
        self.code = sheet(self.actor, OLD)["code"]
        self.actor.ok("lock")

    def act(self):
        self.tries("recovery", "use", lines=[self.code, NEW])
        self.writes_on()

    def again(self):
        said = self.tries("recovery", "use", lines=[self.code, NEW])
        assert said.code == 0 or self.actor.ctl("unlock", password=NEW).code == 0, said
        self.actor.sync()
        self.write(self.actor, "after")


class PrintASheet(Flow):
    changes = 1

    def arrange(self):
        self.vault_with("laptop", "phone")

    def act(self):
        self.tries("recovery", "create", "--json", "--yes", lines=[OLD])

    def again(self):
        sheet(self.actor, OLD)
        self.write(self.actor, "after")


def sheet(device, password):
    return json.loads(device.ok("recovery", "create", "--json", "--yes", password=password))


def logs_in(world, password):
    """As a new device, with that alone; the device, or None."""
    device = world.device(f"witness{sum(p.name.startswith('witness') for p in world.programs)}")
    said = device.ctl(*device.enrolment("join"), password=password)
    assert said.code in (0, 6), said
    return device if said.code == 0 else None


def holds(flow):
    """Exactly one password logs in; every item opens everywhere; every device follows, or is revoked."""
    world = flow.world
    came_in = {password: device for password in flow.passwords if (device := logs_in(world, password))}
    assert len(came_in) == 1, f"{len(came_in)} of {len(flow.passwords)} passwords log in"
    (password, witness), = came_in.items()
    for device in flow.devices:
        if not device.running:
            device.start()
    following = [device for device in flow.devices if device not in flow.revoked]
    for device in following:
        said = device.ctl("sync")  # locked perhaps, and then there may be something that waits for the password
        assert said.code in (0, 5), (device.name, said)
        device.ok("unlock", password=password)
        device.sync()
        flow.write(device, f"in the end by the {device.name}")
        device.sync()
    for device in [*following, witness]:
        device.sync()
        values = device.values()
        lost = flow.items.items() - values.items()
        assert values == flow.items, (device.name, "lost", lost, "more", values.keys() - flow.items.keys())
    for device in flow.revoked:
        device.fails((5, 6, 9), "sync")
    listed = witness.status()["devices"]
    active = {d["name"] for d in listed if d["status"] == "active"}
    assert active == {d.name for d in [*following, witness]}, listed
    assert {d.name for d in flow.revoked} <= {d["name"] for d in listed if d["status"] == "revoked"}, listed

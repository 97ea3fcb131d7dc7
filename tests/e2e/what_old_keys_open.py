#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A device that was revoked, with all that it had, or an old password, or an old sheet, together with every byte of the
server: nothing opens that was sealed after a device had learned of the change; all that was sealed before does, and with
the new password everything does. Told by the independent reader's code, which tries every key on every seal."""

import shutil

import near  # noqa: F401
from flows import NEW, OLD, refuse, sheet
from harness import main, test
from thief import Thief

CLAIMS = "6"


class Household:
    """A laptop, a phone that is off-line when things change and has written what nobody has got, and a tablet."""

    def __init__(self, world):
        self.world = world
        world.password = OLD
        world.start_server(proxied=True)
        self.laptop, self.phone = world.pair()
        self.tablet = world.device("tablet")
        self.tablet.join()
        self.write("before", self.laptop, self.phone, self.tablet)

    def write(self, when, *devices):
        for device in devices:
            device.put(f"{when}, {device.name}", b"x" * 100)
            device.sync()

    def phone_goes_out_of_reach(self):
        self.world.proxy.rule = refuse
        self.phone.put("off-line, phone", b"x" * 100)

    def everybody_learns_and_writes(self, first):
        """The first version that a key from before must not open."""
        self.world.proxy.rule = None
        self.phone.sync()
        self.laptop.sync()
        self.write("after", self.laptop, self.phone)
        self.laptop.sync()
        self.first = first

    def thief(self):
        folder = self.world.folder / f"export{len(list(self.world.folder.glob('export*')))}"
        self.laptop.ok("export", "--sealed", str(folder), "--without-large")
        return Thief(folder)

    def version(self):
        return self.laptop.status()["vault"]["keyring_version"]


def opens_the_past_alone(home, thief):
    thief.opens_all_it_can()
    past = {place for place, h in thief.headers.items() if h.version < home.first}
    assert thief.rings_open == {v for v in thief.rings if v < home.first}, (thief.rings_open, home.first)
    assert thief.commits_open == past, (thief.versions_of(thief.commits_open ^ past), home.first)
    since = {device for device, seq in thief.commits.keys() - past}
    assert len(since) >= 2, "the laptop and the phone have written since"
    print(f"    {len(past)} commits of before open, {len(thief.commits) - len(past)} of after do not")


def the_new_password_opens_everything(home):
    owner = home.thief().has_password(NEW).opens_all_it_can()
    assert owner.rings_open == owner.rings.keys() and owner.commits_open == owner.commits.keys()


@test(proves="D05")
def a_revoked_device_with_all_it_had_and_the_servers_data_opens_nothing_that_was_sealed_since(world):
    home = Household(world)
    code = sheet(home.laptop, OLD)["code"]
    home.tablet.sync()
    home.tablet.stop()
    loot = world.folder / "loot.mdb"
    shutil.copyfile(home.tablet.vault_folder / "data.mdb", loot)
    home.laptop.sync()
    home.phone.sync()
    home.phone_goes_out_of_reach()
    first = home.version() + 1
    world.proxy.rule = None
    home.phone.stop()
    home.laptop.ok("device", "revoke", "tablet", password=f"{OLD}\n{NEW}")
    home.phone.start()
    home.phone.ctl("sync")
    home.phone.ok("unlock", password=NEW)
    home.everybody_learns_and_writes(first)

    thief = home.thief().has_password(OLD).has_code(code).has_device(loot)
    opens_the_past_alone(home, thief)
    assert thief.boxes_listed() == {"tablet"}, "its private keys were found: else there was nothing to fear"
    the_new_password_opens_everything(home)


@test(proves="D05")
def an_old_password_and_the_servers_data_open_nothing_that_was_sealed_since(world):
    home = Household(world)
    home.phone.sync()
    home.phone.stop()
    first = home.version() + 1
    home.laptop.ok("passwd", password=f"{OLD}\n{NEW}")
    home.phone.start()
    home.phone.ctl("sync")
    home.phone.ok("unlock", password=NEW)
    home.everybody_learns_and_writes(first)
    opens_the_past_alone(home, home.thief().has_password(OLD))
    the_new_password_opens_everything(home)


@test(proves="D05")
def a_used_sheet_and_the_servers_data_open_nothing_that_was_sealed_since(world):
    home = Household(world)
    code = sheet(home.laptop, OLD)["code"]
    home.laptop.sync()
    home.phone.sync()
    first = home.version() + 1
    home.laptop.ok("lock")
    home.laptop.ok("recovery", "use", password=f"{code}\n{NEW}")
    home.everybody_learns_and_writes(first)
    opens_the_past_alone(home, home.thief().has_code(code))
    the_new_password_opens_everything(home)


@test(proves="D05")
def a_sheet_that_another_one_has_replaced_opens_nothing_that_was_sealed_since(world):
    home = Household(world)
    lost = sheet(home.laptop, OLD)["code"]
    home.laptop.sync()
    home.phone.sync()
    first = home.version() + 1
    present = sheet(home.laptop, OLD)["code"]
    home.everybody_learns_and_writes(first)
    opens_the_past_alone(home, home.thief().has_code(lost))
    owner = home.thief().has_code(present).opens_all_it_can()
    assert owner.commits_open == owner.commits.keys(), "the present sheet opens everything"


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a device has signed may be outside before it knows: sent, and forgotten by a backup that is put back or a disk
that was full; stolen; exported. When the password changes elsewhere it is still one device, its writes reach everybody,
nobody is convicted, and nothing that waits is sent under a key that somebody else may have."""

import json
import re

import near  # noqa: F401
from disk import Disk
from flows import NEW, OLD, refuse, sheet
from harness import TREE, main, test
from matrix import at_once
from outside import (JUMP, Scene, Stolen, at_the_server, backup, commits_in, everybody_has_everything, export_of,
                     is_another, is_as_it_was, read_by_the_reader, versions_of)
from pages import with_head
from proxy import Cut
from vaultformat.primitives import sha256
from waiting import wait_until

CLAIMS = "6"


# -- 1. Somebody has seen them

def put_back_to_unsent(scene, meanwhile=lambda: None):
    """The laptop, stopped and put back to a backup with unsent writes, which it has sent since; and the password has changed
    elsewhere."""
    laptop = scene.laptop
    scene.off_line()
    scene.written(laptop, "unsent")
    copy = backup(laptop)
    scene.on_line()
    laptop.start()
    laptop.sync()
    laptop.stop()
    meanwhile()
    laptop.goes_back(copy)
    scene.changes_the_password(scene.phone)
    return laptop


def restored(scene, meanwhile=lambda: None):
    """It is unlocked off-line with the password it knows, and then goes on-line."""
    put_back_to_unsent(scene, meanwhile)
    goes_on(scene)


def goes_on(scene):
    laptop = scene.laptop
    scene.off_line()
    laptop.start()
    scene.unlocks(laptop, OLD)
    scene.on_line()
    laptop.sync()
    scene.writes(laptop, "after the change")
    laptop.sync()


@test
def a_backup_with_unsent_writes_that_were_sent_is_put_back_and_the_password_changes(world):
    scene = Scene(world)
    restored(scene)
    is_as_it_was(scene.laptop)
    everybody_has_everything(scene)


@test
def the_same_when_another_device_has_them_and_has_named_them(world):
    """In the seen vectors of its commits, and in the keyring version of the change."""
    scene = Scene(world)

    def phone_names_them():
        scene.phone.sync()
        scene.writes(scene.phone, "named by the phone")
        scene.phone.sync()

    restored(scene, phone_names_them)
    is_as_it_was(scene.laptop)
    everybody_has_everything(scene)


@test
def the_same_when_it_has_written_more_off_line_before_it_hears_of_the_change(world):
    """Those it has never written in its other life: it is still the same device."""
    scene = Scene(world)
    laptop = put_back_to_unsent(scene)
    scene.off_line()
    laptop.start()
    scene.unlocks(laptop, OLD)
    scene.written(laptop, "on top")
    scene.on_line()
    laptop.sync()
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def what_was_sent_while_the_disk_was_full_stays_after_a_death_and_a_change(world):
    scene = Scene(world)
    laptop, disk = scene.laptop, Disk(world, "laptop")
    scene.off_line()
    laptop.stop()
    laptop.start(**disk.env)
    scene.unlocks(laptop)
    scene.written(laptop, "unsent")
    disk.fail("write", "data.mdb", "ENOSPC")
    scene.on_line()
    for _ in range(3):
        laptop.ctl("sync")
    laptop.kill()
    disk.heal()
    scene.changes_the_password(scene.phone)
    goes_on(scene)
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def what_a_thief_of_the_locked_folder_has_sent_stays_after_a_change(world):
    scene = Scene(world)
    laptop = scene.laptop
    scene.off_line()
    scene.written(laptop, "unsent")
    thief = Stolen(backup(laptop))
    scene.on_line()
    assert thief.sends(world.server.port).status == 200
    scene.changes_the_password(scene.phone)
    goes_on(scene)
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def half_of_what_waits_sent_by_a_thief_stays_after_a_change(world):
    scene = Scene(world)
    laptop = scene.laptop
    scene.off_line()
    scene.written(laptop, "unsent", count=4)
    thief = Stolen(backup(laptop))
    scene.on_line()
    assert thief.sends(world.server.port, thief.unsent[:2]).status == 200
    scene.changes_the_password(scene.phone)
    goes_on(scene)
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def an_answer_that_was_lost_before_a_death_and_a_change_bricks_nobody(world):
    scene = Scene(world, proxied=True)
    laptop = scene.laptop
    world.proxy.rule = refuse
    scene.written(laptop, "unsent")

    def lose_the_answer(exchange):
        if exchange.method == "POST" and "/chain/" in exchange.target and exchange.answer is not None:
            laptop.kill()
            raise Cut

    world.proxy.rule = lose_the_answer
    laptop.ctl("sync")
    wait_until(lambda: not laptop.running, "the laptop dies while its answer is lost")
    world.proxy.rule = None
    scene.changes_the_password(scene.phone)
    goes_on(scene)
    is_as_it_was(laptop)
    everybody_has_everything(scene)


@test
def what_a_keyring_has_named_stays_though_the_server_hides_it_from_its_device(world):
    """The answer to a push was lost, the phone has named it in the version of the change, and the laptop is shown what it was
    told last: it knows better by the keyring."""
    scene = Scene(world, proxied=True)
    laptop, phone = scene.laptop, scene.phone
    of_laptop = bytes.fromhex(laptop.status()["device"]["id"])

    def lose_the_answer(exchange):
        if exchange.method == "POST" and of_laptop.hex() in exchange.target and exchange.answer is not None:
            raise Cut

    world.proxy.rule = lose_the_answer
    scene.written(laptop, "unsent")
    laptop.ctl("sync")
    thief = Stolen(backup(laptop))
    last = thief.commits[thief.acked]
    assert thief.unsent and thief.unsent[0] in at_the_server(scene).values()
    phone.sync()
    scene.changes_the_password(phone)

    def hide(exchange):
        if exchange.method == "GET" and exchange.target == "/v1/heads" and exchange.status == 200 and exchange.answer:
            exchange.answer = with_head(exchange.answer, of_laptop, lambda _: thief.acked.to_bytes(8, "big") + sha256(last))

    world.proxy.rule = refuse
    laptop.start()
    scene.unlocks(laptop, OLD)
    scene.written(laptop, "on top")
    world.proxy.rule = hide
    laptop.ctl("sync")
    world.proxy.rule = refuse
    assert any(raw[6] == JUMP for raw in Stolen(backup(laptop)).commits.values()), "nothing was left behind"
    laptop.start()
    scene.unlocks(laptop)
    assert read_by_the_reader(scene, export_of(scene, laptop)) == scene.items
    world.proxy.rule = None
    laptop.sync()
    is_as_it_was(laptop)
    everybody_has_everything(scene)


DENIED = b"HTTP/1.1 403 Forbidden\r\nVaultd-Error: E_DENIED\r\n\r\n"


def two_changes_of_which_the_first_is_hidden(world):
    """The server says no to a new password, and keeps it; to the next one too; it shows the state of before all the while."""
    scene = Scene(world, proxied=True)
    first, second = NEW, "a third one, which is not the first"
    before, refused = {}, []

    def hide(exchange):
        if exchange.answer is None:
            return
        if exchange.method == "PUT" and exchange.target == "/v1/keyring":
            refused.append(exchange.status)
            exchange.status, exchange.head, exchange.answer = 403, DENIED, b""
        elif exchange.method == "GET" and exchange.target == "/v1/heads":
            exchange.answer = before.setdefault("heads", exchange.answer)

    scene.phone.stop()
    world.proxy.rule = hide
    scene.laptop.sync()
    for password in (first, second):
        said = scene.laptop.ctl("passwd", password=f"{OLD}\n{password}")
        assert said.code not in (0, 13), f"the server said no: {said}"
    assert refused[0] == 200 and len(refused) == 2, refused
    scene.password = world.password = first
    return scene, first


@test
def a_new_password_that_was_refused_and_comes_after_another_one_is_followed_by_an_open_device(world):
    scene, first = two_changes_of_which_the_first_is_hidden(world)
    world.proxy.rule = None
    scene.laptop.sync()
    comes_to_rest(scene)


@test
def a_new_password_that_was_refused_and_comes_after_another_one_is_followed_by_a_locked_device(world):
    scene, first = two_changes_of_which_the_first_is_hidden(world)
    scene.laptop.restart()
    world.proxy.rule = None
    scene.laptop.ctl("sync")
    scene.unlocks(scene.laptop, first)
    comes_to_rest(scene)


@test
def a_new_password_that_was_refused_and_comes_after_another_one_opens_a_device_that_did_not_know(world):
    """The person remembers the second one only, which no server has: the one before opens, until what is there is known."""
    scene, first = two_changes_of_which_the_first_is_hidden(world)
    scene.laptop.restart()
    scene.unlocks(scene.laptop, OLD)
    world.proxy.rule = None
    scene.laptop.sync()
    comes_to_rest(scene)


def comes_to_rest(scene):
    scene.phone.start()
    scene.phone.ctl("sync")
    scene.unlocks(scene.phone)
    for device in (scene.laptop, scene.phone):
        device.restart()
        device.fails(6, "unlock", password=OLD)
        scene.unlocks(device)
    everybody_has_everything(scene)


@test
def two_exports_never_have_two_commits_in_one_place(world):
    """One of before the change, with what waited then, may have been read by anybody."""
    scene = Scene(world)
    laptop = scene.laptop
    scene.off_line()
    scene.written(laptop, "unsent")
    before = commits_in(export_of(scene, laptop))
    laptop.stop()
    scene.on_line()
    scene.changes_the_password(scene.phone)
    goes_on(scene)
    for after in (commits_in(export_of(scene, laptop)), at_the_server(scene)):
        differ = sorted(seq for (device, seq), raw in after.items() if before.get((device, seq), raw) != raw)
        assert not differ, f"two signed commits for each of {differ}"
    everybody_has_everything(scene)


@test
def what_a_copy_of_the_server_has_and_the_server_has_not_convicts_nobody(world):
    """The server and the laptop are put back together, to before the laptop sent; the phone has seen what it sent."""
    scene = Scene(world)
    laptop, phone = scene.laptop, scene.phone
    tablet = scene.joins("tablet")
    tablet.stop()
    scene.off_line()
    scene.written(laptop, "unsent")
    copy = backup(laptop)
    past = world.server.copied("past")
    scene.on_line()
    laptop.start()
    laptop.sync()
    phone.sync()
    laptop.stop()
    scene.off_line()
    world.server.goes_back(past)
    laptop.goes_back(copy)
    scene.on_line()
    tablet.start()
    scene.unlocks(tablet)
    scene.changes_the_password(tablet)
    goes_on(scene)
    tablet.sync()
    phone.sync()
    is_as_it_was(laptop)
    everybody_has_everything(scene)


# -- 2. Stolen, and shown to another device

class Stage:
    """A laptop whose unsent writes were stolen before the password changed, and a second server that shows what the first
    one has and the stolen commits too."""

    def __init__(self, world, stolen=4):
        self.scene = Scene(world, proxied=True)
        self.world, self.laptop, self.phone = world, self.scene.laptop, self.scene.phone
        world.proxy.rule = refuse
        self.scene.written(self.laptop, "unsent", count=stolen)
        self.thief = Stolen(backup(self.laptop))
        world.proxy.rule = None
        self.scene.changes_the_password(self.phone)

    def a_second_server_shows(self, commits):
        world = self.world
        data = world.server.copied("second-data")
        self.second = world.start_server("--origin", world.proxy.url, name="second", data=data)
        assert self.thief.sends(self.second.port, commits).status == 200

    def shows(self, server):
        self.world.proxy.upstream = server.port
        self.world.proxy.hang_up()

    def laptop_goes_on(self):
        """It is off-line until it is unlocked: a locked one must send nothing, but that is another test's."""
        self.world.proxy.rule = refuse
        self.laptop.start()
        self.scene.unlocks(self.laptop, OLD)
        self.world.proxy.rule = None
        self.laptop.sync()
        self.scene.writes(self.laptop, "after the change")
        self.laptop.sync()

    def ends_well(self):
        is_as_it_was(self.laptop)
        is_as_it_was(self.phone)
        everybody_has_everything(self.scene)


def shown_first(world, count):
    """The phone is shown stolen commits, and then what the laptop has made of them."""
    stage = Stage(world)
    stage.a_second_server_shows(stage.thief.unsent[:count])
    stage.laptop_goes_on()
    stage.shows(stage.second)
    stage.phone.sync()
    stage.shows(world.server)
    stage.phone.sync()
    stage.ends_well()


@test
def stolen_commits_that_another_device_is_shown_first_convict_nobody(world):
    shown_first(world, 4)


@test
def some_of_the_stolen_commits_shown_first_convict_nobody(world):
    shown_first(world, 2)


@test
def stolen_commits_that_another_device_is_shown_last_convict_nobody(world):
    """Then it has seen more: a server that shows less is not trusted until it shows all again."""
    stage = Stage(world)
    stage.a_second_server_shows(stage.thief.unsent)
    stage.laptop_goes_on()
    stage.phone.sync()
    stage.shows(stage.second)
    assert "E_FORK" not in stage.phone.fails(11, "sync")
    stage.shows(world.server)
    stage.phone.sync()
    stage.ends_well()


@test
def a_device_that_names_stolen_commits_to_the_others_convicts_nobody(world):
    """It was shown them, and writes: its seen vector has them, and goes to everybody."""
    stage = Stage(world)
    tablet = stage.scene.joins("tablet")
    tablet.sync()
    stage.a_second_server_shows(stage.thief.unsent)
    stage.laptop_goes_on()
    stage.phone.sync()
    stage.shows(stage.second)
    tablet.sync()
    world.proxy.rule = refuse  # or it would send to the second one
    stage.scene.writes(tablet, "by the tablet")
    stage.shows(world.server)
    world.proxy.rule = None
    tablet.sync()
    stage.phone.sync()
    stage.ends_well()


# -- 3. State codes

def is_known(scene, code, *devices):
    for device in devices:
        said = device.ctl("verify", code)
        assert said.code == 0, f"the code that was shown is none for the {device.name}: {said.err.decode()}"


def shown_to_a_third(scene, code):
    tablet = scene.joins("tablet")
    for device in (scene.phone, tablet):
        device.sync()
    is_known(scene, code, scene.phone, tablet)


def state_code(out):
    return json.loads(out)["state_code"]


@test
def the_code_that_verify_shows_on_line_is_that_of_an_acknowledged_checkpoint(world):
    scene = Scene(world)
    scene.writes(scene.laptop, "waits")
    code = scene.laptop.ok("verify").decode().strip()
    scene.laptop.stop()
    scene.changes_the_password(scene.phone)
    shown_to_a_third(scene, code)


@test
def the_code_on_a_sheet_is_that_of_an_acknowledged_checkpoint(world):
    scene = Scene(world)
    scene.writes(scene.laptop, "waits")
    code = sheet(scene.laptop, OLD)["state_code"]
    scene.laptop.sync()
    shown_to_a_third(scene, code)
    everybody_has_everything(scene)


@test
def the_code_after_a_revocation_is_that_of_an_acknowledged_checkpoint(world):
    scene = Scene(world)
    scene.joins("lost").stop()
    scene.devices.pop()
    sheet(scene.laptop, OLD)
    scene.laptop.sync()
    said = json.loads(scene.laptop.ok("device", "revoke", "lost", "--json", password=f"{OLD}\n{NEW}"))
    scene.password = world.password = NEW
    codes = codes_in(said)
    scene.laptop.sync()
    scene.phone.ctl("sync")
    for code in codes:
        shown_to_a_third(scene, code)
    assert codes, said


def codes_in(said):
    """Every state code anywhere in an answer."""
    if isinstance(said, dict):
        return [code for key, value in said.items() for code in ([value] if key == "state_code" and value else codes_in(value))]
    return [code for one in said for code in codes_in(one)] if isinstance(said, list) else []


@test
def the_code_of_a_recovery_is_that_of_an_acknowledged_checkpoint(world):
    scene = Scene(world)
    code = sheet(scene.laptop, OLD)["code"]
    scene.laptop.sync()
    scene.phone.sync()
    scene.off_line()
    scene.written(scene.laptop, "unsent")
    scene.laptop.ok("lock")
    scene.on_line()
    said = json.loads(scene.laptop.ok("recovery", "use", "--json", password=f"{code}\n{NEW}"))
    scene.password = world.password = NEW
    scene.laptop.sync()
    for shown in codes_in(said):
        shown_to_a_third(scene, shown)
    assert codes_in(said), said
    everybody_has_everything(scene)


@test
def the_codes_of_two_sheets_that_are_made_at_once_are_those_of_acknowledged_checkpoints(world):
    """One of the sheets is replaced by the other at once; its state code may be true all the same."""
    scene = Scene(world, proxied=True)
    laptop, phone = scene.laptop, scene.phone
    for _ in range(3):
        said = at_once(world, *[lambda device=device: device.ctl("recovery", "create", "--json", "--yes", password=OLD)
                                for device in (laptop, phone)])
        assert any(one.code == 0 for one in said), said
        for device in (laptop, phone, laptop, phone):
            device.sync()
        for one in said:
            if one.code == 0:
                is_known(scene, state_code(one.out), laptop, phone)
    everybody_has_everything(scene)


@test
def off_line_verify_shows_the_newest_acknowledged_code_and_its_time(world):
    scene = Scene(world)
    laptop = scene.laptop
    code = laptop.ok("verify").decode().strip()
    laptop.sync()
    scene.phone.sync()
    scene.off_line()
    scene.writes(laptop, "off-line")
    said = laptop.ctl("verify")
    assert said.code == 0 and code in said.out.decode(), f"it has shown another code: {said}"
    assert re.search(r"\d{4}-\d\d-\d\d", (said.out + said.err).decode()), f"of what time it is: {said}"
    laptop.stop()
    scene.on_line()
    scene.changes_the_password(scene.phone)
    shown_to_a_third(scene, code)


# -- 4. A change that is known, and what waits

class Hurried:
    """Writes that wait on the laptop, and a change made by the phone."""

    def __init__(self, world):
        self.scene = Scene(world, proxied=True)
        self.world, self.laptop, self.phone = world, self.scene.laptop, self.scene.phone

    def writes_wait(self, device=None):
        self.world.proxy.rule = refuse
        self.scene.written(device or self.laptop, "waits")

    def change(self, password=NEW):
        """While everybody else is off. What is at the server before it may be under any key."""
        self.before = at_the_server(self.scene)
        self.world.proxy.rule = None
        self.scene.changes_the_password(self.phone, password)
        self.version = self.phone.status()["vault"]["keyring_version"]

    def nothing_came_under_the_old_key(self):
        came = {place: version for place, version in versions_of(at_the_server(self.scene)).items()
                if place not in self.before and version < self.version}
        assert not came, f"sent under a keyring version before {self.version}: {[(d.hex()[:8], s, v) for (d, s), v in came.items()]}"

    def ends_well(self):
        self.scene.unlocks(self.laptop)
        self.laptop.sync()
        self.nothing_came_under_the_old_key()
        is_as_it_was(self.laptop)
        everybody_has_everything(self.scene)
        self.nothing_came_under_the_old_key()


def dies_while_it_follows(point):
    """Unlocked with the old password, before it has heard of the new one."""
    def dies(world):
        home = Hurried(world)
        home.writes_wait()
        home.laptop.stop()
        home.change()
        world.proxy.rule = refuse
        home.laptop.launch(VAULT_FAULT=f"{point}:1")
        wait_until(home.laptop.is_up, "the laptop answers")
        home.scene.unlocks(home.laptop, OLD)
        world.proxy.rule = None
        home.laptop.ctl("sync")
        wait_until(lambda: not home.laptop.running, f"the laptop dies at {point}")
        home.laptop.start()
        home.laptop.ctl("sync")
        home.nothing_came_under_the_old_key()
        home.ends_well()

    return dies


def dies_while_it_is_unlocked(point):
    """With the new password, after it has pulled the change while it was locked."""
    def dies(world):
        home = Hurried(world)
        home.writes_wait()
        home.laptop.stop()
        home.change()
        home.laptop.launch(VAULT_FAULT=f"{point}:1")
        wait_until(home.laptop.is_up, "the laptop answers")
        home.laptop.ctl("sync")
        home.laptop.ctl("unlock", password=NEW)
        home.laptop.ctl("sync")
        wait_until(lambda: not home.laptop.running, f"the laptop dies at {point}")
        home.laptop.start()
        home.laptop.ctl("sync")
        home.nothing_came_under_the_old_key()
        home.ends_well()

    return dies


def points_of(file):
    """The points of a file of the daemon at which it may die; there are some."""
    points = re.findall(r'fault_point\("([^"]+)"\)', (TREE / "daemon" / file).read_text())
    assert points, f"{file} has none"
    return points


OWN = points_of("vault/jump.cpp")  # of what becomes of the own chain
UNLOCKING = ["verify.before-commit", "verify.committed", *OWN, "push.before-send"]
FOLLOWING = ["pull.keyrings-stored", *UNLOCKING]


def add_points(points, makes, words):
    for point in points:
        row = makes(point)
        row.__name__ = f"nothing_that_waits_leaves_under_the_old_key_{words}_{point.replace('.', '_').replace('-', '_')}"
        test(row)


add_points(FOLLOWING, dies_while_it_follows, "when_it_dies_while_it_follows_at")
add_points(UNLOCKING, dies_while_it_is_unlocked, "when_it_dies_while_it_is_unlocked_at")


@test
def a_locked_daemon_that_has_a_signed_change_sends_nothing_that_waits_and_its_sync_exits_5(world):
    home = Hurried(world)
    home.writes_wait()
    home.laptop.stop()
    home.change()
    home.laptop.start()
    for _ in range(2):
        home.laptop.fails(5, "sync")
    home.nothing_came_under_the_old_key()
    home.ends_well()


@test
def a_new_device_of_which_nothing_was_handed_sends_nothing_under_the_old_key(world):
    home = Hurried(world)

    def no_commit(exchange):
        if exchange.answer is None and exchange.method == "POST" and "/chain/" in exchange.target:
            raise Cut

    world.proxy.rule = no_commit
    tablet = home.scene.joins("tablet")
    home.scene.written(tablet, "waits on the tablet")
    world.proxy.rule = refuse
    tablet.stop()
    home.change()
    world.proxy.rule = refuse
    tablet.start()
    home.scene.unlocks(tablet, OLD)
    world.proxy.rule = None
    tablet.sync()
    home.nothing_came_under_the_old_key()
    everybody_has_everything(home.scene)


@test
def a_new_identity_of_which_nothing_was_handed_sends_nothing_under_the_old_key(world):
    home = Hurried(world)
    laptop = home.laptop
    home.writes_wait()
    laptop.stop()
    (laptop.vault_folder / "anchor").unlink()

    def no_commit(exchange):
        if exchange.answer is None and exchange.method == "POST" and "/chain/" in exchange.target:
            raise Cut

    world.proxy.rule = no_commit
    laptop.start()
    home.scene.unlocks(laptop)
    laptop.ctl("sync")
    is_another(laptop)
    laptop.stop()
    home.change()
    world.proxy.rule = refuse
    laptop.start()
    home.scene.unlocks(laptop, OLD)
    world.proxy.rule = None
    laptop.sync()
    home.nothing_came_under_the_old_key()
    is_another(laptop)
    everybody_has_everything(home.scene)


@test
def two_changes_while_a_large_value_waits_send_nothing_under_the_key_between(world):
    home = Hurried(world)
    laptop = home.laptop

    def no_chunk_and_no_commit(exchange):
        if exchange.answer is None and exchange.method in ("PUT", "POST") and "/keyring" not in exchange.target and (
                "/blob/" in exchange.target or "/chain/" in exchange.target):
            raise Cut

    world.proxy.rule = no_chunk_and_no_commit
    film = b"film" * 100_000
    laptop.ok("put", "film", input=film)
    home.scene.written(laptop, "behind the film")
    follow = []
    for password in (NEW, "a third one, at last"):
        laptop.stop()
        home.change(password)
        world.proxy.rule = no_chunk_and_no_commit
        laptop.start()
        home.scene.unlocks(laptop, follow[-1] if follow else OLD)
        wait_until(lambda: laptop.status()["vault"]["keyring_version"] == home.version, "the laptop follows")
        follow.append(password)
    world.proxy.rule = None
    laptop.sync()
    home.nothing_came_under_the_old_key()
    is_as_it_was(laptop)
    home.phone.sync()
    assert home.phone.get("film") == film
    assert all(home.phone.get(name) == value for name, value in home.scene.items.items())


# -- 5. An old state, or a new identity, and a change at once

def put_back_after_a_change(scene):
    """The laptop, stopped and put back to before it has written and sent more; and the password has changed elsewhere."""
    laptop = scene.laptop
    copy = backup(laptop)
    laptop.start()
    scene.unlocks(laptop)
    scene.written(laptop, "sent since")
    laptop.sync()
    laptop.stop()
    scene.changes_the_password(scene.phone)
    laptop.goes_back(copy)
    return laptop


@test
def a_backup_put_back_after_a_change_takes_the_new_password_and_sends_everything(world):
    scene = Scene(world)
    laptop = put_back_after_a_change(scene)
    laptop.start()
    laptop.ctl("sync")
    scene.unlocks(laptop, NEW)
    scene.writes(laptop, "after")
    laptop.sync()
    is_another(laptop)
    everybody_has_everything(scene)


@test
def so_does_one_that_was_unlocked_off_line_with_the_old_one_and_has_written(world):
    scene = Scene(world)
    laptop = put_back_after_a_change(scene)
    scene.off_line()
    laptop.start()
    scene.unlocks(laptop, OLD)
    scene.written(laptop, "off-line")
    scene.on_line()
    laptop.ctl("sync")
    scene.unlocks(laptop, NEW)
    laptop.sync()
    is_another(laptop)
    everybody_has_everything(scene, proofs=2)


@test
def a_device_that_becomes_another_while_the_password_changes_follows_and_sends_everything(world):
    scene = Scene(world, proxied=True)
    laptop, phone = scene.laptop, scene.phone
    world.proxy.rule = refuse
    scene.written(laptop, "waits")
    laptop.stop()
    (laptop.vault_folder / "anchor").unlink()
    world.proxy.rule = None
    laptop.start()
    unlocked, changed = at_once(world, lambda: laptop.ctl("unlock", password=OLD),
                                lambda: phone.ctl("passwd", password=f"{OLD}\n{NEW}"))
    if changed.code:
        phone.ok("sync")
        phone.ok("passwd", password=f"{OLD}\n{NEW}")
    scene.password = world.password = NEW
    phone.sync()
    laptop.ctl("sync")
    scene.unlocks(laptop, NEW)
    laptop.sync()
    is_another(laptop)
    everybody_has_everything(scene)


@test
def two_devices_that_become_others_at_once_while_the_password_changes_follow_and_send_everything(world):
    scene = Scene(world, proxied=True)
    laptop, phone = scene.laptop, scene.phone
    tablet = scene.joins("tablet")
    world.proxy.rule = refuse
    for device in (laptop, phone):
        scene.written(device, f"waits on the {device.name}")
        device.stop()
        (device.vault_folder / "anchor").unlink()
        device.start()
        scene.unlocks(device, OLD)
    world.proxy.rule = None
    tablet.ok("passwd", password=f"{OLD}\n{NEW}")
    scene.password = world.password = NEW
    for device in (laptop, phone):
        device.ctl("sync")
        scene.unlocks(device, NEW)
    for device in (laptop, phone, laptop, phone):
        device.sync()
    is_another(laptop)
    is_another(phone)
    everybody_has_everything(scene)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A sheet of paper opens the vault: when every device is lost and the password forgotten, and when the devices are there
and follow. It works once. Whoever has an old sheet, the old password, or a sheet typed wrong, gets nothing."""

import json
import os
import re
import subprocess

import near  # noqa: F401
from harness import READER, main, test
from programs import Said
from vaultformat.recovery import code_text
from terminal import at_terminal, last_group
from waiting import wait_until

CLAIMS = "C01"

FRESH = "a new password, for the old one is forgotten"
CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){8}")
KILLS = ["join.journaled", "join.before-send", "join.answered", "enrol.before-commit", "enrol.committed"]
KILLS_HERE = ["change.journaled", "change.before-send", "change.answered", "verify.before-commit", "verify.committed"]


def print_sheet(device, password=None):
    return json.loads(device.ok("recovery", "create", "--json", "--yes", password=password or device.world.password))


def use(device, sheet, *options, fresh=FRESH, place=True, **more):
    """vaultctl recovery use, from a file: the code and the new password."""
    where = ["--server", device.world.url, "--account", device.world.account] if place else []
    words = ["recovery", "use", *where, "--device-name", device.name, *options]
    return device.ctl(*words, password=f"{sheet['code']}\n{fresh}", **more)


def used(device, sheet, *options, **more):
    said = use(device, sheet, "--expect", sheet["state_code"], "--json", *options, **more)
    assert said.code == 0, said
    return said.json


def refused(device, code, sheet, *options, **more):
    said = use(device, sheet, *options, **more)
    assert said.code == code and said.out == b"", said
    return said.err.decode()


def household(world):
    """A laptop with values and a sheet, all of it on the server."""
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("notes/plan", b"the plan")
    sheet = print_sheet(laptop)
    laptop.put("notes/later", b"written after the sheet was printed")
    laptop.sync()
    return laptop, sheet


@test
def every_device_is_lost_the_password_forgotten_and_a_sheet_brings_all_back(world):
    laptop, sheet = household(world)
    assert CODE.fullmatch(sheet["code"]) and sheet["account"] == world.account and sheet["server"] == world.url, sheet
    laptop.stop()
    phone = world.device("phone")
    result = used(phone, sheet)
    assert result["device"]["name"] == "phone"
    assert phone.values() == {"notes/plan": b"the plan", "notes/later": b"written after the sheet was printed"}
    phone.put("notes/new", b"from the phone")
    phone.sync()
    assert phone.status()["sync"]["pending"] == 0
    phone.restart()
    phone.fails(6, "unlock", password=world.password)
    phone.ok("unlock", password=FRESH)
    new = result["sheet"]
    assert new["code"] != sheet["code"] and new["replaced"] and new["state_code"] != sheet["state_code"]

    tablet = world.device("tablet")
    tablet.fails(6, *tablet.enrolment("join"), password=world.password)
    tablet.ok(*tablet.enrolment("join"), "--expect", new["state_code"], password=FRESH)
    assert tablet.values() == phone.values()
    again = world.device("again")
    refused(again, 6, sheet)
    assert again.status()["vault"]["state"] == "absent"
    used(again, new, fresh="and once more a new one")
    assert again.values() == phone.values()


@test
def the_phone_that_is_there_forgets_the_password_and_the_laptop_follows_without_it(world):
    laptop, sheet = household(world)
    phone = world.device("phone")
    phone.join()
    laptop.sync()
    phone.put("notes/phone", b"the phone's")
    identity = phone.status()["device"]["id"]
    phone.restart()
    result = used(phone, sheet, place=False)
    assert result["device"]["id"] == identity, "it goes on as the device that it was"
    status = phone.status()
    assert status["vault"]["state"] == "unlocked" and status["identity"]["state"] == "sound", status
    phone.sync()
    assert phone.get("notes/phone") == b"the phone's" and phone.get("notes/plan") == b"the plan"

    laptop.sync()  # unlocked all the time: it follows by its slot
    laptop.put("notes/laptop", b"after the change")
    laptop.sync()
    phone.sync()
    assert phone.get("notes/laptop") == b"after the change"
    laptop.restart()
    laptop.fails(6, "unlock", password=world.password)
    laptop.ok("unlock", password=FRESH)
    assert laptop.status()["vault"]["recovery"] is not None
    refused(laptop, 6, sheet, fresh="not the one that is set", place=False)


@test
def a_sheet_that_is_printed_again_ends_the_one_before(world):
    laptop, first = household(world)
    assert not first["replaced"] and laptop.status()["vault"]["recovery"] is not None
    second = print_sheet(laptop)
    assert second["replaced"] and second["code"] != first["code"]
    assert laptop.status()["vault"]["generation"] == 2, "else the old sheet and an old copy would open what comes"
    laptop.sync()
    laptop.stop()
    phone = world.device("phone")
    refused(phone, 6, first)
    used(phone, second)
    assert phone.status()["vault"]["generation"] == 3


@test
def a_sheet_opens_the_vault_that_is_here_without_the_server_and_an_ended_one_leaves_it_locked(world):
    laptop, first = household(world)
    world.server.stop()
    laptop.restart()
    said = refused(laptop, 10, first, place=False)
    assert "server" in said, said
    assert laptop.status()["vault"]["state"] == "unlocked" and laptop.get("notes/plan") == b"the plan"
    world.server.start()
    laptop.restart()
    laptop.ok("unlock", password=world.password)
    second = print_sheet(laptop)
    laptop.restart()
    refused(laptop, 6, first, place=False)
    assert laptop.status()["vault"]["state"] == "locked"
    used(laptop, second, place=False)


@test
def an_export_is_read_with_the_sheet_alone(world):
    laptop, _ = household(world)
    paper = laptop.ok("recovery", "create", "--text", "--yes", password=world.password).decode()
    laptop.sync()
    export = world.folder / "export"
    laptop.ok("export", "--sealed", str(export), "--without-large")
    said = dict(re.findall(r"^(account|server|code|state code) +(.*)$", paper, re.MULTILINE))
    digits = said["state code"].replace(" ", "")
    line = f"vaultd-recovery:1:{said['code'].replace('-', '')}:{digits}:{said['account']}:{said['server']}"

    def read(option, text):
        argv = ["/usr/bin/python3", READER, export, "--allow-test-suite", "--get", "notes/later", option, "-"]
        return subprocess.run(argv, input=text.encode(), capture_output=True, check=False)

    for option, text in (("--sheet", paper), ("--sheet", line), ("--code", said["code"])):
        done = read(option, text)
        assert (done.returncode, done.stdout) == (0, laptop.get("notes/later")), (option, done)
    assert read("--code", code_that_fits()).returncode == 1
    assert read("--sheet", line.replace(digits, digits[::-1])).returncode == 1, "another vault would pass for this one"


@test
def a_sheet_outlives_changes_of_the_password_and_new_devices(world):
    laptop, sheet = household(world)
    laptop.ok("passwd", password=f"{world.password}\nthe second one")
    phone = world.device("phone")
    phone.join(password="the second one")
    phone.put("notes/phone", b"of the phone")
    phone.sync()
    for device in (laptop, phone):
        device.stop()
    tablet = world.device("tablet")
    used(tablet, sheet)
    assert tablet.get("notes/phone") == b"of the phone"


@test(proves="C03")
def a_server_without_a_sheet_says_no_more_than_one_without_the_account(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    assert laptop.status()["vault"]["recovery"] is None
    elsewhere = world.device("elsewhere")
    sheet = {"code": "0000-0000-0000-0000-0000-0000-0000-0000-" + "0000"}
    text = refused(elsewhere, 6, sheet)
    assert "group" in text or "typed wrong" in text, text
    sheet["code"] = code_that_fits()
    there = refused(elsewhere, 6, sheet)
    world.account = "nobody"
    not_there = refused(elsewhere, 6, sheet)
    assert there == not_there and "refused" in there, (there, not_there)
    assert elsewhere.status()["vault"]["state"] == "absent"


def code_that_fits():
    """A code that is well formed, and nobody's."""
    return code_text(os.urandom(20))


@test
def a_code_typed_wrong_is_found_before_anything_is_asked_of_the_server(world):
    laptop, sheet = household(world)
    world.server.stop()
    code = sheet["code"]
    wrong = dict(sheet, code=code[:11] + ("7" if code[11] != "7" else "8") + code[12:])
    assert "group 3" in refused(laptop, 6, wrong, place=False)
    short = dict(sheet, code=code[:-1])
    assert "nine groups" in refused(laptop, 2, short, place=False)
    phone = world.device("phone")
    assert "group 3" in refused(phone, 6, wrong)
    assert "--server" in refused(phone, 2, sheet, place=False)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "i")
    world.server.start()
    used(phone, dict(sheet, code=typed))


@test
def the_line_of_the_qr_code_says_all_that_the_sheet_does(world):
    laptop, sheet = household(world)
    assert sheet["line"].startswith("vaultd-recovery:1:") and world.account in sheet["line"], sheet["line"]
    laptop.stop()
    phone = world.device("phone")
    said = use(phone, {"code": sheet["line"]}, "--json", place=False)
    assert said.code == 0, said
    assert phone.get("notes/plan") == b"the plan"
    other = world.device("other")
    digits = sheet["state_code"].replace(" ", "")
    forged = said.json["sheet"]["line"].replace(said.json["sheet"]["state_code"].replace(" ", ""), digits[::-1])
    assert "code" in refused(other, 11, {"code": forged}, place=False)
    assert other.status()["vault"]["state"] == "absent"


@test
def a_state_code_that_the_vault_does_not_have_stops_it_before_anything_is_changed(world):
    laptop, sheet = household(world)
    version = laptop.status()["vault"]["keyring_version"]
    other = str((int(sheet["state_code"][0]) + 1) % 10) + sheet["state_code"][1:]
    refused(laptop, 11, sheet, "--expect", other, place=False)
    phone = world.device("phone")
    refused(phone, 11, sheet, "--expect", other)
    laptop.sync()
    assert laptop.status()["vault"]["keyring_version"] == version
    used(phone, sheet)


@test
def nothing_is_lost_when_recovery_is_cut_at_any_step(world):
    """Until the server has the version the sheet opens the vault; from then on the new password does."""
    for step in KILLS:
        laptop, sheet = household_of(world, step)
        laptop.stop()
        phone = world.device(f"phone-{step}")
        phone.stop()
        phone.launch(VAULT_FAULT=f"{step}:1")
        wait_until(phone.is_up, "the daemon is up")
        said = use(phone, sheet)
        wait_until(lambda: not phone.running, f"it dies at {step}")
        assert said.code != 0 and phone.process.returncode == -9, (step, said)
        phone.start()
        again = use(phone, sheet, "--json")
        assert again.code == 0, (step, again)
        sheet = again.json["sheet"]
        phone.sync()
        assert phone.get("notes/plan") == b"the plan", step
        heir = world.device(f"heir-{step}")
        used(heir, sheet, fresh="the last one")
        assert heir.values() == phone.values(), step
        phone.stop()
        heir.stop()


def household_of(world, name):
    """Each in an account of its own, on one server."""
    if world.server is None:
        world.start_server()
    world.account = "of-" + name.replace(".", "-")
    laptop = world.device(f"laptop-{name}")
    laptop.create()
    laptop.put("notes/plan", b"the plan")
    sheet = print_sheet(laptop)
    laptop.sync()
    return laptop, sheet


@test
def nothing_is_lost_when_a_device_that_is_there_is_cut_while_it_recovers(world):
    for step in KILLS_HERE:
        laptop, sheet = household_of(world, step)
        laptop.stop()
        laptop.launch(VAULT_FAULT=f"{step}:1")
        wait_until(laptop.is_up, "the daemon is up")
        use(laptop, sheet, place=False)
        wait_until(lambda: not laptop.running, f"it dies at {step}")
        assert laptop.process.returncode == -9, step
        laptop.start()
        again = use(laptop, sheet, "--json", place=False)  # whether the version had been kept or not
        assert again.code == 0, (step, again)
        new = again.json["sheet"]
        laptop.sync()
        assert laptop.get("notes/plan") == b"the plan", step
        laptop.ok("lock")
        laptop.ok("unlock", password=FRESH)
        heir = world.device(f"heir-{step}")
        used(heir, new, fresh="the last one")
        assert heir.get("notes/plan") == b"the plan", step
        laptop.stop()
        heir.stop()


@test
def another_new_password_is_refused_while_an_earlier_try_may_have_set_one(world):
    laptop, sheet = household(world)
    laptop.stop()
    phone = world.device("phone", start=False)
    phone.launch(VAULT_FAULT="join.before-send:1")
    wait_until(phone.is_up, "the daemon is up")
    use(phone, sheet)
    wait_until(lambda: not phone.running, "it dies")
    phone.start()
    assert "new password" in refused(phone, 8, sheet, fresh="another one than before")
    used(phone, sheet)


@test
def a_person_at_a_terminal_gets_a_frame_and_a_qr_code_that_fit(world):
    world.start_server()
    laptop = world.device("laptop")
    laptop.create()
    asked = [("Password: ", world.password), ("on your sheet: ", last_group)]
    wide = at_terminal(laptop, "recovery", "create", typed=asked)
    text = wide.out.decode()
    assert wide.code == 0 and "┌" in text and "▀" in text and "\x1b[" in text, text
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line.rstrip("\r"))) <= 80 for line in text.split("\n")), text
    bare = at_terminal(laptop, "recovery", "create", typed=asked, env={"NO_COLOR": "1"}).out.decode()
    assert "▀" in bare and "\x1b[" not in bare.replace("\x1b[K", ""), bare
    narrow = at_terminal(laptop, "recovery", "create", typed=asked, columns=40).out.decode()
    assert "▀" not in narrow and "columns" in narrow and CODE.search(narrow), narrow
    plain = at_terminal(laptop, "recovery", "create", "--text", typed=asked).out.decode()
    assert "▀" not in plain and "┌" not in plain and CODE.search(plain), plain
    piped = laptop.ok("recovery", "create", "--yes", password=world.password).decode()
    assert "▀" not in piped and "┌" not in piped and CODE.search(piped) and world.account in piped, piped


@test
def a_person_types_the_sheet_and_a_slip_is_typed_again(world):
    laptop, sheet = household(world)
    laptop.restart()
    code = sheet["code"]
    slip = code[:-1] + ("7" if code[-1] != "7" else "8")
    said = at_terminal(laptop, "recovery", "use", typed=[
        ("QR code: ", slip), ("QR code: ", code), ("go on without\\): ", sheet["state_code"]), ("New password: ", FRESH),
        ("New password again: ", FRESH), ("on your sheet: ", last_group)])
    text = said.out.decode()
    assert said.code == 0 and "group 9" in text and FRESH not in text, text
    laptop.restart()
    laptop.ok("unlock", password=FRESH)


if __name__ == "__main__":
    main()

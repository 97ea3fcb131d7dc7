#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A laptop is left on a train. From the phone it is revoked: it reads what it had and nothing of what comes, it writes
nothing any more, and whoever has it cannot tell the others anything."""

import signal

import near  # noqa: F401
from harness import main, test
from waiting import wait_until

CLAIMS = "6"

NEW = "a password that the laptop never knew"


def both(world, new=NEW):
    return {"password": f"{world.password}\n{new}\n"}


def device_id(device):
    return device.status()["device"]["id"]


def status_of(device, name):
    return next(d["status"] for d in device.status()["devices"] if d["name"] == name)


def household(world):
    """A laptop that is about to be lost, a phone, and a tablet that is off."""
    server = world.start_server()
    laptop, phone = world.pair()
    tablet = world.device("tablet")
    tablet.join()
    laptop.put("bank", b"1234")
    laptop.put("bank", b"5678")
    laptop.ok("rm", "bank")
    laptop.put("diary", b"monday")
    for device in (laptop, phone, tablet):
        device.sync()
    return server, laptop, phone, tablet


@test
def the_lost_laptop_is_revoked_and_the_others_go_on(world):
    _, laptop, phone, tablet = household(world)
    tablet.stop()
    said = phone.ok("device", "revoke", "laptop", **both(world)).decode()
    assert "laptop" in said and "1 item in 4 versions" in said, said
    assert status_of(phone, "laptop") == "revoked"
    phone.put("after", b"the laptop must not read this")
    phone.sync()

    laptop.put("from/the/train", b"whoever has it writes this")
    laptop.fails((5, 6), "sync")
    laptop.ok("unlock", password=world.password)
    laptop.fails(6, "sync")
    assert laptop.get("diary") == b"monday", "what it had stays readable on it"
    assert "after" not in laptop.names()
    status = laptop.status()
    assert status["device"]["refused"] and status["identity"]["former"] == [], status
    assert b"The server refuses this device" in laptop.ok("status")

    tablet.start()
    tablet.ok("unlock", password=world.password)
    tablet.sync()
    assert tablet.get("after") == b"the laptop must not read this"
    assert status_of(tablet, "laptop") == "revoked"
    tablet.ok("lock")
    tablet.fails(6, "unlock", password=world.password)
    tablet.ok("unlock", password=NEW)
    phone.sync()
    assert "from/the/train" not in phone.names()

    again = world.device("again")
    again.fails(6, *again.enrolment("join"), password=world.password)
    again.join(password=NEW)
    assert again.values() == phone.values() == {"diary": b"monday", "after": b"the laptop must not read this"}


@test(proves="D04")
def the_server_ends_the_laptop_s_sessions_at_once(world):
    _, laptop, phone, _ = household(world)
    laptop.put("sent", b"before")
    laptop.sync()
    phone.ok("device", "revoke", device_id(laptop)[:8], **both(world))
    wait_until(lambda: laptop.status()["sync"]["error"], "the laptop hears that it is refused")
    laptop.put("unsent", b"after")
    laptop.fails((5, 6), "sync")
    assert laptop.status()["sync"]["pending"] > 0
    phone.sync()
    assert phone.get("sent") == b"before" and "unsent" not in phone.names()


def revoked_while_locked(world):
    _, laptop, phone, _ = household(world)
    laptop.ok("lock")
    phone.ok("device", "revoke", "laptop", **both(world))
    laptop.fails((5, 6), "sync")
    return laptop, phone


@test
def a_locked_laptop_that_was_revoked_opens_with_its_old_password_and_says_so(world):
    laptop, phone = revoked_while_locked(world)
    laptop.fails(6, "unlock", password="neither")
    laptop.ok("unlock", password=world.password)
    assert laptop.get("diary") == b"monday"
    laptop.fails(6, "sync")
    laptop.restart()
    laptop.ok("unlock", password=world.password)
    assert laptop.get("diary") == b"monday" and laptop.status()["identity"]["former"] == []


@test
def whoever_has_the_new_password_has_a_revoked_laptop_back_as_another_device(world):
    """As by a join, which that password allows too; but what the laptop has is kept."""
    laptop, phone = revoked_while_locked(world)
    laptop.ok("unlock", password=NEW)
    laptop.sync()
    phone.sync()
    assert len(laptop.status()["identity"]["former"]) == 1 and laptop.get("diary") == b"monday"


@test
def a_commit_that_arrives_in_the_last_moment_is_not_cut(world):
    """What the server has acknowledged counts, though the phone has not seen it when it begins."""
    server, laptop, phone, _ = household(world)
    phone.process.send_signal(signal.SIGSTOP)
    laptop.put("late", b"acknowledged")
    laptop.sync()
    phone.process.send_signal(signal.SIGCONT)
    phone.ok("device", "revoke", "laptop", **both(world))
    assert phone.get("late") == b"acknowledged"


@test
def a_device_is_revoked_while_the_server_shows_its_past(world):
    server, laptop, phone, tablet = household(world)
    tablet.stop()
    past = server.copied("past")
    laptop.put("seen", b"by the phone")
    laptop.sync()
    phone.sync()
    laptop.stop()
    server.goes_back(past)
    phone.fails(11, "sync")
    phone.fails(11, "passwd", **both(world))
    phone.ok("device", "revoke", "laptop", **both(world))
    assert status_of(phone, "laptop") == "revoked" and phone.status()["trust"]["state"] == "distrusted"
    phone.ok("repair")
    phone.sync()
    again = world.device("again")
    again.join(password=NEW)
    assert again.get("seen") == b"by the phone"


@test(proves="A17")
def what_lies_beyond_the_cut_shows_nowhere_as_soon_as_the_cut_is_known(world):
    """The phone revokes the laptop while its server shows the past, in which the laptop has written what the tablet reads."""
    server, laptop, phone, tablet = household(world)
    tablet.stop()
    laptop.stop()
    past = server.copied("past")
    phone.put("seen", b"by nobody else")
    phone.sync()
    phone.stop()
    server.goes_back(past)
    laptop.start()
    laptop.unlock()
    laptop.put("diary", b"written by the thief")
    laptop.put("beyond", b"the cut")
    laptop.sync()
    tablet.start()
    tablet.unlock()
    tablet.sync()
    assert tablet.get("beyond") == b"the cut"
    laptop.stop()
    phone.start()
    phone.unlock()
    phone.fails(11, "sync")
    phone.ok("device", "revoke", "laptop", password=f"{world.password}\n{NEW}\n")
    phone.ok("repair")
    with tablet.rpc() as rpc:
        rpc.call("item.put", name="of/the/tablet", value="stays")
        tablet.sync()
        now = tablet.values()
        rpc.call("item.put", name="of/the/tablet/too", value="stays")
    assert "beyond" not in now and now["diary"] == b"monday", now
    tablet.sync()
    phone.sync()
    assert tablet.values() == phone.values() and "of/the/tablet/too" in phone.names()
    tablet.restart()
    tablet.ok("unlock", password=NEW)
    assert tablet.values() == phone.values()


@test
def what_is_no_revocation_is_refused(world):
    _, laptop, phone, tablet = household(world)
    lines = both(world)
    assert "cannot revoke itself" in phone.fails(2, "device", "revoke", "phone", **lines)
    phone.fails(7, "device", "revoke", "toaster", **lines)
    phone.fails(7, "device", "revoke", device_id(laptop)[:3], **lines)
    phone.fails(6, "device", "revoke", "laptop", password=f"wrong\n{NEW}\n")
    assert "present" in phone.fails(2, "device", "revoke", "laptop", **both(world, world.password))
    phone.ok("device", "rename", "tablet", "laptop", password=world.password)
    phone.fails(2, "device", "revoke", "laptop", **lines)
    assert phone.status()["vault"]["generation"] == 1
    phone.ok("--json", "device", "revoke", device_id(tablet), **lines)
    again = {"password": f"{NEW}\na third one\n"}
    assert "already" in phone.fails(8, "device", "revoke", device_id(tablet), **again)


@test
def a_device_gets_another_name_everywhere_and_nothing_else_changes(world):
    world.start_server()
    laptop, phone = world.pair()
    phone.ok("device", "rename", "laptop", "the old one", password=world.password)
    laptop.sync()
    assert laptop.status()["device"]["name"] == "the old one"
    assert laptop.status()["vault"]["generation"] == 1 and laptop.status()["device"]["epoch"] == 1
    laptop.put("a", b"1")
    laptop.sync()
    phone.fails(2, "device", "rename", "the old one", "two\nlines", password=world.password)
    phone.fails(6, "device", "rename", "the old one", "b", password="wrong")


@test
def a_release_revokes_a_device(world):
    world.start_server()
    laptop, phone = world.pair("vaultd")
    laptop.put("a", b"1")
    laptop.sync()
    result = phone.ctl("--json", "device", "revoke", "laptop", **both(world)).json
    assert result["device"]["name"] == "laptop" and result["items"] == 1 and result["versions"] == 1, result
    laptop.fails((5, 6), "sync")
    phone.ok("lock")
    phone.fails(6, "unlock", password=world.password)
    phone.ok("unlock", password=NEW)


if __name__ == "__main__":
    main()

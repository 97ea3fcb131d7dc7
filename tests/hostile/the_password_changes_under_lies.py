#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A password is changed, a device revoked, and the server lies about it: each lie, and the same without it."""

import near  # noqa: F401
from scene import NEW as NOBODY_YET
from scene import Home
from harness import main, test
from rpc import Refused

FRESH = "another horse, another battery"


def passwd(device, old=None, new=FRESH):
    return ("passwd",), {"password": f"{old or device.world.password}\n{new}\n"}


def change(device):
    words, lines = passwd(device)
    device.ok(*words, **lines)
    device.world.password = FRESH


def revoke(device, name):
    device.ok("device", "revoke", name, password=f"{device.world.password}\n{FRESH}\n")
    device.world.password = FRESH


def kind_of(asked, method, /, **params):
    """The class of error, or None when it was done."""
    with asked.rpc() as rpc:
        try:
            rpc.call(method, **params)
        except Refused as refused:
            return refused.kind
    return None


def puts_of(home, device, mark):
    return [r for r in home.server.since(mark) if r.method == "PUT" and r.signer == home.ids[device.name]]


def a_change_on(world, home, lie):
    """The phone has news waiting, and is lied to about it as it changes the password."""
    home.server.freeze(world.account, home.ids["phone"])
    home.news()
    lie(home)
    home.server.arm()
    mark = home.server.mark()
    kind = kind_of(home.phone, "vault.change_password", old=world.password, new=FRESH)
    return kind, puts_of(home, home.phone, mark)


@test(proves="D07")
def a_password_is_not_changed_on_a_part_of_what_there_is(world):
    """D07: a server that withholds what others have written; nothing is made or sent, and the honest one is taken."""
    home = Home(world)
    kind, puts = a_change_on(world, home, lambda home: home.server.hide_newest_commits(home.ids["laptop"], 2))
    assert (kind, puts) == ("E_GAP", []), (kind, len(puts))
    assert home.phone.status()["vault"]["change"] == "none" and home.phone.status()["vault"]["generation"] == 1
    assert kind_of(home.phone, "device.revoke", device="mallory", password=world.password, new_password=FRESH) == "E_GAP"
    home.server.honest()
    change(home.phone)
    home.tablet.sync()
    assert home.tablet.values() == home.phone.values() and home.tablet.get("news/laptop/last")


@test(proves="D07")
def the_same_change_is_made_when_all_of_it_is_shown(world):
    """D07 without the lie."""
    home = Home(world)
    kind, puts = a_change_on(world, home, lambda home: home.server.honest())
    assert kind is None and len(puts) == 1, (kind, len(puts))


@test(proves="D04")
def a_revoked_member_who_writes_on_with_the_server_is_not_heard(world):
    """D04: her commits beyond the cut come as hers, signed, under the keyring that she knew; the keyring before is a past."""
    home = Home(world)
    before = len(home.server.bytes_of(world.account)[0])
    home.server.member_puts(world.account, "mallory", "mallory/last", b"she was one of us")
    home.laptop.sync()
    home.server.remember(world.account, "before")
    revoke(home.laptop, "mallory")
    home.phone.sync()
    home.server.member_puts_under(world.account, "mallory", before, "mallory/beyond", b"and is none any more")
    for device in (home.laptop, home.phone, home.tablet):
        device.sync()
        assert device.get("mallory/last") == b"she was one of us" and "mallory/beyond" not in device.names()
        device.put(f"after/{device.name}", b"goes on")
    home.laptop.sync()
    home.server.freeze(world.account, home.ids["phone"])
    home.server.serve_everything_of("before")
    home.server.arm()
    assert kind_of(home.phone, "sync.now") == "E_ROLLBACK"


@test(proves="D04")
def a_member_who_is_none_the_less_is_heard(world):
    """D04 without the revocation: the same commit counts."""
    home = Home(world)
    before = len(home.server.bytes_of(world.account)[0])
    home.server.member_puts_under(world.account, "mallory", before, "mallory/beyond", b"she is one of us")
    home.phone.sync()
    assert home.phone.get("mallory/beyond") == b"she is one of us"


@test(proves="D08")
def the_state_before_a_change_is_a_past_for_who_has_seen_it_and_opens_to_no_new_password(world):
    """D08: who joins with the new password refuses it, and who has only the old one sees the past, and that it is unconfirmed."""
    home = Home(world)
    old = world.password
    home.laptop.sync()
    home.server.remember(world.account, "before")
    change(home.laptop)
    home.laptop.put("after/the-change", b"under the new key")
    home.laptop.sync()
    home.phone.sync()
    novice = world.device("novice")
    home.server.freeze(world.account, home.ids["phone"], NOBODY_YET)
    home.server.serve_everything_of("before")
    home.server.arm()
    novice.fails(6, *novice.enrolment("join"), password=FRESH)
    assert kind_of(home.phone, "sync.now") == "E_ROLLBACK"
    home.server.honest()
    home.phone.sync()
    home.server.return_to(world.account, "before")
    novice.join(password=old)
    assert "after/the-change" not in novice.names() and novice.status()["trust"]["state"] == "unconfirmed"


@test(proves="D09")
def a_device_that_is_shown_the_change_late_loses_nothing_and_then_writes_under_the_new_key(world):
    """D09: what it wrote under the old key meanwhile is read by all."""
    home = Home(world)
    home.phone.sync()
    home.server.freeze(world.account, home.ids["phone"])
    change(home.laptop)
    for number in range(20):
        home.phone.put(f"late/{number}", b"%d" % number)
    kind_of(home.phone, "sync.now")
    home.laptop.sync()
    assert len(home.laptop.names("late/")) == 20
    assert home.phone.status()["vault"]["generation"] == 1
    home.server.honest()
    home.phone.sync()
    epoch = home.phone.status()["device"]["epoch"]
    home.phone.put("late/after", b"new")
    home.phone.sync()
    assert home.phone.status()["vault"]["generation"] == 2 and home.phone.status()["device"]["epoch"] == epoch + 1
    for device in (home.laptop, home.tablet):
        device.sync()
        assert device.values() == home.phone.values()


@test(proves="D06")
def a_server_that_says_it_has_a_change_and_shows_it_to_nobody_changes_no_password(world):
    """D06: the phone is told yes, and then shown the keyring before."""
    home = Home(world)
    home.server.freeze(world.account, home.ids["laptop"], home.ids["tablet"], home.ids["phone"])
    kind = kind_of(home.phone, "vault.change_password", old=world.password, new=FRESH)
    assert kind is None, kind
    assert kind_of(home.phone, "sync.now") == "E_ROLLBACK"
    assert home.phone.status()["trust"]["reason"] == "E_ROLLBACK"
    home.server.honest()
    home.phone.sync()
    assert home.phone.status()["vault"]["change"] == "none" and home.phone.status()["trust"]["state"] != "distrusted"


if __name__ == "__main__":
    main()

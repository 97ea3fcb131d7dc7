#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server shows two devices two histories, keeps them apart, and lets them meet."""

import near  # noqa: F401
from scene import Home
from harness import SOAK, main, test
from rpc import Refused


def refused_as(device, kind):
    with device.rpc() as rpc:
        try:
            rpc.call("sync.now")
        except Refused as refused:
            assert refused.kind == kind, f"{refused.kind}: {refused.message}"
            return
    raise AssertionError(f"{device.name} believed it")


def is_forked(device):
    refused_as(device, "E_FORK")
    trust = device.status()["trust"]
    assert (trust["state"], trust["reason"]) == ("distrusted", "E_FORK"), trust
    device.put(f"still/{device.name}", b"writes go on")
    assert device.get(f"still/{device.name}") == b"writes go on"


@test(proves="3 R09")
def devices_that_were_kept_apart_lose_nothing_when_they_meet(world):
    """R09 (a): while a server keeps two devices apart neither can know; what it then shows is the union."""
    home, writes = Home(world), 100 if SOAK else 15
    apart = [home.laptop, home.phone]
    home.server.freeze(world.account, *(home.ids[d.name] for d in apart))
    for number in range(writes):
        for device in apart:
            device.put(f"apart/{device.name}/{number}", b"%d" % number)
            device.put("apart/both", f"{device.name} {number}".encode())
            device.sync()
    assert not any(name.startswith("apart/laptop") for name in home.phone.names())
    home.server.honest()
    for device in (*apart, *apart, home.tablet):
        device.sync()
    assert home.laptop.values() == home.phone.values() == home.tablet.values()
    assert len(home.tablet.names("apart/")) == 2 * writes + 1
    assert home.tablet.ok("conflicts").count(b"  put  ") == 2, "both of what was written apart are heads"


def the_two_who_saw_her_commits_meet(home):
    home.server.member_signs_two(home.world.account, "mallory", home.ids["phone"])
    home.phone.sync()
    home.laptop.sync()
    home.laptop.put("laptop/has-seen", b"the other branch")
    home.laptop.sync()
    home.server.show_chain(home.ids["phone"], home.ids["laptop"])
    is_forked(home.phone)


@test(proves="R09 3")
def a_member_who_signs_two_commits_for_one_seq_is_found_when_the_two_who_saw_them_meet(world):
    """R09 (b), (d): each has believed one of them; the first commit of the other that names hers tells."""
    home = Home(world)
    the_two_who_saw_her_commits_meet(home)
    assert home.phone.get("mallory/branch") == b"what some are told"
    assert home.laptop.get("mallory/branch") == b"what the others are told"
    home.server.honest()
    is_forked(home.phone)
    home.phone.restart()
    home.phone.unlock()
    is_forked(home.phone)
    for device in (home.phone, home.laptop):
        device.ok("export", "--sealed", str(world.folder / f"{device.name}-branch"), "--without-large")


@test(proves="3 R09")
def a_fork_that_was_shown_is_not_washed_off_by_an_older_state(world):
    """Distrust of a fork ends by a person's repair: not by a state that would be forgiven, shown before the truth."""
    home = Home(world)
    home.server.remember(world.account, "before")
    the_two_who_saw_her_commits_meet(home)
    home.server.show_from([home.ids["phone"]], "before")
    refused_as(home.phone, "E_ROLLBACK")
    trust = home.phone.status()["trust"]
    assert (trust["state"], trust["reason"]) == ("distrusted", "E_FORK"), trust
    home.phone.restart()
    home.phone.unlock()
    trust = home.phone.status()["trust"]
    assert (trust["state"], trust["reason"]) == ("distrusted", "E_FORK"), trust


@test(proves="D10 R09")
def a_keyring_of_which_two_next_versions_were_accepted_is_a_fork_for_everybody(world):
    """D10: the server says yes to both of two devices that join at once."""
    home = Home(world)
    laptop, phone = home.ids["laptop"], home.ids["phone"]
    home.tablet.stop()
    home.server.remember(world.account, "before")
    home.server.freeze(world.account, laptop, phone)
    for name in ("first", "second"):
        device = world.device(name)
        device.join()
        device.sync()
        home.server.remember(world.account, f"with the {name}")
        device.stop()
        home.server.return_to(world.account, "before")
    home.server.show_from([laptop], "with the first")
    home.server.show_from([phone], "with the second")
    for device in (home.laptop, home.phone):
        device.sync()
    assert "first" in {d["name"] for d in home.laptop.status()["devices"]}
    assert "second" in {d["name"] for d in home.phone.status()["devices"]}
    home.server.show_from([laptop], "with the second")
    is_forked(home.laptop)
    home.server.show_from([phone], "with the first")
    is_forked(home.phone)
    for device in (home.laptop, home.phone):
        assert device.get("kept/early") == b"on the first day"


@test(proves="R16")
def in_whatever_order_a_server_delivers_two_writes_the_winner_is_the_same(world):
    """R16: no order, delay or time of a server chooses between writes that did not know of each other."""
    home = Home(world)
    desk = world.device("desk")
    desk.join()
    desk.sync()
    home.ids["desk"] = bytes.fromhex(desk.status()["device"]["id"])
    for device in (home.laptop, home.tablet, home.phone):
        device.sync()
    home.server.freeze(world.account, *(home.ids[name] for name in ("laptop", "tablet", "phone", "desk")))
    for device in (home.laptop, home.tablet):
        for number in range(8):
            device.put(f"both/{number}", device.name.encode())
        device.sync()
    for device, order in ((home.phone, ("laptop", "tablet")), (desk, ("tablet", "laptop"))):
        for whose in order:
            home.server.show_chain(home.ids[device.name], home.ids[whose])
            device.sync()
            assert device.get("both/0") in (b"laptop", b"tablet")
    home.server.honest()
    for device in (home.laptop, home.tablet):
        device.sync()
    everyone = [home.laptop, home.tablet, home.phone, desk]
    for number in range(8):
        shown = []
        for device in everyone:
            with device.rpc() as rpc:
                item = rpc.call("item.get", name=f"both/{number}")
                shown.append((item["version"], sorted(item["heads"])))
        assert len(shown[0][1]) == 2 and all(one == shown[0] for one in shown), shown


if __name__ == "__main__":
    main()

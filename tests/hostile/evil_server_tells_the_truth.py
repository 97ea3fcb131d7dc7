#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""EvilServer while it does not lie is a server like ours: else what it shows about lies would mean little."""

import subprocess

import near  # noqa: F401
from scene import Home

from evil import PYTHON, EvilServer
from harness import READER, main, test
from history import History, No, unpage
from vaultformat.cursor import u64, var32
from vaultformat.primitives import sha256
from writer import Writer


def read_by_the_reader(device, world):
    """What the independent reader says of the device's export."""
    folder, password = world.folder / f"export-{device.name}", world.folder / "password"
    device.ok("export", "--sealed", str(folder), "--without-large")
    password.write_text(world.password)
    done = subprocess.run([PYTHON, READER, folder, "--password-file", password, "--allow-test-suite", "--check-only"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@test(proves="8")
def a_household_syncs_through_it_and_a_member_in_python_is_one_of_them(world):
    home = Home(world)
    home.news()
    home.phone.sync()
    home.tablet.sync()
    assert home.phone.values() == home.tablet.values() and home.phone.get("news/mallory") == b"mallory's news"
    assert "5 chains" in read_by_the_reader(home.phone, world)
    home.everything_sent_is_of_the_protocol()


@test
def it_refuses_what_our_server_refuses(world):
    server = EvilServer(world)
    laptop = world.device("laptop")
    laptop.create()
    other = world.device("other")
    other.fails(8, *other.enrolment("create"), password="another password")
    other.fails(6, *other.enrolment("join"), password="another password")
    stranger = [*other.enrolment("join")]
    stranger[stranger.index(world.account)] = "nobody"
    other.fails(6, *stranger, password=world.password)
    other.join()
    answered = [request for request in server.since(0) if request.status]  # a long poll may wait
    assert all(request.status in (200, 401, 404, 409) for request in answered)


@test(proves="D10")
def two_that_join_at_once_both_get_in(world):
    EvilServer(world)
    laptop = world.device("laptop")
    laptop.create()
    laptop.put("a", b"1")
    laptop.sync()
    late = [world.device(f"late{number}") for number in range(3)]
    calls = [device.rpc() for device in late]
    for device, rpc in zip(late, calls):
        rpc.send("vault.join", {"server": world.url, "account": world.account, "password": world.password,
                                "device_name": device.name})
    for rpc in calls:
        rpc.result(rpc.receive())
    for device in late:
        device.sync()
        assert device.get("a") == b"1"
    laptop.sync()
    assert len(laptop.status()["devices"]) == 4


@test
def a_member_in_python_jumps_and_all_follow(world):
    home = Home(world)
    home.news()
    home.phone.sync()
    home.server.member_jumps(world.account, "mallory")
    home.server.member_puts(world.account, "mallory", "news/above", b"above a jump")
    for device in (home.phone, home.tablet):
        device.sync()
        assert device.get("news/above") == b"above a jump"
        assert "5 chains" in read_by_the_reader(device, world)
    home.server.member_jumps(world.account, "mallory")
    home.phone.sync()
    late = world.device("late")
    late.join()
    assert late.get("news/above") == b"above a jump"


def refused(history, device, raw):
    """The answer to an append that is not taken."""
    try:
        history.append(device, [raw])
    except No as no:
        return no.kind, no.body
    raise AssertionError("it was taken")


@test
def it_takes_a_jump_that_goes_on_where_its_chain_ends_and_nothing_of_what_that_passes_over(world):
    vault, history = Writer(), History()
    for value in (b"2", b"3", b"4"):
        vault.put("a", "n", value)
    vault.jump("a", 2)
    vault.put("a", "n", b"6")
    device, chain = vault.devices["a"].id, vault.devices["a"].chain
    history.rings = [ring.raw for ring in vault.rings]
    for end in (1, 3):
        history.chains = {device: chain[:end]}
        assert refused(history, device, chain[4]) == ("E_GAP", u64(end) + sha256(chain[end - 1])), end
    history.chains = {device: chain[:2]}
    history.append(device, [chain[4], chain[5]])
    assert history.head(device) == (6, sha256(chain[5]))
    history.append(device, [chain[0], chain[4]])  # the same bytes again
    for void in (chain[2], chain[3]):
        assert refused(history, device, void) == ("E_CONFLICT", u64(5) + var32(chain[4]))
    for first, there in ((2, [chain[1], chain[4], chain[5]]), (3, chain[4:]), (5, chain[4:]), (6, chain[5:]), (7, [])):
        assert unpage(history.chain_page(device, first)) == there, first


@test
def it_takes_a_jump_as_the_first_commit_of_a_chain(world):
    vault, history = Writer(), History()
    vault.put("a", "n", b"2")
    vault.jump("a", 0)
    vault.jump("a", 0, after_hash=bytes(32))
    device, chain = vault.devices["a"].id, vault.devices["a"].chain
    history.rings = [ring.raw for ring in vault.rings]
    assert refused(history, device, chain[3])[0] == "E_GAP"
    history.append(device, [chain[2]])
    assert history.head(device) == (3, sha256(chain[2]))


if __name__ == "__main__":
    main()
